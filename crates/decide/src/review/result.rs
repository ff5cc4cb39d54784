//! What labels made of a candidate's pass rate.

use serde::{Deserialize, Serialize};

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
    /// Labels that a correction lacks, at least; `None` = none.
    pub n_labels_missing: Option<usize>,
    /// Weight of the scorers in the corrected rate, mean over strata, in [0, 1]; 0 = the labels alone.
    pub weight_of_scorers: Option<f64>,
}
