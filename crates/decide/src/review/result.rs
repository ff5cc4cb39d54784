//! What labels made of a candidate's pass rate.

use serde::{Deserialize, Serialize};
use trilemma_domain::Usd;

use crate::figure::Figure;

/// One candidate's pass rate by scorers and by people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateReview {
    /// Position of the candidate.
    pub candidate: usize,
    /// Its answers with labels.
    pub n_labels: usize,
    /// Pass rate by the scorers alone, as shown elsewhere.
    pub by_scorers: Option<Figure>,
    /// Pass rate corrected by people (PPI++), in [0, 1]; n = labelled answers. `None` = too few labels.
    pub corrected: Option<Figure>,
    /// How often scorers and people put its answers on the same side, in [0, 1]; people who are split count half.
    /// `None` = too few labels.
    #[serde(default)]
    pub agreement: Option<Figure>,
    /// Cost per accepted answer at the corrected rate; `None` = too few labels, or the cost is unknown.
    #[serde(default)]
    pub cost_per_accepted: Option<Usd>,
    /// Whether candidates are ranked by corrected figures: where all that are not shown to fail have them.
    #[serde(default)]
    pub ranks: bool,
    /// Labels that a correction lacks, at least; `None` = none.
    pub n_labels_missing: Option<usize>,
    /// Weight of the scorers in the corrected rate, mean over strata, in [0, 1]; 0 = the labels alone.
    pub weight_of_scorers: Option<f64>,
}
