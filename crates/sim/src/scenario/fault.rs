//! Faults and when they strike.
//!
//! In: a kind and one rule of selection. Out: value types; which call is struck is decided in
//! `call::faults`.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Status 429; with `retry_after_s` it says when to come back.
    RateLimited,
    /// Status 500.
    ServerError,
    /// Status 503.
    Unavailable,
    /// Status 529.
    Overloaded,
    /// The connection closes before a byte of the response.
    CutBeforeHead,
    /// The connection closes in the middle of the body.
    CutMidBody,
    /// No byte of the response comes.
    StallBeforeHead,
    /// The body stops in the middle and the connection stays open.
    StallMidBody,
    /// Status 200 with half of the JSON; a stream has half of an event's JSON in its middle.
    MalformedJson,
    /// A stream has a line that is no event in its middle, and ends there; a whole answer is an
    /// HTML page with status 200.
    MalformedStream,
    /// Status 200, then an error: after half of a stream, or as the body of a whole answer.
    #[serde(rename = "error_after_200")]
    ErrorAfter200,
    /// A stream ends in order after half of its text, without the terminal event; a whole answer
    /// lacks its finish reason.
    NoTerminal,
    /// The model declines.
    Refusal,
    /// The vendor's filter withholds the answer.
    ContentFilter,
    /// The answer is cut at half of its text, as at the token limit.
    Length,
}

impl FaultKind {
    /// All kinds.
    pub const ALL: [Self; 15] = [
        Self::RateLimited,
        Self::ServerError,
        Self::Unavailable,
        Self::Overloaded,
        Self::CutBeforeHead,
        Self::CutMidBody,
        Self::StallBeforeHead,
        Self::StallMidBody,
        Self::MalformedJson,
        Self::MalformedStream,
        Self::ErrorAfter200,
        Self::NoTerminal,
        Self::Refusal,
        Self::ContentFilter,
        Self::Length,
    ];

    /// The word used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::ServerError => "server_error",
            Self::Unavailable => "unavailable",
            Self::Overloaded => "overloaded",
            Self::CutBeforeHead => "cut_before_head",
            Self::CutMidBody => "cut_mid_body",
            Self::StallBeforeHead => "stall_before_head",
            Self::StallMidBody => "stall_mid_body",
            Self::MalformedJson => "malformed_json",
            Self::MalformedStream => "malformed_stream",
            Self::ErrorAfter200 => "error_after_200",
            Self::NoTerminal => "no_terminal",
            Self::Refusal => "refusal",
            Self::ContentFilter => "content_filter",
            Self::Length => "length",
        }
    }
}

/// One kind of fault and the calls that it strikes. Exactly one of `per_100`, `every`, `first` and
/// `share` is given.
///
/// All `per_100` rules of a list share one deck of 100 cards, shuffled anew (by the seed) for every
/// 100 calls, so that of each 100 calls exactly the stated numbers are struck. Where several rules
/// would strike one call, `first` goes before `every`, the deck and `share`, in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Exactly so many of each 100 calls, in seeded order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_100: Option<u32>,
    /// Every nth call: the nth, the 2nth, …; 1 = all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// The first n calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// Each call with this probability, in [0, 1], independently (seeded).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Of errors with a status: when to come back, in seconds; `None` = not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<f64>,
    /// Of stalls: seconds until the connection closes after all; 600 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall_s: Option<f64>,
}

impl FaultRule {
    /// A rule that strikes exactly `n` of each 100 calls.
    #[must_use]
    pub fn per_100(kind: FaultKind, n: u32) -> Self {
        Self {
            per_100: Some(n),
            ..Self::bare(kind)
        }
    }

    /// A rule that strikes every `n`th call.
    #[must_use]
    pub fn every(kind: FaultKind, n: u64) -> Self {
        Self {
            every: Some(n),
            ..Self::bare(kind)
        }
    }

    /// A rule that strikes the first `n` calls.
    #[must_use]
    pub fn first(kind: FaultKind, n: u64) -> Self {
        Self {
            first: Some(n),
            ..Self::bare(kind)
        }
    }

    /// The same rule, saying when to come back.
    #[must_use]
    pub fn with_retry_after_s(mut self, seconds: f64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    fn bare(kind: FaultKind) -> Self {
        Self {
            kind,
            per_100: None,
            every: None,
            first: None,
            share: None,
            retry_after_s: None,
            stall_s: None,
        }
    }
}
