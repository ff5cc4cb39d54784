//! One trial as analysis sees it: figures only, no texts, small enough for a million.

use serde::{Deserialize, Serialize};

use crate::attempt::FailureKind;
use crate::money::NanoUsd;
use crate::score::Score;
use crate::trial::TrialKey;

/// What is known of a trial's quality.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservedState {
    /// Answered and scored.
    Scored {
        /// Weighted score of all scorers that count.
        score: Score,
        /// Whether it passes.
        pass: bool,
    },
    /// Answered, but a scorer that counts could not run or has not run yet.
    Unscored,
    /// Ended without an answer.
    Failed(FailureKind),
}

/// One settled trial in figures. `None` = not observed or unknown, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Which trial.
    pub key: TrialKey,
    /// What is known of its quality.
    pub state: ObservedState,
    /// Whether the model declined (the vendor's word, or a refusal scorer's).
    pub refused: bool,
    /// Whether the answer was cut at the token limit.
    pub truncated: bool,
    /// Whether the answer is a replay of an earlier call: its latency does not count.
    pub replayed: bool,
    /// Whether a simulator answered.
    #[serde(default)]
    pub simulated: bool,
    /// Whether token counts are estimates.
    pub usage_estimated: bool,
    /// HTTP calls made for it.
    pub n_attempts: u32,
    /// Input tokens, cached included.
    pub input_tokens: Option<u64>,
    /// Of these, read from cache.
    pub cache_read_tokens: Option<u64>,
    /// Output tokens, reasoning included.
    pub output_tokens: Option<u64>,
    /// Failed attempts whose cost is unknown and not in `cost`.
    pub n_unpriced_attempts: u32,
    /// Cost of the trial's own calls, failed attempts as far as known; judges apart.
    pub cost: Option<NanoUsd>,
    /// Cost of its scorers' calls.
    pub scoring_cost: Option<NanoUsd>,
    /// TTFT in microseconds.
    pub ttft_us: Option<u64>,
    /// Time per output token after the first, in microseconds.
    pub tpot_us: Option<u64>,
    /// Whole answer of the successful attempt, in microseconds from its send.
    pub e2e_us: Option<u64>,
    /// From when the trial wanted to start to its last byte, waits and retries included.
    pub wall_us: Option<u64>,
}
