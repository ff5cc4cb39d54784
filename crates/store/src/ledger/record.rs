//! What is kept of one request.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trilemma_domain::{Fingerprint, NanoUsd, Usage};

/// Names one request of one gateway for good: the session that served it, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId {
    /// The session, from 1.
    pub session: i64,
    /// The request within the session, from 1.
    pub number: i64,
}

impl RequestId {
    /// Reads a name as it is shown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (session, number) = text.strip_prefix("tr-")?.split_once('-')?;
        let hex = |digits: &str| i64::from_str_radix(digits, 16).ok().filter(|n| *n > 0);
        Some(Self {
            session: hex(session)?,
            number: hex(number)?,
        })
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tr-{:x}-{:x}", self.session, self.number)
    }
}

/// What one request cost. Never dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerRow {
    /// The request.
    pub id: RequestId,
    /// Wall time of its arrival, microseconds since 1970-01-01 UTC.
    pub at_us: i64,
    /// The client's key by name; empty = a client without a key of its own.
    pub client: String,
    /// The candidate that answered, or was tried last.
    pub candidate: String,
    /// The name that the client asked for.
    pub requested: String,
    /// The model that answered, as the vendor names it; as [`kept_name`](super::kept_name) keeps it.
    pub served: Option<String>,
    /// Tokens of all its attempts; `None` = nobody counted.
    pub usage: Option<Usage>,
    /// Tokens of the answer in the vendor's words, as JSON; at most [`MAX_USAGE_BYTES`](super::MAX_USAGE_BYTES).
    pub raw_usage: Option<String>,
    /// What it cost over all attempts; `None` = a price is unknown.
    pub cost: Option<NanoUsd>,
    /// Whether a part of the cost rests on no count of the vendor's, or on no price of the class of
    /// service that answered: it is then what was seen of the attempt allows at most.
    pub is_estimated: bool,
}

/// What a client says of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Feedback {
    /// The request that was answered.
    pub id: RequestId,
    /// Who says it, by name; only a request's own client is heard.
    pub client: String,
    /// In [0, 1].
    pub score: f64,
    /// When, microseconds since 1970-01-01 UTC.
    pub at_us: i64,
}

/// Why a request was answered as it was, and how it went. May be dropped under pressure; drops are
/// counted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// The dialect that the client spoke.
    pub dialect: String,
    /// Hash of the policy that decided; `None` = the client named the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The policy's decision, as JSON in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Json>,
    /// Probability with which chance takes this decision: that of the canary's arm, else 1 under a policy;
    /// `None` = neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propensity: Option<f64>,
    /// Under a policy: whether it judged an answer and asked on (in earlier versions also where nobody had answered);
    /// `None` = no policy, or recorded by a version that did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<bool>,
    /// Where nobody was called: the candidate that had no leave, by a budget or by its dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meant: Option<String>,
    /// What differs from what was measured; empty = nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmeasured: Vec<String>,
    /// What of the request the answering dialect could not be told; empty = nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// Every call of an upstream, in order.
    pub attempts: Vec<AttemptNote>,
    /// The status that the client got; 0 = it was gone before.
    pub status: u16,
    /// Whether the client wanted a stream.
    pub stream: bool,
    /// Why the model stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<String>,
    /// The vendor's fingerprint of its back end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Length of the vendor's report of tokens where it was too long to be kept, in bytes; `None` = it is kept,
    /// or there was none. Its numbers are in the row all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_usage_bytes: Option<u64>,
    /// What the client was told went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Whether the client got a part of an answer and then an error.
    #[serde(default)]
    pub truncated: bool,
    /// Whether the client went away before the end.
    #[serde(default)]
    pub abandoned: bool,
    /// Whether that was the gateway's doing, which stopped before the answer had ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// From arrival to the last byte, microseconds.
    pub total_us: u64,
    /// Time within the gateway before the first call went out, microseconds.
    pub queued_us: u64,
    /// From arrival to the first byte that a client can show, failed calls included, microseconds; `None` =
    /// there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_us: Option<u64>,
    /// Where traffic is split: `control` or `challenger`, whoever answered in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// What the challenger failed with before who is in use was asked; `None` = it did not come to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_failure: Option<String>,
    /// A challenger's call: what it is compared with; `None` = a client's request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Box<ShadowNote>>,
}

/// How the client was served whose request a challenger was asked as well.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ShadowNote {
    /// The client's request, in the clients' ledger.
    pub of: String,
    /// The candidate that served it.
    pub candidate: String,
    /// Whether the client got a whole answer.
    pub is_answered: bool,
    /// What it cost, all calls included, nano-dollars; `None` = not known to the digit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_nano: Option<i64>,
    /// To the first visible token, within the call that brought it, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_visible_us: Option<u64>,
    /// From arrival to the last byte, or until the client left, microseconds.
    pub total_us: u64,
    /// The client left after so long, with nothing to be seen, microseconds; `None` = it stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_us: Option<u64>,
    /// Score of the answer that the client got, by scorers that need no expected answer, in [0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_score: Option<f64>,
    /// Score of the challenger's answer by the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Score of the challenger's answer where the client's stands for the expected one, in [0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
}

/// JSON as it was written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Writes a value; `None` = it cannot be written as JSON.
    pub fn of<T: Serialize>(value: &T) -> Option<Self> {
        serde_json::value::to_raw_value(value).ok().map(Self)
    }

    /// Takes what has been written; `None` = it is no JSON.
    #[must_use]
    pub fn written(text: String) -> Option<Self> {
        RawValue::from_string(text).ok().map(Self)
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

/// One call of an upstream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AttemptNote {
    /// The candidate that was called.
    pub candidate: String,
    /// HTTP status; `None` = no response head came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What went wrong, in one word; `None` = it brought the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What went wrong in our words, where it is the operator's business: addresses, certificates, redirects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The vendor's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The model that answered, in the vendor's words; `None` = it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<String>,
    /// From the request's last byte to the first byte of the answer, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_us: Option<u64>,
    /// To the first token of any kind, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_us: Option<u64>,
    /// To the first visible token, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_visible_us: Option<u64>,
    /// To the last byte, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_us: Option<u64>,
    /// Until the client went away while it was under way, microseconds; `None` = it stayed, or recorded by a version
    /// that did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_us: Option<u64>,
    /// What it used and cost; `None` = recorded by a version that only told the request's sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Box<Spent>>,
    /// What it was made for beside an answer; `None` = for an answer, or recorded by a version that did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aid: Option<Aid>,
}

/// What a policy asks for before it chooses who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aid {
    /// A label of the query, by a small model.
    Label,
    /// The vector of its text.
    Vector,
}

/// What one call of an upstream used and cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Tokens; `None` = nobody counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Tokens in the vendor's words; `None` = it said nothing, or more than is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_usage: Option<Json>,
    /// Nano-dollars; `None` = a price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nano_usd: Option<i64>,
    /// Hash of the price row that the cost rests on; `None` = it rests on none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_row: Option<Fingerprint>,
    /// Whether the cost is the most that it can have been, because the vendor counted nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_estimated: bool,
}
