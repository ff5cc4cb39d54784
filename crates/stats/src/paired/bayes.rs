//! Posterior probability that the first alternative is right more often.
//!
//! In: the cells. Out: a probability to show to people; not an error rate, and not for gates.
//! Source: Dirichlet(1, 1, 1, 1) prior on the four cells; the discordant share is then Beta distributed.

use super::Cells;
use crate::special::beta;

/// Returns P(rate of the first > rate of the second) given the cells, in [0, 1]; 1/2 without evidence.
///
/// `1 - I_{1/2}(b + 1, c + 1)`. Checked by `data_paired_cells`.
#[must_use]
pub fn probability_first_better(cells: Cells) -> f64 {
    beta::upper_tail(
        cells.only_first as f64 + 1.0,
        cells.only_second as f64 + 1.0,
        0.5,
    )
}
