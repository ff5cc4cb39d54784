//! Token counts of Gemini.
//!
//! In: `usageMetadata` as JSON text. Out: [`Usage`]. `cachedContentTokenCount` lies inside
//! `promptTokenCount`; `toolUsePromptTokenCount` is input besides; `thoughtsTokenCount` lies
//! outside `candidatesTokenCount` and bills as output (google-genai types
//! `GenerateContentResponseUsageMetadata`). The vendor's JSON leaves zeros out, so that an absent
//! output count beside a prompt count is zero.

use serde::Deserialize;
use serde_json::Value;
use trilemma_domain::{ServiceTier, Usage, UsageSource};

use crate::client::lenient::{Count, some};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUsage {
    #[serde(default)]
    prompt_token_count: Count,
    #[serde(default)]
    cached_content_token_count: Count,
    #[serde(default)]
    tool_use_prompt_token_count: Count,
    #[serde(default)]
    candidates_token_count: Count,
    #[serde(default)]
    thoughts_token_count: Count,
    #[serde(default)]
    prompt_tokens_details: Value,
    #[serde(default)]
    cache_tokens_details: Value,
    #[serde(default)]
    tool_use_prompt_tokens_details: Value,
    #[serde(default)]
    candidates_tokens_details: Value,
    #[serde(default)]
    service_tier: Value,
}

/// Tokens of one modality in a list of them; anything that is no such list has none.
fn of(details: &Value, modality: &str) -> u64 {
    details
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["modality"].as_str() == Some(modality))
        .filter_map(|entry| entry["tokenCount"].as_u64())
        .fold(0, u64::saturating_add)
}

/// Normalises `usageMetadata`; `None` = it does not say the input.
pub(crate) fn normalise(json: &str) -> Option<Usage> {
    let wire: WireUsage = serde_json::from_str(json).ok()?;
    let prompt = wire.prompt_token_count.0?;
    let cache_read = wire.cached_content_token_count.0.map(|n| n.min(prompt));
    let tool_use = wire.tool_use_prompt_token_count.0.unwrap_or(0);
    let reasoning = wire.thoughts_token_count.0;
    let candidates = wire.candidates_token_count.0.unwrap_or(0);
    let fresh = |modality: &str| {
        let tool_use = of(&wire.tool_use_prompt_tokens_details, modality);
        let read = of(&wire.cache_tokens_details, modality);
        let all = of(&wire.prompt_tokens_details, modality).saturating_add(tool_use);
        some(Some(all.saturating_sub(read)))
    };
    let made = |modality: &str| some(Some(of(&wire.candidates_tokens_details, modality)));
    Some(Usage {
        input_uncached: prompt
            .saturating_sub(cache_read.unwrap_or(0))
            .saturating_add(tool_use),
        cache_read,
        cache_write_5m: None,
        cache_write_1h: None,
        output: candidates.saturating_add(reasoning.unwrap_or(0)),
        reasoning,
        audio_input: fresh("AUDIO"),
        image_input: fresh("IMAGE"),
        audio_output: made("AUDIO"),
        image_output: made("IMAGE"),
        // Usage does not say; `chunk` counts the queries of the grounding metadata.
        web_searches: None,
        tier: wire.service_tier.as_str().and_then(ServiceTier::of_word),
        place: None,
        source: UsageSource::Reported,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_added_to_output_and_cached_tokens_taken_from_input() {
        let usage = normalise(
            r#"{"promptTokenCount":1000,"cachedContentTokenCount":600,"candidatesTokenCount":50,
                "thoughtsTokenCount":70,"toolUsePromptTokenCount":30,"totalTokenCount":1150}"#,
        )
        .unwrap();
        assert_eq!((usage.input_uncached, usage.cache_read), (430, Some(600)));
        assert_eq!((usage.output, usage.reasoning), (120, Some(70)));
        assert_eq!(usage.input_total() + usage.output, 1150);
    }

    #[test]
    fn sound_and_pictures_are_told_apart_and_cached_sound_is_cached() {
        let usage = normalise(
            r#"{"promptTokenCount":1000,"cachedContentTokenCount":300,"candidatesTokenCount":1340,
                "totalTokenCount":2340,
                "promptTokensDetails":[{"modality":"TEXT","tokenCount":100},
                    {"modality":"AUDIO","tokenCount":900}],
                "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":300}],
                "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1290},
                    {"modality":"TEXT","tokenCount":50}]}"#,
        )
        .unwrap();
        assert_eq!((usage.input_uncached, usage.audio_input), (700, Some(600)));
        assert_eq!((usage.image_output, usage.audio_output), (Some(1290), None));
        let odd = r#"{"promptTokenCount":8,"promptTokensDetails":"AUDIO",
            "candidatesTokensDetails":[7,{"modality":"IMAGE","tokenCount":-1},null]}"#;
        let usage = normalise(odd).unwrap();
        assert_eq!((usage.audio_input, usage.image_output), (None, None));
    }

    #[test]
    fn a_blocked_prompt_has_no_output() {
        let usage = normalise(r#"{"promptTokenCount":8,"totalTokenCount":8}"#).unwrap();
        assert_eq!((usage.input_uncached, usage.output), (8, 0));
        assert_eq!(normalise(r#"{"candidatesTokenCount":8}"#), None);
    }
}
