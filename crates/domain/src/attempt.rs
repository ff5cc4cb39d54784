//! One HTTP call of a trial: what came back, or what went wrong and whose fault it was.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chat::ChatResponse;
use crate::money::NanoUsd;
use crate::timing::Timing;
use crate::usage::Usage;

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultSource {
    /// We asked for something wrong: key, name, parameter, size.
    Caller,
    /// The vendor failed or throttled.
    Vendor,
    /// The connection between failed.
    Network,
    /// Our own client stopped it: deadline, budget, breaker, interrupt.
    Us,
}

/// Whether another attempt makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Never: the same call will fail again.
    No,
    /// Yes, after the usual back-off.
    Backoff,
    /// Yes, not before this long from now (the vendor said so).
    After(Duration),
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// 429: a quota or rate of ours is used up.
    RateLimited,
    /// 529 or 503: the vendor is overloaded for everyone.
    Overloaded,
    /// Any other 5xx.
    ServerError,
    /// 401 or 403.
    Auth,
    /// 404: no such model or path.
    NotFound,
    /// Any other 4xx.
    BadRequest,
    /// Name lookup, TCP, TLS or proxy.
    Connect,
    /// The connection broke in the middle.
    Cut,
    /// Nothing came for too long.
    Stalled,
    /// The call as a whole took too long.
    Deadline,
    /// The stream ended in order, but without the dialect's terminal event.
    Truncated,
    /// The body is not what the dialect says.
    Malformed,
    /// An error inside a stream that began with HTTP 200.
    InStream,
    /// The answer exceeded our size limit.
    TooLarge,
    /// The endpoint was given up on after repeated failures.
    BreakerOpen,
    /// The budget was used up before this call.
    Budget,
    /// The user stopped the run.
    Interrupted,
    /// The prompt could not be rendered or encoded.
    Unsendable,
}

impl FailureKind {
    /// The word used in files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::Auth => "auth",
            Self::NotFound => "not_found",
            Self::BadRequest => "bad_request",
            Self::Connect => "connect",
            Self::Cut => "cut",
            Self::Stalled => "stalled",
            Self::Deadline => "deadline",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::InStream => "in_stream",
            Self::TooLarge => "too_large",
            Self::BreakerOpen => "breaker_open",
            Self::Budget => "budget",
            Self::Interrupted => "interrupted",
            Self::Unsendable => "unsendable",
        }
    }
}

/// A failed attempt or trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// Whose fault.
    pub source: FaultSource,
    /// Whether to try again.
    pub retry: Retry,
    /// HTTP status, where there was one.
    pub status: Option<u16>,
    /// The vendor's or our words, at most 500 characters; never a secret.
    pub message: String,
}

impl Failure {
    /// Longest message kept, in characters.
    pub const MAX_MESSAGE_CHARS: usize = 500;

    /// Makes a failure; cuts the message to [`Self::MAX_MESSAGE_CHARS`].
    #[must_use]
    pub fn new(kind: FailureKind, source: FaultSource, retry: Retry, message: &str) -> Self {
        Self {
            kind,
            source,
            retry,
            status: None,
            message: message.chars().take(Self::MAX_MESSAGE_CHARS).collect(),
        }
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}

/// What a successful attempt brought.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reply {
    /// The answer.
    pub response: ChatResponse,
    /// The vendor's id of the request, from the response head.
    pub request_id: Option<String>,
    /// Whether a simulator answered, as its response head said.
    #[serde(default)]
    pub simulated: bool,
}

/// One HTTP call of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Position within its trial, from 1.
    pub number: u32,
    /// Wall time of its start, microseconds since 1970-01-01 UTC.
    pub started_us: i64,
    /// When its parts happened.
    pub timing: Timing,
    /// HTTP status; `None` = no response head came.
    pub status: Option<u16>,
    /// The vendor's id of the request, from the response head.
    pub request_id: Option<String>,
    /// What went wrong; `None` = it brought the answer.
    pub failure: Option<Failure>,
    /// Tokens as far as they were reported, also by a failed attempt.
    pub usage: Option<Usage>,
    /// What it cost; `None` = unknown. Refused calls (HTTP 4xx and 5xx) cost nothing;
    /// a broken answer without usage is unknown, because vendors may bill it.
    pub cost: Option<NanoUsd>,
    /// Response body as received, where the project keeps it (`--keep-raw`).
    pub raw_body: Option<Vec<u8>>,
}
