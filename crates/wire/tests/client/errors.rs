//! Refused calls: kind, fault, retry.

use std::time::Duration;

use trilemma_domain::{Dialect, Failure, FailureKind, Retry};
use trilemma_wire::client::decode_error;

use crate::support::{Head, blame};

/// 2026-11-18 11:06:40 UTC.
const NOW_MS: i64 = 1_795_000_000_000;

fn decode(dialect: Dialect, status: u16, head: &[(&str, &str)], body: &str) -> Failure {
    decode_error(dialect, status, &Head(head), body.as_bytes(), NOW_MS)
}

fn secs(n: u64) -> Retry {
    Retry::After(Duration::from_secs(n))
}

#[test]
fn the_status_decides() {
    use FailureKind::{Auth, BadRequest, NotFound, Overloaded, RateLimited, ServerError};
    for (status, kind, source, retry) in [
        (400, BadRequest, "caller", Retry::No),
        (401, Auth, "caller", Retry::No),
        (402, RateLimited, "caller", Retry::No),
        (403, Auth, "caller", Retry::No),
        (404, NotFound, "caller", Retry::No),
        (408, BadRequest, "vendor", Retry::Backoff),
        (409, BadRequest, "vendor", Retry::Backoff),
        (413, BadRequest, "caller", Retry::No),
        (422, BadRequest, "caller", Retry::No),
        (429, RateLimited, "vendor", Retry::Backoff),
        (500, ServerError, "vendor", Retry::Backoff),
        (502, ServerError, "vendor", Retry::Backoff),
        (503, Overloaded, "vendor", Retry::Backoff),
        (504, ServerError, "vendor", Retry::Backoff),
        (529, Overloaded, "vendor", Retry::Backoff),
        (302, BadRequest, "caller", Retry::No),
    ] {
        for dialect in Dialect::ALL {
            for body in ["", "<html>nginx</html>", "{}", "null"] {
                let failure = decode(dialect, status, &[], body);
                let found = (failure.kind, blame(failure.source), failure.retry);
                assert_eq!(found, (kind, source, retry), "{status} {body}");
                assert_eq!(failure.status, Some(status));
                assert!(!failure.message.is_empty());
            }
        }
    }
}

#[test]
fn retry_after_comes_in_three_forms() {
    for (head, expected) in [
        (&[("retry-after", "7")][..], secs(7)),
        (
            &[("Retry-After", "0.5")][..],
            Retry::After(Duration::from_millis(500)),
        ),
        (
            &[("retry-after", "Wed, 18 Nov 2026 11:07:00 GMT")][..],
            secs(20),
        ),
        (
            &[("retry-after", "Wed, 18 Nov 2020 11:07:00 GMT")][..],
            secs(0),
        ),
        (
            &[("retry-after-ms", "1500"), ("retry-after", "9")][..],
            Retry::After(Duration::from_millis(1_500)),
        ),
        (
            &[("retry-after-ms", "x"), ("retry-after", "9")][..],
            secs(9),
        ),
        (&[("retry-after", "soon")][..], Retry::Backoff),
        (&[("retry-after", "-3")][..], Retry::Backoff),
        (&[("retry-after", "1e300")][..], secs(30 * 86_400)),
    ] {
        for status in [429, 500, 503, 529] {
            assert_eq!(
                decode(Dialect::OpenAi, status, head, "").retry,
                expected,
                "{head:?}"
            );
        }
        assert_eq!(decode(Dialect::OpenAi, 400, head, "").retry, Retry::No);
    }
}

#[test]
fn x_should_retry_overrules_the_status() {
    let no = &[("x-should-retry", "false"), ("retry-after", "3")];
    assert_eq!(decode(Dialect::OpenAi, 500, no, "").retry, Retry::No);
    assert_eq!(decode(Dialect::Anthropic, 529, no, "").retry, Retry::No);
    let yes = &[("x-should-retry", "true")];
    assert_eq!(decode(Dialect::OpenAi, 400, yes, "").retry, Retry::Backoff);
    let later = &[("x-should-retry", "true"), ("retry-after", "3")];
    assert_eq!(decode(Dialect::OpenAi, 404, later, "").retry, secs(3));
}

#[test]
fn gemini_says_the_delay_in_the_body_even_inside_a_list() {
    let body = r#"{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"PerMinute"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"46s"}]}}"#;
    for body in [body.to_owned(), format!("[{body}\n]")] {
        let failure = decode(Dialect::Gemini, 429, &[], &body);
        assert_eq!(
            (failure.kind, failure.retry),
            (FailureKind::RateLimited, secs(46))
        );
        assert_eq!(
            failure.message,
            "RESOURCE_EXHAUSTED: You exceeded your current quota"
        );
    }
}

#[test]
fn money_is_not_a_matter_of_waiting() {
    let body = r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#;
    let failure = decode(Dialect::OpenAi, 429, &[("retry-after", "5")], body);
    assert_eq!(
        (failure.kind, blame(failure.source), failure.retry),
        (FailureKind::RateLimited, "caller", Retry::No)
    );
}

#[test]
fn what_never_fits_is_a_bad_request_under_any_status() {
    let context = r#"{"error":{"message":"maximum context length is 8192 tokens","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;
    let minute = r#"{"error":{"message":"Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Requested 41000.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#;
    for (status, body) in [(400, context), (500, context), (429, minute)] {
        let failure = decode(Dialect::OpenAi, status, &[], body);
        assert_eq!(
            (failure.kind, failure.retry),
            (FailureKind::BadRequest, Retry::No),
            "{body}"
        );
    }
}

#[test]
fn gemini_refuses_keys_with_400() {
    let body = r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}"#;
    let failure = decode(Dialect::Gemini, 400, &[], body);
    assert_eq!(
        (failure.kind, failure.retry),
        (FailureKind::Auth, Retry::No)
    );
}

#[test]
fn overload_under_another_status_is_overload() {
    let body = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#;
    for status in [500, 529] {
        let failure = decode(Dialect::Anthropic, status, &[], body);
        assert_eq!(
            (failure.kind, failure.retry),
            (FailureKind::Overloaded, Retry::Backoff)
        );
    }
}

#[test]
fn repeated_keys_are_blanked() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-proj-abc123DEF456ghi. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","code":"invalid_api_key"}}"#;
    let failure = decode(Dialect::OpenAi, 401, &[], body);
    assert!(
        failure
            .message
            .contains("Incorrect API key provided: [redacted]"),
        "{failure:?}"
    );
    assert!(
        failure.message.contains("platform.openai.com"),
        "{failure:?}"
    );
    assert!(!failure.message.contains("abc123"));
}

#[test]
fn messages_are_bounded_and_on_one_line() {
    let page = format!(
        "<html>\n\t<title>502</title>\0{}</html>",
        "x".repeat(100_000)
    );
    let failure = decode(Dialect::OpenAi, 502, &[], &page);
    assert!(
        failure.message.starts_with("<html> <title>502</title> x"),
        "{failure:?}"
    );
    assert!(failure.message.chars().count() <= Failure::MAX_MESSAGE_CHARS);
    let long = format!(r#"{{"error":{{"message":"{}"}}}}"#, "ü".repeat(10_000));
    let failure = decode(Dialect::OpenAi, 500, &[], &long);
    assert_eq!(failure.message.chars().count(), Failure::MAX_MESSAGE_CHARS);
    let redirect = decode(Dialect::OpenAi, 301, &[], "");
    assert!(redirect.message.contains("base_url"), "{redirect:?}");
}
