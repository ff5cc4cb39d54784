//! Gwet's AC1 and AC2: agreement that hardly depends on how common a category is.
//!
//! In: ratings by two or more interchangeable raters, with gaps. Out: `(pa - pe) / (1 - pe)` with pa the
//! mean over items of agreeing among possible pairs, `pe = Σ w / (q (q - 1)) · Σ π_k (1 - π_k)`, π_k the mean
//! share of category k, and a t interval of its linearised values over items. AC1 is the nominal scale,
//! AC2 any other.
//! Conditions: items independent; for 30 items and more.
//! Source: K. L. Gwet, British Journal of Mathematical and Statistical Psychology 61 (2008); variance as in
//! the author's package irrCAC.

use super::ratings::{Coefficient, Ratings, agreeing_pairs, check_expected, n_ratings, sums};
use super::scale::{Scale, dot};
use crate::{Confidence, Estimate, StatsError};

/// Returns AC1 (nominal) or AC2 with its interval.
///
/// Checked by `data_agreement`, weighted by `weighted_gwet_is_that_of_irrcac`.
///
/// # Errors
/// [`StatsError::NoSpread`] when nothing is left to chance (cannot happen with two categories or more).
pub fn gwet_ac(
    ratings: &Ratings,
    scale: Scale,
    confidence: Confidence,
) -> Result<Estimate, StatsError> {
    let q = ratings.n_categories() as f64;
    let weights = scale.weights(&ratings.totals());
    let n = ratings.rated().count() as f64;
    let n_twice = ratings.rated_twice().count() as f64;
    let shares: Vec<Vec<f64>> = ratings
        .rated()
        .map(|counts| counts.iter().map(|c| c / n_ratings(counts)).collect())
        .collect();
    let prevalence: Vec<f64> = sums(shares.iter().map(Vec::as_slice), ratings.n_categories())
        .iter()
        .map(|sum| sum / n)
        .collect();
    let others: Vec<f64> = prevalence.iter().map(|p| 1.0 - p).collect();
    let factor = weights.sum() / (q * (q - 1.0));
    let expected = factor * dot(&prevalence, &others);
    check_expected(expected, n as usize)?;
    let agreement = |counts: &[f64]| {
        let r = n_ratings(counts);
        (r >= 2.0).then(|| agreeing_pairs(counts, &weights) / (r * (r - 1.0)))
    };
    let observed = ratings.rated().filter_map(agreement).sum::<f64>() / n_twice;
    let point = (observed - expected) / (1.0 - expected);
    let squares: f64 = ratings
        .rated()
        .zip(&shares)
        .map(|(counts, shares)| {
            let own = agreement(counts).map_or(0.0, |own| n / n_twice * (own - expected));
            let chance = factor * dot(shares, &others) - expected;
            (own - 2.0 * (1.0 - point) * chance) / (1.0 - expected) - point
        })
        .map(|deviation| deviation * deviation)
        .sum();
    let coefficient = Coefficient {
        point,
        expected,
        error: (squares / (n * (n - 1.0))).sqrt(),
        n: n as usize,
    };
    Ok(coefficient.t_estimate(confidence))
}
