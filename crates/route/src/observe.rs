//! What came back from a candidate that a policy asked.
//!
//! In: finished calls, in the order in which they were asked. Out: the record that the step function
//! looks at. Retries are over before a call counts as failed: a failure here is final.

use trilemma_domain::{CandidateId, FinishReason, Reply, TokenPlace};

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With an answer.
    Answered {
        /// Its visible text; empty when the model only called tools or was filtered.
        text: String,
        /// Why it stopped; `None` when the vendor did not say.
        finish: Option<FinishReason>,
        /// Output tokens, reasoning included; `None` = not reported.
        output_tokens: Option<u64>,
        /// Mean log-probability of its first tokens, as many as are recorded, at most 0; `None` = not
        /// recorded.
        logprob: Option<f64>,
    },
    /// With the vector of a text.
    Embedded {
        /// Its numbers, as they came.
        vector: Vec<f32>,
        /// Input tokens; `None` = not reported.
        input_tokens: Option<u64>,
    },
    /// Without one, after all retries.
    Failed,
}

/// One finished call.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Who was asked.
    pub candidate: CandidateId,
    /// How it ended.
    pub outcome: Outcome,
}

impl Observation {
    /// Wraps an answer of which only the text is known.
    #[must_use]
    pub fn text(candidate: impl Into<CandidateId>, text: impl Into<String>) -> Self {
        Self {
            candidate: candidate.into(),
            outcome: Outcome::Answered {
                text: text.into(),
                finish: None,
                output_tokens: None,
                logprob: None,
            },
        }
    }

    /// Takes what routing looks at from a recorded or live reply.
    #[must_use]
    pub fn of_reply(candidate: CandidateId, reply: &Reply) -> Self {
        Self {
            candidate,
            outcome: Outcome::Answered {
                text: reply.response.text.clone(),
                finish: reply.response.finish.clone(),
                output_tokens: reply.response.usage.map(|usage| usage.output),
                logprob: mean_logprob(&reply.response.first_tokens),
            },
        }
    }

    /// Wraps the vector of a text.
    #[must_use]
    pub fn embedded(
        by: impl Into<CandidateId>,
        vector: Vec<f32>,
        input_tokens: Option<u64>,
    ) -> Self {
        Self {
            candidate: by.into(),
            outcome: Outcome::Embedded {
                vector,
                input_tokens,
            },
        }
    }

    /// Notes that a candidate gave no answer.
    #[must_use]
    pub fn failed(candidate: impl Into<CandidateId>) -> Self {
        Self {
            candidate: candidate.into(),
            outcome: Outcome::Failed,
        }
    }

    /// Whether there is an answer; a vector is none.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        matches!(self.outcome, Outcome::Answered { .. })
    }
}

fn mean_logprob(places: &[TokenPlace]) -> Option<f64> {
    let sum: f64 = places.iter().map(|place| place.taken.logprob).sum();
    (!places.is_empty() && sum.is_finite()).then(|| sum / places.len() as f64)
}
