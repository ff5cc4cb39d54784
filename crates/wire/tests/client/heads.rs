//! Response heads: request ids and rate limits.

use std::time::Duration;

use trilemma_domain::Dialect;
use trilemma_wire::client::{RateLimits, Window, rate_limits, request_id};

use crate::support::Head;

/// 2026-11-18 11:06:40 UTC.
const NOW_MS: i64 = 1_795_000_000_000;

fn window(limit: u64, remaining: u64, reset_ms: u64) -> Option<Window> {
    Some(Window {
        limit: Some(limit),
        remaining: Some(remaining),
        reset: Some(Duration::from_millis(reset_ms)),
    })
}

#[test]
fn request_ids_have_four_names() {
    let id = |dialect, head: &[(&str, &str)]| request_id(dialect, &Head(head));
    assert_eq!(
        id(Dialect::OpenAi, &[("X-Request-Id", "req_1")]).as_deref(),
        Some("req_1")
    );
    assert_eq!(
        id(Dialect::Anthropic, &[("request-id", " req_2 ")]).as_deref(),
        Some("req_2")
    );
    let azure = &[("x-request-id", "a"), ("apim-request-id", "b")];
    assert_eq!(id(Dialect::Azure, azure).as_deref(), Some("b"));
    assert_eq!(id(Dialect::Gemini, &[]), None);
    assert_eq!(id(Dialect::OpenAi, &[("x-request-id", "")]), None);
    assert_eq!(
        id(Dialect::OpenAi, &[("x-request-id", &"x".repeat(201))]),
        None
    );
}

#[test]
fn openai_limits_have_durations() {
    let head = Head(&[
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-remaining-requests", "9999"),
        ("x-ratelimit-reset-requests", "6m0s"),
        ("x-ratelimit-limit-tokens", "200000"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "12ms"),
    ]);
    let expected = RateLimits {
        requests: window(10_000, 9_999, 360_000),
        tokens: window(200_000, 0, 12),
        input_tokens: None,
        output_tokens: None,
    };
    assert_eq!(rate_limits(Dialect::OpenAi, &head, NOW_MS), expected);
}

#[test]
fn azure_writes_unknown_as_minus_one_or_zero() {
    let head = Head(&[
        ("x-ratelimit-limit-requests", "-1"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-limit-tokens", "0"),
        ("x-ratelimit-remaining-tokens", "119000"),
        ("x-ratelimit-reset-tokens", "3"),
    ]);
    let limits = rate_limits(Dialect::Azure, &head, NOW_MS);
    let tokens = Window {
        limit: None,
        remaining: Some(119_000),
        reset: Some(Duration::from_secs(3)),
    };
    assert_eq!((limits.requests, limits.tokens), (None, Some(tokens)));
}

#[test]
fn anthropic_limits_have_moments() {
    let head = Head(&[
        ("anthropic-ratelimit-requests-limit", "50"),
        ("anthropic-ratelimit-requests-remaining", "49"),
        ("anthropic-ratelimit-requests-reset", "2026-11-18T11:06:42Z"),
        ("anthropic-ratelimit-tokens-limit", "38000"),
        ("anthropic-ratelimit-tokens-remaining", "37000"),
        ("anthropic-ratelimit-tokens-reset", "2026-11-18T11:06:40Z"),
        ("anthropic-ratelimit-input-tokens-limit", "30000"),
        ("anthropic-ratelimit-input-tokens-remaining", "29000"),
        (
            "anthropic-ratelimit-input-tokens-reset",
            "2026-11-18T11:07:40.5Z",
        ),
        ("anthropic-ratelimit-output-tokens-limit", "8000"),
        ("anthropic-ratelimit-output-tokens-remaining", "8000"),
        (
            "anthropic-ratelimit-output-tokens-reset",
            "2026-11-18T11:06:39Z",
        ),
    ]);
    let expected = RateLimits {
        requests: window(50, 49, 2_000),
        tokens: window(38_000, 37_000, 0),
        input_tokens: window(30_000, 29_000, 60_500),
        output_tokens: window(8_000, 8_000, 0),
    };
    assert_eq!(rate_limits(Dialect::Anthropic, &head, NOW_MS), expected);
}

#[test]
fn absent_and_unreadable_limits_are_unknown() {
    let odd = Head(&[
        ("x-ratelimit-limit-requests", "many"),
        ("x-ratelimit-reset-requests", "soon"),
    ]);
    for dialect in Dialect::ALL {
        assert_eq!(rate_limits(dialect, &odd, NOW_MS), RateLimits::default());
        assert_eq!(
            rate_limits(dialect, &Head(&[]), NOW_MS),
            RateLimits::default()
        );
    }
}
