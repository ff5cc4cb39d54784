//! The sample quantile by linear interpolation, as most tools report it.
//!
//! In: a sorted sample. Out: a bare number, for comparison with other tools and for resampling; results
//! for people come from `quantile`, which adds an interval.
//! Source: R. J. Hyndman, Y. Fan, The American Statistician 50 (1996), type 7; NumPy's default.

use super::Sorted;
use crate::StatsError;
use crate::error::check_quantile_level;

/// Returns the type 7 quantile: the value at position `(n - 1) p`, interpolated.
///
/// Checked by `data_latency_quantiles`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless `0 < p < 1` (by 1e-9).
pub fn interpolated(sample: &Sorted, p: f64) -> Result<f64, StatsError> {
    check_quantile_level(p)?;
    Ok(of_sorted(sample.values(), p))
}

/// Type 7 quantile of ascending values for `p` in [0, 1]; NaN without values.
pub(crate) fn of_sorted(values: &[f64], p: f64) -> f64 {
    let position = values.len().saturating_sub(1) as f64 * p;
    let below = position.floor() as usize;
    let share = position - below as f64;
    let Some(low) = values.get(below).copied() else {
        return f64::NAN;
    };
    let high = values.get(below + 1).copied().unwrap_or(low);
    if share <= 0.0 {
        // Replicates may be infinite, and 0 times infinity is not 0.
        return low;
    }
    // NumPy's form: exact at both ends.
    if share < 0.5 {
        low + (high - low) * share
    } else {
        high - (high - low) * (1.0 - share)
    }
}
