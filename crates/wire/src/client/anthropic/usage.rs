//! Token counts of Anthropic Messages.
//!
//! In: a `usage` object as JSON text. Out: [`Usage`]. `input_tokens` leaves out what was read
//! from and written to the cache (anthropic types `usage`); `cache_creation` splits writes by
//! lifetime; thinking lies inside `output_tokens`.

use serde::Deserialize;
use serde_json::{Map, Value};
use trilemma_domain::{Place, ServiceTier, Usage, UsageSource};

use crate::client::lenient::{Count, Word, some};

#[derive(Debug, Default, Deserialize)]
struct WireUsage<'a> {
    #[serde(default)]
    input_tokens: Count,
    #[serde(default)]
    output_tokens: Count,
    #[serde(default)]
    cache_read_input_tokens: Count,
    #[serde(default)]
    cache_creation_input_tokens: Count,
    #[serde(default)]
    cache_creation: Option<CacheCreation>,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
    #[serde(default)]
    server_tool_use: Option<ServerTools>,
    #[serde(default, borrow)]
    service_tier: Word<'a>,
    #[serde(default, borrow)]
    speed: Word<'a>,
    #[serde(default, borrow)]
    inference_geo: Word<'a>,
}

/// What the vendor's own tools did; fetches are free and not counted.
#[derive(Debug, Default, Deserialize)]
struct ServerTools {
    #[serde(default)]
    web_search_requests: Count,
}

#[derive(Debug, Default, Deserialize)]
struct CacheCreation {
    #[serde(default)]
    ephemeral_5m_input_tokens: Count,
    #[serde(default)]
    ephemeral_1h_input_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    thinking_tokens: Count,
}

/// Normalises a `usage` object; `None` = it does not say both input and output.
pub(crate) fn normalise(json: &str) -> Option<Usage> {
    let wire: WireUsage<'_> = serde_json::from_str(json).ok()?;
    let split = wire.cache_creation.unwrap_or_default();
    let cache_write_1h = split.ephemeral_1h_input_tokens.0;
    // Whatever the split does not cover counts as the default lifetime.
    let rest = wire
        .cache_creation_input_tokens
        .0
        .map(|total| total.saturating_sub(cache_write_1h.unwrap_or(0)));
    let cache_write_5m = match (rest, split.ephemeral_5m_input_tokens.0) {
        (Some(rest), Some(said)) => Some(rest.max(said)),
        (rest, said) => rest.or(said),
    };
    Some(Usage {
        input_uncached: wire.input_tokens.0?,
        cache_read: wire.cache_read_input_tokens.0,
        cache_write_5m,
        cache_write_1h,
        output: wire.output_tokens.0?,
        reasoning: wire
            .output_tokens_details
            .and_then(|details| details.thinking_tokens.0),
        web_searches: some(
            wire.server_tool_use
                .and_then(|tools| tools.web_search_requests.0),
        ),
        tier: tier(wire.service_tier.text(), wire.speed.text()),
        place: wire.inference_geo.text().and_then(Place::of_word),
        source: UsageSource::Reported,
        ..Usage::default()
    })
}

/// The class of service. `priority` is capacity bought beforehand, which no list prices; a fast mode has
/// a price of its own.
fn tier(service: Option<&str>, speed: Option<&str>) -> Option<ServiceTier> {
    match (service.and_then(ServiceTier::of_word), speed) {
        (Some(ServiceTier::Priority), _) => Some(ServiceTier::Other),
        (_, Some("fast")) => Some(ServiceTier::Priority),
        (tier, _) => tier,
    }
}

/// Puts a later, cumulative report over an earlier one; what the later leaves out or null stays.
/// `None` = one of them is no object.
pub(crate) fn overlay(earlier: &str, later: &str) -> Option<String> {
    let mut merged: Map<String, Value> = serde_json::from_str(earlier).ok()?;
    let later: Map<String, Value> = serde_json::from_str(later).ok()?;
    merged.extend(later.into_iter().filter(|(_, value)| !value.is_null()));
    serde_json::to_string(&merged).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: (u64, Option<u64>, Option<u64>, Option<u64>, u64)) {
        let usage = normalise(json).unwrap();
        let found = (
            usage.input_uncached,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
            usage.output,
        );
        assert_eq!(found, expected, "{json}");
    }

    #[test]
    fn the_place_of_an_answer_is_what_it_states() {
        let place = |word: &str| {
            let json = format!(r#"{{"input_tokens":1,"output_tokens":1,"inference_geo":{word}}}"#);
            normalise(&json).unwrap().place
        };
        assert_eq!(place(r#""us""#), Some(Place::Us));
        assert_eq!(place(r#""global""#), Some(Place::Anywhere));
        assert_eq!(place(r#""eu""#), Some(Place::Other));
        // Older models have no choice.
        assert_eq!(place(r#""not_available""#), None);
        assert_eq!(place("null"), None);
        // A stream states it at its begin, and its last report leaves it out.
        let begin = r#"{"input_tokens":1,"output_tokens":1,"inference_geo":"us"}"#;
        let merged = overlay(begin, r#"{"output_tokens":7}"#).unwrap();
        assert_eq!(normalise(&merged).unwrap().place, Some(Place::Us));
    }

    #[test]
    fn cached_tokens_are_not_part_of_input() {
        let json = r#"{"input_tokens":21,"cache_read_input_tokens":188086,
            "cache_creation_input_tokens":500,"output_tokens":393,
            "cache_creation":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":200},
            "output_tokens_details":{"thinking_tokens":100},"service_tier":"standard"}"#;
        check(json, (21, Some(188_086), Some(300), Some(200), 393));
        let usage = normalise(json).unwrap();
        assert_eq!(usage.input_total(), 188_607);
        assert_eq!((usage.reasoning, usage.output_visible()), (Some(100), 293));
    }

    #[test]
    fn the_class_of_service_is_read() {
        let tier = |more: &str| {
            normalise(&format!(r#"{{"input_tokens":5,"output_tokens":1{more}}}"#))
                .unwrap()
                .tier
        };
        assert_eq!(tier(""), None);
        assert_eq!(tier(r#","service_tier":null"#), None);
        assert_eq!(
            tier(r#","service_tier":"standard""#),
            Some(ServiceTier::Standard)
        );
        assert_eq!(tier(r#","service_tier":"batch""#), Some(ServiceTier::Batch));
        assert_eq!(
            tier(r#","service_tier":"priority""#),
            Some(ServiceTier::Other)
        );
        let fast = r#","service_tier":"standard","speed":"fast""#;
        assert_eq!(tier(fast), Some(ServiceTier::Priority));
    }

    #[test]
    fn searches_are_counted_beside_the_tokens() {
        let usage = |tools: &str| {
            normalise(&format!(
                r#"{{"input_tokens":5,"output_tokens":1,"server_tool_use":{tools}}}"#
            ))
            .unwrap()
        };
        let searched = usage(r#"{"web_search_requests":3,"web_fetch_requests":1}"#);
        assert_eq!(searched.web_searches, Some(3));
        assert_eq!(usage(r#"{"web_search_requests":0}"#).web_searches, None);
        assert_eq!(usage("null").web_searches, None);
    }

    #[test]
    fn the_split_of_writes_may_be_missing() {
        check(
            r#"{"input_tokens":5,"cache_creation_input_tokens":7,"output_tokens":1}"#,
            (5, None, Some(7), None, 1),
        );
        check(
            r#"{"input_tokens":5,"output_tokens":1}"#,
            (5, None, None, None, 1),
        );
        assert_eq!(normalise(r#"{"output_tokens":1}"#), None);
        assert_eq!(normalise(r#"{"input_tokens":1}"#), None);
    }

    #[test]
    fn later_reports_win_but_do_not_erase() {
        let merged = overlay(
            r#"{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":1}"#,
            r#"{"output_tokens":80,"cache_read_input_tokens":null}"#,
        );
        check(&merged.unwrap(), (9, Some(4), None, None, 80));
        assert_eq!(overlay("[]", "{}"), None);
    }
}
