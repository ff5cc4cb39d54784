//! Token counts of chat completions, OpenAI's and its imitators'.
//!
//! In: a `usage` object as JSON text. Out: [`Usage`]. Cached and written tokens lie inside
//! `prompt_tokens`, reasoning inside `completion_tokens` (openai types `completion_usage`).
//! Exceptions read here: DeepSeek's `prompt_cache_hit_tokens`, Moonshot's `cached_tokens`, and
//! xAI, whose `completion_tokens` leave reasoning out while `total_tokens` include it. Searches that
//! are billed by piece: Perplexity's `num_search_queries`, xAI's `num_sources_used`.

use serde::Deserialize;
use trilemma_domain::{Usage, UsageSource};

use crate::client::lenient::{Count, some};

#[derive(Debug, Default, Deserialize)]
struct WireUsage {
    #[serde(default)]
    prompt_tokens: Count,
    #[serde(default)]
    completion_tokens: Count,
    #[serde(default)]
    total_tokens: Count,
    #[serde(default)]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(default)]
    completion_tokens_details: Option<CompletionDetails>,
    #[serde(default)]
    prompt_cache_hit_tokens: Count,
    #[serde(default)]
    cached_tokens: Count,
    #[serde(default)]
    num_search_queries: Count,
    #[serde(default)]
    num_sources_used: Count,
}

#[derive(Debug, Default, Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Count,
    #[serde(default)]
    cache_write_tokens: Count,
    #[serde(default)]
    audio_tokens: Count,
    #[serde(default)]
    image_tokens: Count,
    #[serde(default)]
    cached_tokens_details: Option<CachedDetails>,
}

/// Realtime models say which of the cached tokens were sound or pictures.
#[derive(Debug, Default, Deserialize)]
struct CachedDetails {
    #[serde(default)]
    audio_tokens: Count,
    #[serde(default)]
    image_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
struct CompletionDetails {
    #[serde(default)]
    reasoning_tokens: Count,
    #[serde(default)]
    audio_tokens: Count,
    #[serde(default)]
    image_tokens: Count,
}

/// Normalises a `usage` object; `None` = it does not say both input and output.
pub(crate) fn normalise(json: &str) -> Option<Usage> {
    let wire: WireUsage = serde_json::from_str(json).ok()?;
    let prompt = wire.prompt_tokens.0?;
    let completion = match (wire.completion_tokens.0, wire.total_tokens.0) {
        (Some(completion), _) => completion,
        (None, Some(total)) => total.checked_sub(prompt)?,
        (None, None) => return None,
    };
    let prompt_details = wire.prompt_tokens_details.unwrap_or_default();
    let cache_read = prompt_details
        .cached_tokens
        .0
        .or(wire.prompt_cache_hit_tokens.0)
        .or(wire.cached_tokens.0)
        .map(|n| n.min(prompt));
    let uncached = prompt.saturating_sub(cache_read.unwrap_or(0));
    let cache_write = prompt_details.cache_write_tokens.0.map(|n| n.min(uncached));
    let completion_details = wire.completion_tokens_details.unwrap_or_default();
    let reasoning = completion_details.reasoning_tokens.0;
    let cached = prompt_details.cached_tokens_details.unwrap_or_default();
    let output =
        completion.saturating_add(outside(prompt, completion, reasoning, wire.total_tokens.0));
    Some(Usage {
        input_uncached: uncached.saturating_sub(cache_write.unwrap_or(0)),
        cache_read,
        cache_write_5m: cache_write,
        cache_write_1h: None,
        output,
        reasoning,
        audio_input: without(prompt_details.audio_tokens, cached.audio_tokens),
        image_input: without(prompt_details.image_tokens, cached.image_tokens),
        audio_output: some(completion_details.audio_tokens.0),
        image_output: some(completion_details.image_tokens.0),
        web_searches: some(wire.num_search_queries.0.or(wire.num_sources_used.0)),
        // It stands beside usage.
        tier: None,
        place: None,
        source: UsageSource::Reported,
    })
}

/// A part without what of it came from the cache.
fn without(all: Count, cached: Count) -> Option<u64> {
    some(Some(all.0?.saturating_sub(cached.0.unwrap_or(0))))
}

/// Reasoning tokens that `completion_tokens` leave out: all of them when only then the vendor's
/// own total is right, else none.
fn outside(prompt: u64, completion: u64, reasoning: Option<u64>, total: Option<u64>) -> u64 {
    let reasoning = reasoning.unwrap_or(0);
    let sum = prompt
        .checked_add(completion)
        .and_then(|sum| sum.checked_add(reasoning));
    if sum.is_some() && sum == total {
        reasoning
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: (u64, Option<u64>, Option<u64>, u64, Option<u64>)) {
        let usage = normalise(json).unwrap();
        let found = (
            usage.input_uncached,
            usage.cache_read,
            usage.cache_write_5m,
            usage.output,
            usage.reasoning,
        );
        assert_eq!(found, expected, "{json}");
    }

    #[test]
    fn cached_and_reasoning_tokens_lie_inside() {
        check(
            r#"{"prompt_tokens":1500,"completion_tokens":300,"total_tokens":1800,
                "prompt_tokens_details":{"cached_tokens":1024,"cache_write_tokens":256,"audio_tokens":0},
                "completion_tokens_details":{"reasoning_tokens":120}}"#,
            (220, Some(1024), Some(256), 300, Some(120)),
        );
        check(
            r#"{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}"#,
            (9, None, None, 12, None),
        );
    }

    #[test]
    fn deepseek_and_moonshot_name_cache_hits_their_own_way() {
        check(
            r#"{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,
                "prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}"#,
            (36, Some(64), None, 5, None),
        );
        check(
            r#"{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"cached_tokens":60}"#,
            (40, Some(60), None, 5, None),
        );
    }

    /// Figures of a public xAI answer (github.com/Wei-Shaw/sub2api issue 5771), whose bill of
    /// 232,856,000 ticks of 1e-10 USD only fits with reasoning added.
    #[test]
    fn xai_reasoning_lies_outside_completion() {
        check(
            r#"{"prompt_tokens":10120,"completion_tokens":1499,"total_tokens":14428,
                "prompt_tokens_details":{"cached_tokens":128},
                "completion_tokens_details":{"reasoning_tokens":2809}}"#,
            (9992, Some(128), None, 4308, Some(2809)),
        );
    }

    #[test]
    fn sound_pictures_and_searches_are_parts_or_pieces() {
        let usage = normalise(
            r#"{"prompt_tokens":1200,"completion_tokens":400,"total_tokens":1600,
                "prompt_tokens_details":{"cached_tokens":200,"audio_tokens":900,"image_tokens":50,
                    "cached_tokens_details":{"audio_tokens":150,"text_tokens":50}},
                "completion_tokens_details":{"audio_tokens":300,"reasoning_tokens":0},
                "num_search_queries":2}"#,
        )
        .unwrap();
        assert_eq!((usage.input_uncached, usage.output), (1000, 400));
        assert_eq!(
            (usage.audio_input, usage.image_input),
            (Some(750), Some(50))
        );
        assert_eq!((usage.audio_output, usage.image_output), (Some(300), None));
        assert_eq!(usage.web_searches, Some(2));
        let silent = normalise(
            r#"{"prompt_tokens":9,"completion_tokens":3,"num_sources_used":0,
                "prompt_tokens_details":{"audio_tokens":0},"completion_tokens_details":{"audio_tokens":0}}"#,
        )
        .unwrap();
        assert_eq!(
            (silent.audio_input, silent.audio_output, silent.web_searches),
            (None, None, None)
        );
    }

    #[test]
    fn odd_counts_never_become_zero_or_negative() {
        assert_eq!(normalise(r#"{"prompt_tokens":5}"#), None);
        assert_eq!(normalise(r#"{"completion_tokens":5}"#), None);
        assert_eq!(
            normalise(r#"{"prompt_tokens":-1,"completion_tokens":5}"#),
            None
        );
        assert_eq!(normalise("[]"), None);
        check(
            r#"{"prompt_tokens":7,"total_tokens":12}"#,
            (7, None, None, 5, None),
        );
        check(
            r#"{"prompt_tokens":10,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":90,"cache_write_tokens":9}}"#,
            (0, Some(10), Some(0), 1, None),
        );
        check(
            r#"{"prompt_tokens":18446744073709551615,"completion_tokens":18446744073709551615,"total_tokens":1}"#,
            (u64::MAX, None, None, u64::MAX, None),
        );
    }
}
