//! The vendor's advice on trying again.
//!
//! In: headers and error body. Out: how long to wait, and an explicit yes or no. Order:
//! `retry-after-ms`, `retry-after` as seconds, `retry-after` as a date, Gemini's RetryInfo; so
//! does the openai package (`_base_client.py`), which also obeys `x-should-retry`.

use std::time::Duration;

use super::body::ErrorInfo;
use crate::client::headers::Headers;
use crate::client::reset::{http_date, milliseconds, seconds};

/// How long the vendor asks to wait; `None` = it does not say.
pub(crate) fn wait(headers: &dyn Headers, info: &ErrorInfo, now_unix_ms: i64) -> Option<Duration> {
    let after = headers.get("retry-after");
    headers
        .get("retry-after-ms")
        .and_then(milliseconds)
        .or_else(|| after.and_then(seconds))
        .or_else(|| after.and_then(|text| http_date(text, now_unix_ms)))
        .or(info.retry_delay)
}

/// The vendor's explicit word on trying again; `None` = it does not say.
pub(crate) fn advice(headers: &dyn Headers) -> Option<bool> {
    match headers.get("x-should-retry")?.trim() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
