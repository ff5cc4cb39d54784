//! The mean with its standard error and Student's t interval.
//!
//! In: independent finite values. Out: mean, `SE = s / sqrt(n)` (s with n - 1), `mean ± t SE`. Conditions:
//! the mean is about normal, which fails for few, skewed or nearly constant values: rates near 1 belong
//! to `proportion`, latencies to `quantile`.
//! Source: Student, Biometrika 6 (1908).

use crate::error::{TooFew, check_finite};
use crate::special::student;
use crate::{Confidence, Estimate, Method, StatsError};

/// Returns the mean with its t interval.
///
/// Checked by `data_paired_cells`.
///
/// # Errors
/// [`StatsError::TooFew`] below 2 values, [`StatsError::NoSpread`] when all are equal,
/// [`StatsError::NotFinite`].
pub fn mean_t(values: &[f64], confidence: Confidence) -> Result<Estimate, StatsError> {
    let error = standard_error(values)?;
    if error <= 0.0 {
        return Err(StatsError::NoSpread { n: values.len() });
    }
    let point = mean(values);
    let half = student::two_sided_critical(values.len() as f64 - 1.0, confidence.alpha()) * error;
    Ok(Estimate {
        point,
        low: point - half,
        high: point + half,
        confidence,
        n: values.len(),
        method: Method::StudentT,
        standard_error: Some(error),
    })
}

/// Returns the standard error of the mean, `sqrt(Σ(x - mean)² / (n (n - 1)))`; 0 when all are equal.
///
/// # Errors
/// [`StatsError::TooFew`] below 2 values, [`StatsError::NotFinite`].
pub fn standard_error(values: &[f64]) -> Result<f64, StatsError> {
    check_finite(values)?;
    TooFew::check(values.len(), 2)?;
    // Equal values leave rounding dust in the mean, which must not pass for a spread.
    if values.windows(2).all(|pair| pair.first() == pair.last()) {
        return Ok(0.0);
    }
    let n = values.len() as f64;
    let centre = mean(values);
    let squares: f64 = values.iter().map(|v| (v - centre) * (v - centre)).sum();
    Ok((squares / (n * (n - 1.0))).sqrt())
}

/// Returns the standard error of the difference of two *independent* means.
///
/// For candidates measured on the same items this is the wrong figure (usually far too large): use the
/// standard error of the paired differences. Kept so that a report can show what pairing gained. Checked
/// by `data_paired_cells`.
///
/// # Errors
/// As [`standard_error`], of either sample.
pub fn independent_standard_error(first: &[f64], second: &[f64]) -> Result<f64, StatsError> {
    Ok(standard_error(first)?.hypot(standard_error(second)?))
}

/// Mean of a non-empty slice.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
