//! How much memory an answer holds that waits for somebody.

use trilemma_domain::ChatResponse;

/// About how many bytes an answer holds.
pub(crate) fn n_bytes(response: &ChatResponse) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let calls = response.tool_calls.iter();
    let calls: usize = calls
        .map(|call| call.name.len() + call.arguments.to_string().len())
        .sum();
    let raw = response.raw_usage.as_ref();
    response.text.len()
        + text(&response.reasoning)
        + text(&response.refusal)
        + calls
        + raw.map_or(0, |raw| raw.to_string().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::ToolCall;

    #[test]
    fn everything_that_can_be_long_counts() {
        let long = "x".repeat(1_000);
        let answer = ChatResponse {
            text: long.clone(),
            reasoning: Some(long.clone()),
            tool_calls: vec![ToolCall {
                id: String::new(),
                name: "f".to_owned(),
                arguments: serde_json::json!({ "a": long }),
            }],
            ..ChatResponse::default()
        };
        let n = n_bytes(&answer);
        assert!((3_000..3_100).contains(&n), "{n}");
    }
}
