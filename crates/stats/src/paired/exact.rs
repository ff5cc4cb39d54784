//! The test against a margin at a level that is never exceeded.
//!
//! In: the cells and a margin in rate points. Out: z and an exact p of "not worse by the margin or more".
//! For verdicts near the limit; it costs some thousand times what the score test does. Conditions:
//! independent items.
//! Source: unconditional test after G. A. Barnard, Biometrika 34 (1947), ordered by Tango's statistic; the
//! unknown discordant share within an interval as R. L. Berger and D. D. Boos, JASA 89 (1994).

use super::margin::{MarginTest, noninferiority};
use super::{Cells, score};
use crate::proportion::{Count, clopper_pearson};
use crate::special::binomial;
use crate::{Confidence, StatsError};

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
/// counts, q within its Clopper-Pearson interval at `1 - 1e-5`. Above 3,000 items the normal p. Checked by
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
            largest = largest.max(region.chance(share, -margin));
        }
    }
    Ok(MarginTest {
        p_value: (largest + NUISANCE).min(1.0),
        ..normal
    })
}

/// All counts of `n` items with `Z(hypothesis) >= z`, found once for any true rates.
struct ClaimRegion {
    n: usize,
    /// Fewest items of the first for each number of discordant ones; `None` = no number is enough.
    fewest: Vec<Option<usize>>,
}

impl ClaimRegion {
    fn of(n: usize, hypothesis: f64, z: f64) -> Self {
        let claims = |b: usize, m: usize| score(n, b, m - b, hypothesis) >= z;
        let fewest = (0..=n)
            .map(|m| {
                // For a fixed number of discordant items Z rises with those of the first.
                let (mut below, mut enough) = (0, m + 1);
                while below < enough {
                    let middle = below + (enough - below) / 2;
                    if claims(middle.min(m), m) {
                        enough = middle
                    } else {
                        below = middle + 1
                    }
                }
                (enough <= m).then_some(enough)
            })
            .collect();
        Self { n, fewest }
    }

    /// Chance of the region at a true discordant share and difference; counts with a chance below 1e-9
    /// are left out.
    fn chance(&self, discordant: f64, difference: f64) -> f64 {
        let first_share = ((discordant + difference) / (2.0 * discordant)).clamp(0.0, 1.0);
        let chances = self.fewest.iter().enumerate().map(|(m, fewest)| {
            let weight = binomial::pmf(m, self.n, discordant);
            match fewest {
                Some(fewest) if weight > 1e-9 => match fewest.checked_sub(1) {
                    None => weight,
                    Some(fewer) => weight * binomial::upper_tail(fewer, m, first_share),
                },
                Some(_) | None => 0.0,
            }
        });
        chances.sum()
    }
}
