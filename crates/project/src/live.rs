//! What `[serve.texts]`, `[serve.shadow]`, `[serve.canary]` and `[serve.traces]` state: what a gateway does with traffic
//! beside answering it. Without these sections it does nothing of the kind.

use std::time::Duration;

use serde::Serialize;

use crate::budget::ServeBudget;
use crate::key::KeySource;

/// What of prompts and answers is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TextSettings {
    /// Share of requests that is kept, in (0, 1].
    pub share: f64,
    /// Whose texts may be kept.
    pub consent: Consent,
    /// Expressions of the project's own that are taken out before anything is written.
    pub redact: Vec<String>,
    /// How long they are kept.
    pub keep: Duration,
    /// Most bytes of all; the oldest go first.
    pub max_bytes: u64,
    /// Most bytes of one request and its answer; larger ones are not kept.
    pub max_item_bytes: u64,
}

/// Who is asked beside the one that answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShadowSettings {
    /// The candidate that is asked.
    pub challenger: String,
    /// Share of requests of which it is asked, in (0, 1].
    pub share: f64,
    /// What it may spend; nobody else's budget is touched.
    pub budget: ServeBudget,
    /// Most calls of it at once.
    pub concurrency: u32,
    /// Whether the project's judges are asked about its answers and those that clients got, within its budget.
    pub judges: bool,
}

/// Which share of traffic a challenger gets, and what takes it away again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CanarySettings {
    /// The name that clients ask for: `auto` or a candidate's.
    pub of: String,
    /// A candidate's id, or a policy's file, relative to the project's.
    pub challenger: String,
    /// Share of users that it gets, in (0, 1].
    pub share: f64,
    /// Most chance of rolling back a challenger that is no worse, over all guards and for ever, in (0, 1).
    pub false_rollback: f64,
    /// Tolerated increase of the share of requests without an answer, in [0, 1).
    pub max_error_increase: f64,
    /// Tolerated ratio of times, at least 1.
    pub max_latency_ratio: f64,
    /// Tolerated ratio of costs, at least 1.
    pub max_cost_ratio: f64,
    /// Tolerated loss of scores and of clients' feedback, in [0, 1).
    pub max_quality_loss: f64,
    /// Whose judges are asked about answers of both arms; `None` = nobody's.
    pub judges: Option<CanaryJudges>,
    /// Where a rollback is posted.
    pub webhook: Option<KeySource>,
}

/// How many answers of a canary the project's judges are asked about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CanaryJudges {
    /// Share of the answers of either arm, in (0, 1].
    pub share: f64,
    /// What it may cost; nobody else's budget is touched.
    pub budget: ServeBudget,
    /// Most answers that are judged at once.
    pub concurrency: u32,
}

/// Where traces are sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceSettings {
    /// The collector's address; `/v1/traces` is added where it is missing.
    pub endpoint: String,
    /// Headers that it wants, as `name=value,name=value`.
    pub headers: Option<KeySource>,
    /// Share of requests of callers that do not trace themselves, in (0, 1].
    pub share: f64,
    /// What the gateway is called there.
    pub service: String,
}

/// How it is known that a text may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// The request says so by `x-trilemma-consent: true`.
    Header,
    /// The operator has it for all; a request opts out by `x-trilemma-private: true`.
    Assumed,
}
