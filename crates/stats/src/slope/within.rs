//! The slope within groups: what moves together among members of one group, whatever the groups' levels.
//!
//! In: x, y and a group for each observation. Out: `β = Σ x̃ y / Σ x̃²` with x̃ = x less its group's mean (least
//! squares with one intercept per group), and a t interval with G - 1 degrees of freedom on the
//! cluster-robust error `sqrt(G/(G-1) · Σ_g (Σ_{i in g} x̃ e)²) / Σ x̃²`, e the residuals.
//! Conditions: groups independent of each other; ten groups and more in which x differs, below that the
//! interval is too short.
//! Source: M. Arellano, Oxford Bulletin of Economics and Statistics 49 (1987); G/(G - 1) and t as in
//! A. C. Cameron, D. L. Miller, Journal of Human Resources 50 (2015), sections II and VI.

use crate::error::{TooFew, check_finite, check_same_length};
use crate::mean::group;
use crate::special::student;
use crate::{Confidence, Estimate, Method, StatsError};

/// Fewest groups in which x differs.
const MIN_GROUPS: usize = 10;

/// Returns the change of `y` per unit of `x` within groups; `n` of the result counts observations of
/// groups in which x differs, only these say anything.
///
/// Checked by `two_per_group_is_regression_of_differences`; coverage by `interval_covers_the_slope`.
///
/// # Errors
/// [`StatsError::TooFew`] below ten groups in which x differs, [`StatsError::NoSpread`] where nothing is
/// left to chance, [`StatsError::LengthMismatch`], [`StatsError::NotFinite`].
pub fn within_slope(
    x: &[f64],
    y: &[f64],
    groups: &[usize],
    confidence: Confidence,
) -> Result<Estimate, StatsError> {
    check_same_length(x.len(), y.len())?;
    check_same_length(x.len(), groups.len())?;
    check_finite(x)?;
    check_finite(y)?;
    let members = group(groups);
    let centred_x = centred(x, &members.slot_of_item, members.n_clusters);
    let centred_y = centred(y, &members.slot_of_item, members.n_clusters);
    let mut squares = vec![0.0; members.n_clusters];
    for (x, slot) in centred_x.iter().zip(&members.slot_of_item) {
        if let Some(sum) = squares.get_mut(*slot) {
            *sum += x * x;
        }
    }
    // Rounding of the mean leaves a trace where all x of a group are equal.
    let scale = x.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let least = (scale * 1e-12).powi(2);
    let n_groups = squares.iter().filter(|sum| **sum > least).count();
    TooFew::check(n_groups, MIN_GROUPS)?;
    let total: f64 = squares.iter().sum();
    let together: f64 = centred_x.iter().zip(&centred_y).map(|(x, y)| x * y).sum();
    let point = together / total;
    let mut scores = vec![0.0; members.n_clusters];
    for ((x, y), slot) in centred_x.iter().zip(&centred_y).zip(&members.slot_of_item) {
        if let Some(sum) = scores.get_mut(*slot) {
            *sum += x * (y - point * x);
        }
    }
    let of_groups = n_groups as f64;
    let spread: f64 = scores.iter().map(|score| score * score).sum();
    let error = (of_groups / (of_groups - 1.0) * spread).sqrt() / total;
    let n = members
        .slot_of_item
        .iter()
        .filter(|slot| squares.get(**slot).is_some_and(|sum| *sum > least))
        .count();
    if error <= 0.0 {
        return Err(StatsError::NoSpread { n });
    }
    let half = student::two_sided_critical(of_groups - 1.0, confidence.alpha()) * error;
    Ok(Estimate {
        point,
        low: point - half,
        high: point + half,
        confidence,
        n,
        method: Method::ClusteredT,
        standard_error: Some(error),
    })
}

/// Values less their group's mean.
fn centred(values: &[f64], slots: &[usize], n_groups: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); n_groups];
    for (value, slot) in values.iter().zip(slots) {
        if let Some((sum, n)) = sums.get_mut(*slot) {
            *sum += value;
            *n += 1.0;
        }
    }
    values
        .iter()
        .zip(slots)
        .map(|(value, slot)| sums.get(*slot).map_or(0.0, |(sum, n)| value - sum / n))
        .collect()
}
