//! Token counts of Responses.
//!
//! In: a `usage` object as JSON text. Out: [`Usage`]. Cached and written tokens lie inside
//! `input_tokens`, reasoning inside `output_tokens` (openai types `response_usage`).

use serde::Deserialize;
use trilemma_domain::{Usage, UsageSource};

use crate::client::lenient::Count;

#[derive(Debug, Default, Deserialize)]
struct WireUsage {
    #[serde(default)]
    input_tokens: Count,
    #[serde(default)]
    output_tokens: Count,
    #[serde(default)]
    input_tokens_details: Option<InputDetails>,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
struct InputDetails {
    #[serde(default)]
    cached_tokens: Count,
    #[serde(default)]
    cache_write_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    reasoning_tokens: Count,
}

/// Reads token counts; `None` = they do not say how many tokens went in and came out.
pub(crate) fn normalise(json: &str) -> Option<Usage> {
    if !json.trim_start().starts_with('{') {
        return None;
    }
    let wire: WireUsage = serde_json::from_str(json).ok()?;
    let input = wire.input_tokens.0?;
    let details = wire.input_tokens_details.unwrap_or_default();
    let read = details.cached_tokens.0.map(|read| read.min(input));
    let left = input - read.unwrap_or(0);
    let written = details
        .cache_write_tokens
        .0
        .map(|written| written.min(left));
    Some(Usage {
        input_uncached: left - written.unwrap_or(0),
        cache_read: read,
        cache_write_5m: written,
        output: wire.output_tokens.0?,
        reasoning: wire
            .output_tokens_details
            .and_then(|details| details.reasoning_tokens.0),
        source: UsageSource::Reported,
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_and_reasoning_tokens_lie_inside() {
        let usage = normalise(
            r#"{"input_tokens":1500,"input_tokens_details":{"cached_tokens":1024,"cache_write_tokens":256},
                "output_tokens":300,"output_tokens_details":{"reasoning_tokens":120},"total_tokens":1800}"#,
        )
        .unwrap();
        assert_eq!((usage.input_uncached, usage.input_total()), (220, 1500));
        assert_eq!(
            (usage.cache_read, usage.cache_write_5m),
            (Some(1024), Some(256))
        );
        assert_eq!((usage.output, usage.reasoning), (300, Some(120)));
    }

    #[test]
    fn odd_counts_never_become_zero_or_negative() {
        assert_eq!(normalise(r#"{"input_tokens":5}"#), None);
        assert_eq!(normalise(r#"{"output_tokens":5}"#), None);
        assert_eq!(normalise(r#"{"input_tokens":-1,"output_tokens":5}"#), None);
        assert_eq!(normalise("[]"), None);
        let usage = normalise(
            r#"{"input_tokens":10,"output_tokens":1,"input_tokens_details":{"cached_tokens":90,"cache_write_tokens":9}}"#,
        )
        .unwrap();
        assert_eq!(
            (usage.input_uncached, usage.cache_read, usage.cache_write_5m),
            (0, Some(10), Some(0))
        );
    }
}
