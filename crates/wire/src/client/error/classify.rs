//! From status, headers and body to a [`Failure`].
//!
//! The status decides, except where a vendor's body is known to say better: quotas that waiting
//! does not refill, requests that can never fit, keys that Gemini refuses with 400, overload
//! reported under another status. Sources: vendors' error pages, 2026-11.

use trilemma_domain::{Dialect, Failure, FailureKind, FaultSource, Retry};

use super::body::{ErrorInfo, read};
use super::retry::{advice, wait};
use crate::client::fault::excerpt;
use crate::client::headers::Headers;

/// Reads the answer to a refused call: what went wrong, whose fault, whether to try again.
///
/// `status` is the HTTP status (any but 200), `now_unix_ms` the wall time for waits given as a
/// date. Waits are at most 30 days. A refusal for want of money or quota
/// (`insufficient_quota`, 402) is [`FailureKind::RateLimited`], the caller's, and not retried.
#[must_use]
pub fn decode_error(
    dialect: Dialect,
    status: u16,
    headers: &dyn Headers,
    body: &[u8],
    now_unix_ms: i64,
) -> Failure {
    let info = read(body);
    let class = class_of(status, &info);
    let retry = match (advice(headers), class.retry) {
        (Some(false), _) | (None, Retry::No) => Retry::No,
        (Some(true), _) | (None, Retry::Backoff | Retry::After(_)) => {
            wait(headers, &info, now_unix_ms).map_or(Retry::Backoff, Retry::After)
        }
    };
    let text = message(dialect, &info, body);
    let text = if class.kind == FailureKind::Auth {
        without_secrets(&text)
    } else {
        text
    };
    let text = match status {
        300..=399 => {
            format!("the endpoint redirects (HTTP {status}); hint: correct `base_url`: {text}")
        }
        _ => text,
    };
    Failure::new(class.kind, class.source, retry, &text).with_status(status)
}

/// Reads an error object inside a body that began with HTTP 200.
pub(crate) fn in_stream(dialect: Dialect, json: &[u8]) -> Failure {
    let info = read(json);
    let word = [&info.kind, &info.code]
        .into_iter()
        .find_map(|word| status_of(word));
    let class = class_of(info.status.or(word).unwrap_or(500), &info);
    let retry = match (class.retry, info.retry_delay) {
        (Retry::Backoff, Some(delay)) => Retry::After(delay),
        (retry, _) => retry,
    };
    let text = message(dialect, &info, json);
    Failure::new(FailureKind::InStream, class.source, retry, &text)
}

struct Class {
    kind: FailureKind,
    source: FaultSource,
    retry: Retry,
}

fn class_of(status: u16, info: &ErrorInfo) -> Class {
    let class = |kind, source, retry| Class {
        kind,
        source,
        retry,
    };
    let caller = |kind| class(kind, FaultSource::Caller, Retry::No);
    let vendor = |kind| class(kind, FaultSource::Vendor, Retry::Backoff);
    if is_out_of_money(status, info) {
        return caller(FailureKind::RateLimited);
    }
    if never_fits(info) {
        return caller(FailureKind::BadRequest);
    }
    if info.reason == "API_KEY_INVALID" {
        return caller(FailureKind::Auth);
    }
    if info.kind == "overloaded_error" {
        return vendor(FailureKind::Overloaded);
    }
    match status {
        401 | 403 => caller(FailureKind::Auth),
        404 => caller(FailureKind::NotFound),
        429 => vendor(FailureKind::RateLimited),
        503 | 529 => vendor(FailureKind::Overloaded),
        500.. => vendor(FailureKind::ServerError),
        // Time-outs and locks at the vendor; the official packages repeat these.
        408 | 409 | 425 => vendor(FailureKind::BadRequest),
        0..=499 => caller(FailureKind::BadRequest),
    }
}

/// Quotas that are a matter of money: waiting does not help.
fn is_out_of_money(status: u16, info: &ErrorInfo) -> bool {
    const WORDS: [&str; 4] = [
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "billing_error",
    ];
    status == 402 || WORDS.contains(&info.code.as_str()) || WORDS.contains(&info.kind.as_str())
}

/// Requests larger than the context, or than a whole minute's tokens (OpenAI answers 429).
fn never_fits(info: &ErrorInfo) -> bool {
    info.code == "context_length_exceeded" || info.message.starts_with("Request too large")
}

/// The status that an in-stream error would have had, by a word of it; `None` = nothing known.
fn status_of(word: &str) -> Option<u16> {
    Some(match word {
        "invalid_request_error"
        | "INVALID_ARGUMENT"
        | "FAILED_PRECONDITION"
        | "BadRequestError"
        | "invalid_prompt" => 400,
        "authentication_error" | "UNAUTHENTICATED" => 401,
        "permission_error" | "PERMISSION_DENIED" => 403,
        "not_found_error" | "NOT_FOUND" | "NotFoundError" => 404,
        "rate_limit_error" | "rate_limit_exceeded" | "RESOURCE_EXHAUSTED" => 429,
        "UNAVAILABLE" => 503,
        _ => return None,
    })
}

/// What people read: the vendor's words with its own name of the error, else the body itself.
fn message(dialect: Dialect, info: &ErrorInfo, body: &[u8]) -> String {
    let name = [&info.code, &info.kind]
        .into_iter()
        .find(|name| !name.is_empty());
    match (name, info.message.is_empty()) {
        (Some(name), false) => format!("{name}: {}", info.message),
        (None, false) => info.message.clone(),
        (Some(name), true) => name.clone(),
        (None, true) => match excerpt(body) {
            text if text.is_empty() => format!("the {dialect} endpoint gave no reason"),
            text => text,
        },
    }
}

/// Blanks long words that mix letters and digits: some servers repeat the key that they refuse.
fn without_secrets(text: &str) -> String {
    const SHORTEST: usize = 12;
    let is_key_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '.');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_key_char) {
        let (before, word) = rest.split_at(start);
        clean.push_str(before);
        let end = word.find(|c: char| !is_key_char(c)).unwrap_or(word.len());
        let (word, tail) = word.split_at(end);
        let is_secret = word.len() >= SHORTEST
            && word
                .bytes()
                .any(|byte| byte.is_ascii_digit() || byte == b'*');
        clean.push_str(if is_secret { "[redacted]" } else { word });
        rest = tail;
    }
    clean.push_str(rest);
    clean
}
