//! Trials: one candidate × one item × one repeat, and what scorers said of the answer.

use serde::{Deserialize, Serialize};

use crate::attempt::{Attempt, Failure, Reply};
use crate::fingerprint::Fingerprint;
use crate::money::NanoUsd;
use crate::score::Score;
use crate::timing::Timing;

/// Which trial of a run: positions in the run's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrialKey {
    /// Position of the candidate in the manifest.
    pub candidate_idx: u32,
    /// Position of the item in the manifest's golden set.
    pub item_idx: u32,
    /// Repeat, from 0.
    pub repeat: u32,
}

/// Where a trial's answer came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialOrigin {
    /// Called in this run.
    Called,
    /// Called in this run, though an earlier, interrupted session may have called it too.
    Repeated,
    /// Answer of an earlier identical call; its latency and cost are those of that call.
    Replayed {
        /// The run that made the call.
        run: String,
    },
    /// Brought in from another tool.
    Imported,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialOutcome {
    /// With an answer, and the stamps of the attempt that brought it.
    Answered {
        /// The answer.
        reply: Box<Reply>,
        /// Stamps of that attempt.
        timing: Timing,
    },
    /// Without one: the last failure.
    Failed(Failure),
}

/// One settled trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Which one.
    pub key: TrialKey,
    /// Hash of endpoint, full request and repeat.
    pub request: Fingerprint,
    /// Where the answer came from.
    pub origin: TrialOrigin,
    /// Every call that was made for it, in order.
    pub attempts: Vec<Attempt>,
    /// Cost of its attempts as far as each is known (replays: of the original call's);
    /// `None` = the price, or the answer's token count, is unknown.
    pub cost: Option<NanoUsd>,
    /// Failed attempts whose cost is unknown and not in `cost`.
    pub n_unpriced_attempts: u32,
    /// Hash of the price row that `cost` rests on.
    pub price_row: Option<Fingerprint>,
    /// How it ended.
    pub outcome: TrialOutcome,
}

/// What one scorer said of one answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoredOutcome {
    /// A score.
    Scored {
        /// The score.
        score: Score,
        /// Why, in a few words; `None` where the score speaks for itself.
        explanation: Option<String>,
    },
    /// The scorer does not apply to this item (such as no expected value).
    NotApplicable {
        /// Why not.
        reason: String,
    },
    /// The scorer could not run: missing, never 0.
    Failed {
        /// Why not.
        reason: String,
    },
}

/// One scorer's word on one trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreRecord {
    /// The trial.
    pub key: TrialKey,
    /// Position of the scorer in the project.
    pub scorer_idx: u32,
    /// What it said.
    pub outcome: ScoredOutcome,
    /// What the scorer's own calls cost (judges); `None` = no call, or unknown.
    pub cost: Option<NanoUsd>,
}
