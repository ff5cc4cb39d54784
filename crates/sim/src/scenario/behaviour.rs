//! How one model behaves.

use serde::{Deserialize, Serialize};

use super::answers::Answers;
use super::fault::FaultRule;
use super::spread::Spread;

/// How a model behaves; what is `None` follows the scenario's `defaults`, and then what is said
/// here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// From the request's last byte to the head of a stream, milliseconds; 0. The head and the
    /// dialect's start events go out together. Whole answers have their head with the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_ms: Option<Spread>,
    /// From the request's last byte to the first chunk with content, milliseconds; 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<Spread>,
    /// From each chunk to the next, milliseconds; 0. Whole answers wait for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_ms: Option<Spread>,
    /// o200k tokens of each chunk, at least 1, rounded; 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_chunk: Option<Spread>,
    /// Where answers come from; recorded ones where there are, else an echo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
    /// What usage says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageRule>,
    /// Name of the model that answers; the requested name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_model: Option<String>,
    /// Fingerprint of the back end (OpenAI's dialect); none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_fingerprint: Option<String>,
    /// Log-probabilities for those who ask (OpenAI's dialect); it gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<LogprobRule>,
    /// A silent change after some calls; none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Rate limits; none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Faults of this model alone, counted by its own calls; they replace the scenario's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<Vec<FaultRule>>,
}

impl Behaviour {
    /// Fills what is `None` from `defaults`.
    #[must_use]
    pub(crate) fn or(&self, defaults: &Self) -> Self {
        Self {
            head_ms: self.head_ms.or(defaults.head_ms),
            first_token_ms: self.first_token_ms.or(defaults.first_token_ms),
            gap_ms: self.gap_ms.or(defaults.gap_ms),
            tokens_per_chunk: self.tokens_per_chunk.or(defaults.tokens_per_chunk),
            answers: self.answers.clone().or_else(|| defaults.answers.clone()),
            usage: self.usage.clone().or_else(|| defaults.usage.clone()),
            served_model: self
                .served_model
                .clone()
                .or_else(|| defaults.served_model.clone()),
            system_fingerprint: self
                .system_fingerprint
                .clone()
                .or_else(|| defaults.system_fingerprint.clone()),
            logprobs: self.logprobs.or(defaults.logprobs),
            drift: self.drift.clone().or_else(|| defaults.drift.clone()),
            limits: self.limits.or(defaults.limits),
            faults: self.faults.clone().or_else(|| defaults.faults.clone()),
        }
    }
}

/// What usage says. Counts that are `None` are those of the o200k tokenizer over the texts.
/// Where both `input` and `output` are given the response counts as reported, else as estimated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageRule {
    /// Input tokens outside the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    /// Output tokens, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
    /// Input tokens read from the cache, beside `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
    /// Input tokens written to the cache, beside `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u64>,
    /// Reasoning tokens, part of `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
    /// Whether usage is left out of responses (Anthropic's, where it is mandatory, then says 0).
    #[serde(default)]
    pub omit: bool,
}

/// Log-probabilities that are made up: each place of each answer has its own, the same at every call but for
/// noise.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogprobRule {
    /// Standard deviation from call to call, in natural logarithms, at least 0.
    #[serde(default)]
    pub noise: f64,
    /// Standard deviation over tokens of how far they are from the model's own, at least 0: as after a
    /// step of training.
    #[serde(default)]
    pub moved: f64,
}

/// A silent change of a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Calls of this model before the change.
    pub after_calls: u64,
    /// The name of the model that answers from then on; `None` = unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_model: Option<String>,
    /// The fingerprint from then on; `None` = unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_fingerprint: Option<String>,
    /// Where answers come from then on; `None` = unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
    /// Log-probabilities from then on; `None` = unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<LogprobRule>,
    /// Factor on all delays from then on; `None` = unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_factor: Option<f64>,
}

/// Rate limits of one model. Each is a bucket that starts full and refills evenly; a call that
/// finds too little in it gets 429 with the time until there is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests per minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// Input and output tokens per minute, taken at once when the call arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
}
