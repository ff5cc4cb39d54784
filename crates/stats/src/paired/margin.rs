//! Tests against a margin: not worse by more than, and neither better nor worse by more than.
//!
//! In: the cells and a margin in rate points (0.03 = three percentage points). Out: z and one-sided p.
//! Against several references at once, require the test against each; no correction is needed then
//! (intersection-union). Conditions: independent items.
//! Source: T. Tango, Statistics in Medicine 17 (1998); two one-sided tests by D. J. Schuirmann, Journal of
//! Pharmacokinetics and Biopharmaceutics 15 (1987).

use serde::{Deserialize, Serialize};

use super::{Cells, tango_z};
use crate::StatsError;
use crate::special::normal;

/// Outcome of a test against a margin; a small p value supports the claim.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MarginTest {
    /// The margin, in rate points, in [0, 1).
    pub margin: f64,
    /// Score statistic of the null hypothesis; large supports the claim.
    pub z: f64,
    /// One-sided p value of "the claim is false", in [0, 1].
    pub p_value: f64,
    /// Number of items.
    pub n: usize,
}

/// Tests the claim "the first is worse than the second by less than `margin`".
///
/// Null hypothesis: difference <= -margin; `z = Z(-margin)`, `p = 1 - Φ(z)`. With margin 0 this is the
/// one-sided test of superiority. Checked by `data_paired_cells`.
///
/// # Errors
/// [`StatsError::TooFew`] without items, [`StatsError::OutOfRange`] unless `0 <= margin < 1`.
pub fn noninferiority(cells: Cells, margin: f64) -> Result<MarginTest, StatsError> {
    check_margin(margin)?;
    let z = tango_z(cells, -margin)?;
    Ok(MarginTest {
        margin,
        z,
        p_value: normal::upper_tail(z),
        n: cells.n(),
    })
}

/// Tests the claim "the two differ by less than `margin` in either direction" (TOST).
///
/// Both one-sided tests must hold, so the weaker decides: `z = min(Z(-margin), -Z(margin))`. Checked by
/// `data_paired_cells`.
///
/// # Errors
/// As [`noninferiority`].
pub fn equivalence(cells: Cells, margin: f64) -> Result<MarginTest, StatsError> {
    check_margin(margin)?;
    let z = tango_z(cells, -margin)?.min(-tango_z(cells, margin)?);
    Ok(MarginTest {
        margin,
        z,
        p_value: normal::upper_tail(z),
        n: cells.n(),
    })
}

fn check_margin(margin: f64) -> Result<(), StatsError> {
    if (0.0..1.0).contains(&margin) {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            parameter: "margin",
            value: margin,
            range: "at least 0 and below 1",
        })
    }
}
