//! Krippendorff's alpha: agreement of any number of raters, with gaps, on any scale.
//!
//! In: ratings. Out: `alpha = 1 - Do / De`, computed as `(pa - pe) / (1 - pe)` with agreement weights and the
//! correction `pa = (1 - ε) pa' + ε`, `ε = 1 / number of ratings`, over items with two ratings or more; and a
//! t interval of its linearised values over items.
//! Conditions: items independent; for 30 items and more.
//! Source: K. Krippendorff, Content Analysis (2004), chapter 11; variance: K. L. Gwet, "On Krippendorff's
//! alpha coefficient" (2011), as in the author's package irrCAC.

use super::ratings::{Coefficient, Ratings, agreeing_pairs, check_expected, n_ratings, sums};
use super::scale::{Scale, dot};
use crate::{Confidence, Estimate, StatsError};

/// Returns alpha with its interval.
///
/// Checked by `data_agreement`.
///
/// # Errors
/// [`StatsError::NoSpread`] when only one category was ever given.
pub fn krippendorff_alpha(
    ratings: &Ratings,
    scale: Scale,
    confidence: Confidence,
) -> Result<Estimate, StatsError> {
    let totals = sums(ratings.rated_twice(), ratings.n_categories());
    let n_total: f64 = totals.iter().sum();
    let n = ratings.rated_twice().count() as f64;
    let mean_ratings = n_total / n;
    let weights = scale.weights(&totals);
    let prevalence: Vec<f64> = totals.iter().map(|total| total / n_total).collect();
    let weighted = weights.times(&prevalence);
    let expected = dot(&prevalence, &weighted);
    check_expected(expected, n as usize)?;
    let agreement = |counts: &[f64]| {
        agreeing_pairs(counts, &weights) / (mean_ratings * (n_ratings(counts) - 1.0))
    };
    let plain = ratings.rated_twice().map(agreement).sum::<f64>() / n;
    let observed = (1.0 - 1.0 / n_total) * plain + 1.0 / n_total;
    let coefficient = |agreement: f64| (agreement - expected) / (1.0 - expected);
    let (point, uncorrected) = (coefficient(observed), coefficient(plain));
    let squares: f64 = ratings
        .rated_twice()
        .map(|counts| {
            let excess = (n_ratings(counts) - mean_ratings) / mean_ratings;
            let own = coefficient(agreement(counts) - observed * excess);
            let chance = coefficient(dot(counts, &weighted) / mean_ratings - expected * excess);
            own - 2.0 * (1.0 - uncorrected) * chance - uncorrected
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
