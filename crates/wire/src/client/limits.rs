//! Rate limits as response heads report them.
//!
//! In: headers and wall time. Out: what is left of each limit and when it is full again.
//! OpenAI's names `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` are also those of
//! Azure, Groq, Together and others; Anthropic has its own with RFC 3339 moments; Gemini sends
//! none that we know of. Waiting is decided elsewhere.

use std::time::Duration;

use trilemma_domain::Dialect;

use super::headers::Headers;
use super::reset::reset;

/// One limit; `None` = not reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// Most units within the vendor's window (mostly a minute).
    pub limit: Option<u64>,
    /// Units left now. Anthropic rounds to thousands.
    pub remaining: Option<u64>,
    /// Time until the limit is full again; zero when that moment is past; at most 30 days.
    pub reset: Option<Duration>,
}

/// All limits that a response head reports; `None` = the vendor reports nothing of this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests.
    pub requests: Option<Window>,
    /// Tokens of both directions.
    pub tokens: Option<Window>,
    /// Input tokens.
    pub input_tokens: Option<Window>,
    /// Output tokens.
    pub output_tokens: Option<Window>,
}

type Names = [&'static str; 3];

const OPENAI_REQUESTS: Names = [
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
];
const OPENAI_TOKENS: Names = [
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
];
const ANTHROPIC_REQUESTS: Names = [
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset",
];
const ANTHROPIC_TOKENS: Names = [
    "anthropic-ratelimit-tokens-limit",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-tokens-reset",
];
const ANTHROPIC_INPUT: Names = [
    "anthropic-ratelimit-input-tokens-limit",
    "anthropic-ratelimit-input-tokens-remaining",
    "anthropic-ratelimit-input-tokens-reset",
];
const ANTHROPIC_OUTPUT: Names = [
    "anthropic-ratelimit-output-tokens-limit",
    "anthropic-ratelimit-output-tokens-remaining",
    "anthropic-ratelimit-output-tokens-reset",
];

/// Reads the limits that a response head reports.
///
/// `now_unix_ms` is the wall time, for moments. On Azure, -1 and 0 stand for "unknown" and are
/// read as not reported.
#[must_use]
pub fn rate_limits(dialect: Dialect, headers: &dyn Headers, now_unix_ms: i64) -> RateLimits {
    let read = |names: &Names| window(dialect, headers, names, now_unix_ms);
    match dialect {
        Dialect::OpenAi | Dialect::Azure | Dialect::Gemini | Dialect::Responses => RateLimits {
            requests: read(&OPENAI_REQUESTS),
            tokens: read(&OPENAI_TOKENS),
            input_tokens: None,
            output_tokens: None,
        },
        Dialect::Anthropic => RateLimits {
            requests: read(&ANTHROPIC_REQUESTS),
            tokens: read(&ANTHROPIC_TOKENS),
            input_tokens: read(&ANTHROPIC_INPUT),
            output_tokens: read(&ANTHROPIC_OUTPUT),
        },
    }
}

fn window(
    dialect: Dialect,
    headers: &dyn Headers,
    [limit, remaining, reset_at]: &Names,
    now_unix_ms: i64,
) -> Option<Window> {
    let count = |name: &str| {
        let number: u64 = headers.get(name)?.trim().parse().ok()?;
        (number > 0 || dialect != Dialect::Azure).then_some(number)
    };
    let window = Window {
        limit: count(limit),
        remaining: count(remaining),
        reset: headers
            .get(reset_at)
            .and_then(|text| reset(text, now_unix_ms)),
    };
    (window != Window::default()).then_some(window)
}
