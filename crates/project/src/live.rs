//! What `[serve.texts]`, `[serve.shadow]` and `[serve.canary]` state: what a gateway does with traffic
//! beside answering it. Without these sections it does nothing of the kind.

use std::time::Duration;

use serde::Serialize;

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

/// How it is known that a text may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// The request says so by `x-trilemma-consent: true`.
    Header,
    /// The operator has it for all; a request opts out by `x-trilemma-private: true`.
    Assumed,
}
