//! The interval of a mean, by the method that fits the sample.
//!
//! Scores and money: bootstrap (BCa, 2,000 resamples) for 10 to 300 independent items (fewer with more
//! than 20 candidates); Student t beyond, where the two agree and the bootstrap would only be slow;
//! Student t over linearised values with weights or clusters, and below 10 items. Times and tokens:
//! Student t.

use trilemma_stats::mean::bounded_mean;
use trilemma_stats::resample::{MIN_VALUES, Resampling, bootstrap_mean, ratio_of_means};
use trilemma_stats::{Confidence, Estimate, StatsError};

use crate::figure::Method;
use crate::sample::Values;

/// An estimate and how it was made.
pub(crate) type Made = (Estimate, Method);

/// The mean of any values.
///
/// # Errors
/// [`StatsError::TooFew`] below two items, [`StatsError::NoSpread`] when all values are equal.
pub(crate) fn mean(values: &Values, confidence: Confidence, seed: u64) -> Result<Made, StatsError> {
    if values.resampled() {
        let bootstrap = bootstrap_mean(&values.x, &Resampling::new(seed))?;
        return Ok((bootstrap.bca(confidence), Method::BootstrapBca));
    }
    mean_t(values, confidence)
}

/// The mean of any values by Student's t.
///
/// # Errors
/// As [`mean`].
pub(crate) fn mean_t(values: &Values, confidence: Confidence) -> Result<Made, StatsError> {
    Ok((values.t_interval(confidence)?, t_method(values)))
}

/// The mean of values in [0, 1]: always has an interval where there is a value.
pub(crate) fn bounded(values: &Values, confidence: Confidence, seed: u64) -> Option<Made> {
    if values.n() >= MIN_VALUES
        && let Ok(made) = mean(values, confidence, seed)
    {
        return Some(made);
    }
    // Few or equal values: what holds for any distribution, on as many values as the design allows.
    let worth = values.n_independent().floor().max(1.0) as usize;
    let kept = values.x.get(..worth.min(values.n()))?;
    let mut estimate = bounded_mean(kept, confidence).ok()?;
    let point = values.mean()?.clamp(0.0, 1.0);
    estimate.low = (estimate.low + point - estimate.point).min(point);
    estimate.high = (estimate.high + point - estimate.point).max(point);
    estimate.point = point;
    estimate.n = values.n();
    Some((estimate, Method::Chernoff))
}

/// `Σ top / Σ bottom`, which vary together.
///
/// Linearised: the mean of `(top − R · bottom) / mean(bottom)` around R.
///
/// # Errors
/// As [`mean`], and [`StatsError::Unbounded`] when the bottom may be zero.
pub(crate) fn ratio(
    top: &Values,
    bottom: &Values,
    confidence: Confidence,
    seed: u64,
) -> Result<Made, StatsError> {
    if top.resampled() {
        let estimate = ratio_of_means(&top.x, &bottom.x, confidence, &Resampling::new(seed))?;
        return Ok((estimate, Method::BootstrapBca));
    }
    let (over, under) = (top.mean().unwrap_or(0.0), bottom.mean().unwrap_or(0.0));
    if under <= 0.0 {
        return Err(StatsError::Unbounded { low: None });
    }
    let point = over / under;
    let rest = top
        .x
        .iter()
        .zip(&bottom.x)
        .map(|(t, b)| (t - point * b) / under)
        .collect();
    let around = top.with_values(rest).t_interval(confidence)?;
    let estimate = Estimate {
        point,
        low: point + around.low,
        high: point + around.high,
        ..around
    };
    Ok((estimate, Method::LinearisedRatio))
}

fn t_method(values: &Values) -> Method {
    if values.is_simple() {
        Method::StudentT
    } else {
        Method::StudentTClustered
    }
}
