//! What follows from all gates together.

use serde::{Deserialize, Serialize};
use trilemma_domain::{CandidateId, Usd};

/// What follows from all gates together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// At least one candidate meets every requirement.
    Decided {
        /// Position of the one that ranks first among them.
        recommended: usize,
        /// Its name.
        recommended_id: CandidateId,
        /// Others with the same ranking value, by position; it was taken for its higher pass rate,
        /// then for its place in the list.
        ties: Vec<usize>,
        /// Chance that it is the right choice, in [0, 1]; `None` = cannot be computed.
        probability_right: Option<f64>,
    },
    /// Every candidate fails a requirement.
    NoCandidate {
        /// The one that fails fewest, then has the highest pass rate.
        nearest: Option<usize>,
    },
    /// No candidate is shown to meet every requirement, but some are not shown to fail.
    Undecided {
        /// The one to take if one must be taken now: the most probable right choice.
        provisional: Option<usize>,
        /// Its name.
        provisional_id: Option<CandidateId>,
        /// Chance that it is the right choice, in [0, 1]; `None` = cannot be computed.
        probability_right: Option<f64>,
        /// How far it may fall short at worst; `None` = no quality requirement of it is undecided.
        largest_regret: Option<Regret>,
        /// About how many more items would settle its requirements; `None` = items would not.
        more_items: Option<usize>,
        /// About what they would cost over all candidates still in play; `None` = unknown.
        cost_usd: Option<Usd>,
        /// What to do, in words.
        action: String,
    },
}

/// How far a candidate may fall short of a quality requirement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regret {
    /// Pass rate that may be missing to the requirement, in [0, 1], at the confidence of its gate.
    pub pass_rate: f64,
    /// The same in a sentence.
    pub text: String,
}

/// A candidate's place in the ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rank {
    /// Position of the candidate.
    pub candidate: usize,
    /// Place, from 1; equal ranking values share one. `None` = the value is unknown.
    pub place: Option<usize>,
}

/// The outcome in one word, for exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A candidate is recommended.
    Decided,
    /// Every candidate fails a requirement.
    NoCandidate,
    /// More evidence is needed.
    Undecided,
    /// Results that could change the outcome are missing because calls or scorers failed.
    MissingResults,
}
