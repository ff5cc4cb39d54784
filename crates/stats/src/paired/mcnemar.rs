//! McNemar's test: are two alternatives equally often right?
//!
//! In: the cells. Out: two-sided p values of "no difference". Only discordant items count; without any,
//! p is 1. It says whether there is a difference, not how large: report Tango's interval beside it.
//! Source: Q. McNemar, Psychometrika 12 (1947); mid-p in M. W. Fagerland, S. Lydersen, P. Laake, BMC
//! Medical Research Methodology 13 (2013).

use super::Cells;
use crate::special::{binomial, normal};

/// McNemar's chi-squared statistic with its p value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquared {
    /// The statistic, one degree of freedom.
    pub statistic: f64,
    /// Two-sided p value, in [0, 1].
    pub p_value: f64,
}

/// Returns the exact two-sided p value: `2 P(X <= min(b, c))`, X ~ Bin(b + c, 1/2), at most 1.
///
/// Never rejects more often than claimed; use it where a claim must hold. Checked by
/// `data_paired_cells`.
#[must_use]
pub fn mcnemar_exact(cells: Cells) -> f64 {
    let smaller = cells.only_first.min(cells.only_second);
    (2.0 * binomial::cdf(smaller, cells.discordant(), 0.5)).min(1.0)
}

/// Returns the mid-p value: the exact one less the probability of the observed count.
///
/// `2 (P(X < min) + P(X = min)/2)`, at most 1. Closer to the nominal level than the exact test and the
/// default for display. Checked by `data_paired_cells`.
#[must_use]
pub fn mcnemar_mid_p(cells: Cells) -> f64 {
    let smaller = cells.only_first.min(cells.only_second);
    let exact = 2.0 * binomial::cdf(smaller, cells.discordant(), 0.5);
    (exact - binomial::pmf(smaller, cells.discordant(), 0.5)).clamp(0.0, 1.0)
}

/// Returns the chi-squared test with continuity correction: `(|b - c| - 1)² / (b + c)`.
///
/// An approximation for many discordant items (25 and more), given because others report it; statistic 0
/// and p 1 without discordant items. Checked by `data_paired_cells`.
#[must_use]
pub fn mcnemar_chi_squared(cells: Cells) -> ChiSquared {
    let discordant = cells.discordant();
    if discordant == 0 {
        return ChiSquared {
            statistic: 0.0,
            p_value: 1.0,
        };
    }
    let excess = cells.only_first.abs_diff(cells.only_second) as f64 - 1.0;
    let statistic = excess * excess / discordant as f64;
    ChiSquared {
        statistic,
        p_value: 2.0 * normal::upper_tail(statistic.sqrt()),
    }
}
