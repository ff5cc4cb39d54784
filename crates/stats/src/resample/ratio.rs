//! A ratio of two means over the same items, such as cost per accepted answer.
//!
//! In: numerator and denominator of each item. Out: `Σ numerator / Σ denominator` with a BCa interval that
//! keeps the two together, since they vary together. Conditions: independent items. When the denominator
//! may well be zero (few accepted answers) there is no upper end, and that is what it says.
//! Source: as `bootstrap`; the ratio is biased by order 1/n, which BCa corrects.

use super::bootstrap::{Bootstrap, MIN_VALUES};
use super::{IndexStream, Resampling};
use crate::error::{TooFew, check_finite, check_same_length};
use crate::{Confidence, Estimate, StatsError};

/// Returns `Σ numerator / Σ denominator` with its BCa interval.
///
/// Denominators are at least 0. Checked by `ratio_covers_the_truth`.
///
/// # Errors
/// [`StatsError::Unbounded`] when the denominator is zero, or zero in so many resamples that no upper end
/// exists; [`StatsError::TooFew`] below ten items; [`StatsError::NoSpread`] when the ratio is the same in
/// every item; [`StatsError::OutOfRange`] for a negative denominator; [`StatsError::LengthMismatch`];
/// [`StatsError::NotFinite`].
pub fn ratio_of_means(
    numerator: &[f64],
    denominator: &[f64],
    confidence: Confidence,
    resampling: &Resampling,
) -> Result<Estimate, StatsError> {
    let estimate = bootstrap_ratio(numerator, denominator, resampling)?.bca(confidence);
    if estimate.high.is_finite() {
        return Ok(Estimate {
            standard_error: estimate.standard_error.filter(|e| e.is_finite()),
            ..estimate
        });
    }
    Err(StatsError::Unbounded {
        low: Some(estimate.low).filter(|low| low.is_finite()),
    })
}

/// Replicates of the ratio; those with denominator 0 are infinite.
pub(crate) fn bootstrap_ratio(
    numerator: &[f64],
    denominator: &[f64],
    resampling: &Resampling,
) -> Result<Bootstrap, StatsError> {
    check_same_length(numerator.len(), denominator.len())?;
    check_finite(numerator)?;
    check_finite(denominator)?;
    if let Some(value) = denominator.iter().find(|d| **d < 0.0) {
        return Err(StatsError::OutOfRange {
            parameter: "denominator",
            value: *value,
            range: "at least 0",
        });
    }
    let n = numerator.len();
    TooFew::check(n, MIN_VALUES)?;
    let items: Vec<(f64, f64)> = numerator
        .iter()
        .copied()
        .zip(denominator.iter().copied())
        .collect();
    let (top, bottom) = items
        .iter()
        .fold((0.0, 0.0), |(t, b), (x, y)| (t + x, b + y));
    if bottom <= 0.0 {
        return Err(StatsError::Unbounded { low: None });
    }
    let point = top / bottom;
    if items
        .iter()
        .all(|(x, y)| (x - point * y).abs() <= 1e-12 * (x.abs() + (point * y).abs()))
    {
        return Err(StatsError::NoSpread { n });
    }
    let mut stream = resampling.stream();
    let replicates = (0..resampling.count())
        .map(|_| {
            let (t, b) = (0..n).fold((0.0, 0.0), |(t, b), _| {
                let (x, y) = items.get(stream.next_index(n)).copied().unwrap_or_default();
                (t + x, b + y)
            });
            if b > 0.0 { t / b } else { f64::INFINITY }
        })
        .collect();
    let jackknife: Vec<f64> = items
        .iter()
        .map(|(x, y)| (top - x) / (bottom - y))
        .collect();
    if jackknife.iter().any(|j| !j.is_finite()) {
        // One item carries the whole denominator: without it there is no ratio.
        return Err(StatsError::Unbounded { low: None });
    }
    Ok(Bootstrap::new(point, replicates, &jackknife))
}
