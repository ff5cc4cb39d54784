//! Distribution-free interval of a quantile, between two order statistics.
//!
//! In: a sorted sample. Out: interval or one-sided bound that holds for any continuous distribution, or
//! the number of values that it would take: a 95 % interval of p95 needs 72 values, of p99 368.
//! Conditions: independent values. It cannot be narrower than the gaps between values.
//! Source: the number of values below the quantile is Bin(n, p); ranks as in `scipy.stats.quantile_test`.

use super::{Sorted, harrell_davis};
use crate::error::{StatsError, TooFew, check_quantile_level};
use crate::special::binomial;
use crate::{Bound, Confidence, Estimate, Method, Side};

/// Returns the `p` quantile: Harrell-Davis point, interval `[x_(r), x_(s)]`.
///
/// `r` is the `α/2` quantile of Bin(n, p) and `s - 1` its upper `α/2` quantile (ranks counted from 1). The
/// interval is widened to the point in the rare sample whose point lies outside. Checked by
/// `data_latency_quantiles`.
///
/// # Errors
/// [`StatsError::TooFew`] where n cannot support the interval, with the n that can;
/// [`StatsError::OutOfRange`] unless `0 < p < 1` (by 1e-9).
pub fn quantile(sample: &Sorted, p: f64, confidence: Confidence) -> Result<Estimate, StatsError> {
    let point = harrell_davis(sample, p)?;
    let n = sample.n();
    TooFew::check(n, needed_for_interval(p, confidence)?)?;
    let tail = confidence.alpha() / 2.0;
    let low = sample.at(binomial::quantile(tail, n, p).saturating_sub(1));
    let high = sample.at(binomial::upper_quantile(tail, n, p));
    Ok(Estimate {
        point,
        low: low.min(point),
        high: high.max(point),
        confidence,
        n,
        method: Method::OrderStatistics,
        standard_error: None,
    })
}

/// Returns the `p` quantile of values that are worth only `n_effective` independent ones.
///
/// Ranks as in [`quantile`], taken of Bin(⌊n_effective⌋, p) and stretched to the n values: the interval for
/// the share below the quantile is that of the effective number, and its ends are read off the sample (R. S.
/// Woodruff, JASA 47, 1952). Checked by `dependent_values_are_worth_fewer`.
///
/// # Errors
/// [`StatsError::TooFew`] where the effective number cannot support the interval;
/// [`StatsError::OutOfRange`] unless `0 < p < 1` (by 1e-9) and `1 <= n_effective <= n`.
pub fn quantile_of_dependent(
    sample: &Sorted,
    n_effective: f64,
    p: f64,
    confidence: Confidence,
) -> Result<Estimate, StatsError> {
    let point = harrell_davis(sample, p)?;
    let n = sample.n();
    if !(1.0..=n as f64).contains(&n_effective) {
        return Err(StatsError::OutOfRange {
            parameter: "n_effective",
            value: n_effective,
            range: "from 1 to the number of values",
        });
    }
    let worth = n_effective.floor() as usize;
    TooFew::check(worth, needed_for_interval(p, confidence)?)?;
    let tail = confidence.alpha() / 2.0;
    let stretch = n as f64 / worth as f64;
    let below = binomial::quantile(tail, worth, p).saturating_sub(1) as f64;
    let above = binomial::upper_quantile(tail, worth, p) as f64;
    let low = sample.at((below * stretch).floor() as usize);
    let high = sample.at(((above + 1.0) * stretch).ceil() as usize - 1);
    Ok(Estimate {
        point,
        low: low.min(point),
        high: high.max(point),
        confidence,
        n,
        method: Method::OrderStatistics,
        standard_error: None,
    })
}

/// Returns a one-sided bound of the `p` quantile: "with this confidence p95 is at most …".
///
/// # Errors
/// As [`quantile`]; the upper bound of p95 at 95 % needs 59 values.
pub fn quantile_bound(
    sample: &Sorted,
    p: f64,
    confidence: Confidence,
    side: Side,
) -> Result<Bound, StatsError> {
    let n = sample.n();
    TooFew::check(n, needed_for_bound(p, confidence, side)?)?;
    let value = match side {
        Side::Lower => sample.at(binomial::quantile(confidence.alpha(), n, p).saturating_sub(1)),
        Side::Upper => sample.at(binomial::upper_quantile(confidence.alpha(), n, p)),
    };
    Ok(Bound {
        value,
        side,
        confidence,
        n,
        method: Method::OrderStatistics,
    })
}

/// Returns how many values the two-sided interval of the `p` quantile needs.
///
/// Smallest n with `p^n <= α/2` and `(1-p)^n <= α/2`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless `0 < p < 1` (by 1e-9).
pub fn needed_for_interval(p: f64, confidence: Confidence) -> Result<usize, StatsError> {
    check_quantile_level(p)?;
    let tail = confidence.alpha() / 2.0;
    Ok(needed(p, tail).max(needed(1.0 - p, tail)))
}

/// Returns how many values a one-sided bound of the `p` quantile needs.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless `0 < p < 1` (by 1e-9).
pub fn needed_for_bound(p: f64, confidence: Confidence, side: Side) -> Result<usize, StatsError> {
    check_quantile_level(p)?;
    Ok(match side {
        Side::Lower => needed(1.0 - p, confidence.alpha()),
        Side::Upper => needed(p, confidence.alpha()),
    })
}

/// Smallest n with `share^n <= tail`; a cast of an enormous float saturates.
fn needed(share: f64, tail: f64) -> usize {
    ((tail.ln() / share.ln()).ceil() as usize).max(1)
}
