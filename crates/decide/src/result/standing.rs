//! Candidates among each other: who may be the best, and what a picked one's figures are worth.

use serde::{Deserialize, Serialize};
use trilemma_domain::CandidateId;

use crate::figure::Figure;

/// What can be said about all candidates at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standings {
    /// Items that all compared candidates have.
    pub n_items: usize,
    /// Confidence that holds for all statements of a kind together, in (0, 1).
    pub confidence: f64,
    /// Positions of the candidates that may have the highest pass rate, ascending; the set of them holds
    /// the truly best with the stated confidence.
    pub best_set: Vec<usize>,
    /// Each candidate, in order; `None` = it has fewer than half of the items that others have.
    pub candidates: Vec<Option<Standing>>,
}

/// One candidate among all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Best rank by pass rate that is compatible with all simultaneous intervals, 1 = best.
    pub rank_best: usize,
    /// Worst rank, likewise.
    pub rank_worst: usize,
    /// Whether it may be the best.
    pub may_be_best: bool,
    /// Share of resampled golden sets on which it is the best, ties split; shown, decides nothing.
    pub probability_best: f64,
    /// Largest pass rate that another may have more, in [0, 1]; simultaneous.
    pub largest_regret: f64,
    /// Its pass rate with an interval that holds for all candidates at once, and so also for one that
    /// was picked for its figures: free of the winner's curse.
    pub pass_rate: Figure,
}

/// How the chosen candidate does on the items of one tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceComparison {
    /// Position of the candidate compared with: the incumbent, or else the best.
    pub with: usize,
    /// Its name.
    pub with_id: CandidateId,
    /// Pass rate of the chosen one minus that of the other, on the same items; the interval holds for
    /// all tags at once.
    pub difference: Figure,
    /// One-sided p value of "the chosen one is worse", corrected over all tags (Holm).
    pub p_value: f64,
    /// Whether the chosen one is shown to be worse here, at an error of 5 % over all tags together.
    pub worse: bool,
}
