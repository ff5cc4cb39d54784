//! How much memory an answer holds that waits for somebody.

use serde_json::Value;
use trilemma_domain::{ChatResponse, FinishReason, TokenPlace};

/// About how many bytes an answer holds; nothing is written to find out.
pub(crate) fn n_bytes(response: &ChatResponse) -> usize {
    let ChatResponse {
        text,
        reasoning,
        refusal,
        tool_calls,
        finish,
        served_model,
        system_fingerprint,
        response_id,
        usage: _,
        raw_usage,
        first_tokens,
    } = response;
    let calls = tool_calls.iter();
    let calls: usize = calls
        .map(|call| call.id.len() + call.name.len() + of_json(&call.arguments))
        .sum();
    let finish = match finish {
        Some(FinishReason::Other(word)) => word.len(),
        Some(
            FinishReason::Stop
            | FinishReason::Length
            | FinishReason::ToolCalls
            | FinishReason::ContentFilter
            | FinishReason::Refusal,
        )
        | None => 0,
    };
    let texts = [
        reasoning,
        refusal,
        served_model,
        system_fingerprint,
        response_id,
    ];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let places: usize = first_tokens.iter().map(of_place).sum();
    text.len() + texts + calls + finish + raw_usage.as_ref().map_or(0, of_json) + places
}

fn of_place(place: &TokenPlace) -> usize {
    let all = std::iter::once(&place.taken).chain(&place.likely);
    all.map(|one| size_of_val(one) + one.token.len()).sum()
}

/// About how many bytes a value of JSON holds.
fn of_json(value: &Value) -> usize {
    let within: usize = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(members) => members.iter().map(of_json).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| size_of_val(name) + name.len() + of_json(member))
            .sum(),
    };
    size_of_val(value) + within
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::{LikelyToken, ToolCall};

    #[test]
    fn everything_that_can_be_long_counts() {
        let long = "x".repeat(1_000);
        let token = LikelyToken {
            token: long.clone(),
            logprob: -1.0,
        };
        let answer = ChatResponse {
            text: long.clone(),
            reasoning: Some(long.clone()),
            refusal: Some(long.clone()),
            tool_calls: vec![ToolCall {
                id: long.clone(),
                name: long.clone(),
                arguments: serde_json::json!({ &long: [long, 1] }),
            }],
            finish: Some(FinishReason::Other(long.clone())),
            served_model: Some(long.clone()),
            system_fingerprint: Some(long.clone()),
            response_id: Some(long.clone()),
            usage: None,
            raw_usage: Some(serde_json::json!({ "note": long })),
            first_tokens: vec![TokenPlace {
                taken: token.clone(),
                likely: vec![token],
            }],
        };
        let n = n_bytes(&answer);
        assert!((14_000..15_000).contains(&n), "{n}");
        assert_eq!(n_bytes(&ChatResponse::default()), 0);
    }

    #[test]
    fn many_small_members_count() {
        let many = serde_json::json!({ "a": vec![0; 1_000] });
        assert!(of_json(&many) >= 1_000 * size_of::<Value>());
    }
}
