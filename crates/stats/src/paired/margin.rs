//! Tests against a margin: not worse by more than, and neither better nor worse by more than.
//!
//! In: the cells and a margin in rate points (0.03 = three percentage points). Out: z and one-sided p.
//! Against several references at once, require the test against each; no correction is needed then
//! (intersection-union). Conditions: independent items.
//! Source: T. Tango, Statistics in Medicine 17 (1998); two one-sided tests by D. J. Schuirmann, Journal of
//! Pharmacokinetics and Biopharmaceutics 15 (1987).

use serde::{Deserialize, Serialize};

use super::{Cells, tango_z};
use crate::power::{ClaimRegion, DiscordantRates};
use crate::proportion::{Count, clopper_pearson};
use crate::special::normal;
use crate::{Confidence, StatsError};

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

/// Share of the error that bounds the unknown discordant share.
const NUISANCE: f64 = 1e-5;
/// Values of it that are tried.
const N_TRIED: usize = 12;
/// Beyond this many items the score statistic is normal enough: its level is off by less than 1 %.
const EXACT_UP_TO: usize = 3_000;

/// Tests the claim of [`noninferiority`] at a level that is not exceeded.
///
/// Tango's statistic is only about normal: at 5 % it claims falsely in up to 6 % (few discordant items).
/// Here `p = max over q of P(Z >= z | discordant share q, difference -margin) + 1e-5`, summed over all
/// counts, q within its Clopper-Pearson interval at `1 - 1e-5`. Above 3,000 items the normal p. Sources:
/// unconditional test after G. A. Barnard, Biometrika 34 (1947), ordered by Tango's statistic; R. L.
/// Berger, D. D. Boos, JASA 89 (1994) for the interval. Checked by
/// `exact_noninferiority_never_exceeds_its_level`.
///
/// # Errors
/// As [`noninferiority`], and [`StatsError::OutOfRange`] at margin 0.
pub fn noninferiority_exact(cells: Cells, margin: f64) -> Result<MarginTest, StatsError> {
    let normal = noninferiority(cells, margin)?;
    crate::error::check_open_unit("margin", margin)?;
    let n = cells.n();
    if n > EXACT_UP_TO || !normal.z.is_finite() {
        return Ok(normal);
    }
    let discordant = clopper_pearson(
        Count::new(cells.discordant(), n)?,
        Confidence::new(1.0 - NUISANCE)?,
    );
    let (low, high) = (discordant.low.max(margin), discordant.high.min(1.0));
    let region = ClaimRegion::of(n, -margin, normal.z);
    let mut largest: f64 = 0.0;
    for step in 0..N_TRIED {
        let share = low * (high / low).powf(step as f64 / (N_TRIED - 1) as f64);
        // Where the interval lies below the margin, the hypothesis itself is refuted.
        if share >= margin && share <= 1.0 {
            largest = largest.max(region.chance(DiscordantRates::new(share, -margin)?));
        }
    }
    Ok(MarginTest {
        p_value: (largest + NUISANCE).min(1.0),
        ..normal
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
