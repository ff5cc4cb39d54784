//! Response headers of each dialect: request id, rate limits, retry delay, kind of usage.
//!
//! In: figures. Out: header names and values. Gemini has no rate-limit headers and puts its retry
//! delay into the error body, which [`super::encode_error`] does.

use std::time::Duration;

use trilemma_domain::Dialect;

use super::text::rfc3339;

/// Response header that says who counted the usage in the body. Not a vendor's: simulators set it
/// to [`USAGE_ESTIMATED`] where token counts are not those of the model's own tokenizer.
pub const USAGE_HEADER: &str = "x-trilemma-usage";

/// Value of [`USAGE_HEADER`] for counts by a tokenizer that need not be the model's own.
pub const USAGE_ESTIMATED: &str = "estimated";

/// State of one rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Allowed per minute.
    pub limit: u64,
    /// Left now.
    pub remaining: u64,
    /// Until it is full again.
    pub reset: Duration,
}

/// State of the rate limits of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateState {
    /// Requests per minute.
    pub requests: Option<Bucket>,
    /// Tokens per minute.
    pub tokens: Option<Bucket>,
}

/// Name of the header that carries the vendor's id of a request; Gemini documents none, so there
/// it is the one that proxies set.
#[must_use]
pub fn request_id_header(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAi | Dialect::Gemini | Dialect::Responses => "x-request-id",
        Dialect::Azure => "apim-request-id",
        Dialect::Anthropic => "request-id",
    }
}

/// Headers that tell the state of rate limits; `now_unix_s` dates Anthropic's reset times.
#[must_use]
pub fn rate_headers(
    dialect: Dialect,
    state: &RateState,
    now_unix_s: i64,
) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let mut push = |names: [&'static str; 3], bucket: Option<Bucket>, rfc: bool| {
        let Some(bucket) = bucket else { return };
        let [limit, remaining, reset] = names;
        out.push((limit, bucket.limit.to_string()));
        out.push((remaining, bucket.remaining.to_string()));
        let text = if rfc {
            let seconds = i64::try_from(ceil_seconds(bucket.reset)).unwrap_or(i64::MAX);
            rfc3339(now_unix_s.saturating_add(seconds))
        } else {
            openai_duration(bucket.reset)
        };
        out.push((reset, text));
    };
    match dialect {
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => {
            push(OPENAI_REQUESTS, state.requests, false);
            push(OPENAI_TOKENS, state.tokens, false);
        }
        Dialect::Anthropic => {
            push(ANTHROPIC_REQUESTS, state.requests, true);
            push(ANTHROPIC_TOKENS, state.tokens, true);
        }
        Dialect::Gemini => {}
    }
    out
}

const OPENAI_REQUESTS: [&str; 3] = [
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
];
const OPENAI_TOKENS: [&str; 3] = [
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
];
const ANTHROPIC_REQUESTS: [&str; 3] = [
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset",
];
const ANTHROPIC_TOKENS: [&str; 3] = [
    "anthropic-ratelimit-tokens-limit",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-tokens-reset",
];

/// Headers that ask the client to wait: `retry-after` in whole seconds, rounded up, and, where
/// whole seconds do not say it exactly, OpenAI's `retry-after-ms`. Empty for Gemini, which says it
/// in the body.
#[must_use]
pub fn retry_after_headers(dialect: Dialect, wait: Duration) -> Vec<(&'static str, String)> {
    match dialect {
        Dialect::Gemini => Vec::new(),
        Dialect::Anthropic => vec![("retry-after", ceil_seconds(wait).to_string())],
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => {
            let mut out = vec![("retry-after", ceil_seconds(wait).to_string())];
            if wait.subsec_nanos() != 0 {
                out.push(("retry-after-ms", wait.as_millis().to_string()));
            }
            out
        }
    }
}

fn ceil_seconds(wait: Duration) -> u64 {
    wait.as_secs()
        .saturating_add(u64::from(wait.subsec_nanos() > 0))
}

/// A duration as OpenAI writes it: `6m0s`, `1.5s`, `12ms`.
fn openai_duration(wait: Duration) -> String {
    let (seconds, ms) = (wait.as_secs(), wait.subsec_millis());
    let fraction = match ms {
        0 => String::new(),
        ms => format!(".{ms:03}").trim_end_matches('0').to_owned(),
    };
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => format!("{ms}ms"),
        (0, 0, s) => format!("{s}{fraction}s"),
        (0, m, s) => format!("{m}m{s}{fraction}s"),
        (h, m, s) => format!("{h}h{m}m{s}{fraction}s"),
    }
}
