//! Difference of two means on the same items, for graded scores.
//!
//! In: one value of each alternative per item, in the same order. Out: BCa interval of the mean
//! difference (first minus second); `sign_flip` gives the p value. For pass or fail use `paired`.
//! Source: as `bootstrap`, on the differences.

use super::{Resampling, bootstrap_mean};
use crate::error::{check_finite, check_same_length};
use crate::{Confidence, Estimate, StatsError};

/// Returns the mean of `first - second` with its BCa interval.
///
/// Checked by `data_bootstrap_intervals`.
///
/// # Errors
/// [`StatsError::LengthMismatch`], [`StatsError::TooFew`] below ten pairs, [`StatsError::NoSpread`] when all
/// differences are equal, [`StatsError::NotFinite`].
pub fn paired_mean_difference(
    first: &[f64],
    second: &[f64],
    confidence: Confidence,
    resampling: &Resampling,
) -> Result<Estimate, StatsError> {
    Ok(bootstrap_mean(&differences(first, second)?, resampling)?.bca(confidence))
}

/// Returns `first - second`, item by item.
///
/// # Errors
/// [`StatsError::LengthMismatch`], [`StatsError::NotFinite`].
pub fn differences(first: &[f64], second: &[f64]) -> Result<Vec<f64>, StatsError> {
    check_same_length(first.len(), second.len())?;
    check_finite(first)?;
    check_finite(second)?;
    Ok(first.iter().zip(second).map(|(a, b)| a - b).collect())
}
