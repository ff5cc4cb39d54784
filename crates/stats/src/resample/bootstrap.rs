//! The bootstrap: percentile and bias-corrected accelerated intervals.
//!
//! In: independent values, a statistic. Out: a [`Bootstrap`], which gives intervals at any level.
//! Conditions: at least [`MIN_VALUES`] values that are not all equal; below about 50 values even BCa
//! covers less than claimed. Not for extreme quantiles of small samples.
//! Source: B. Efron, JASA 82 (1987); B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap (1993),
//! chapter 14.

use super::{IndexStream, Resampling};
use crate::error::{TooFew, check_finite};
use crate::mean::mean;
use crate::quantile::interpolated_of;
use crate::special::normal;
use crate::{Confidence, Estimate, Method, StatsError};

/// Fewest values to resample: nine values have only 24,310 distinct resamples, five only 126.
pub const MIN_VALUES: usize = 10;

/// Two replicates closer than this times their magnitude are the same number, computed in another order.
const ROUNDING: f64 = 1e-12;

/// The replicates of a statistic, ready to give intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    point: f64,
    replicates: Vec<f64>,
    acceleration: f64,
    n: usize,
}

impl Bootstrap {
    /// Keeps replicates; `jackknife` are the statistic's values with one observation left out each.
    pub(crate) fn new(point: f64, mut replicates: Vec<f64>, jackknife: &[f64]) -> Self {
        replicates.sort_unstable_by(f64::total_cmp);
        Self {
            point,
            replicates,
            acceleration: acceleration(jackknife),
            n: jackknife.len(),
        }
    }

    /// Returns the statistic of the data.
    #[must_use]
    pub fn point(&self) -> f64 {
        self.point
    }

    /// Returns the statistic of every resample, ascending.
    #[must_use]
    pub fn replicates(&self) -> &[f64] {
        &self.replicates
    }

    /// Returns the standard error: the standard deviation of the replicates (with B - 1).
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        let centre = mean(&self.replicates);
        let squares: f64 = self
            .replicates
            .iter()
            .map(|r| (r - centre) * (r - centre))
            .sum();
        (squares / (self.replicates.len() as f64 - 1.0).max(1.0)).sqrt()
    }

    /// Returns the bias correction `z0 = Φ⁻¹((#{t* < t} + #{t* = t}/2) / B)`, kept finite.
    #[must_use]
    pub fn bias_correction(&self) -> f64 {
        let tolerance = ROUNDING * self.point.abs();
        let below = self
            .replicates
            .partition_point(|r| *r < self.point - tolerance);
        let up_to = self
            .replicates
            .partition_point(|r| *r <= self.point + tolerance);
        let size = self.replicates.len() as f64;
        let share = (below as f64 + 0.5 * (up_to - below) as f64) / size;
        normal::quantile(share.clamp(0.5 / size, 1.0 - 0.5 / size))
    }

    /// Returns the acceleration `Σu³ / (6 (Σu²)^1.5)`, u from the jackknife.
    #[must_use]
    pub fn acceleration(&self) -> f64 {
        self.acceleration
    }

    /// Returns the percentile interval: the `α/2` and `1 - α/2` quantiles of the replicates.
    #[must_use]
    pub fn percentile(&self, confidence: Confidence) -> Estimate {
        let tail = confidence.alpha() / 2.0;
        self.estimate(tail, 1.0 - tail, confidence, Method::BootstrapPercentile)
    }

    /// Returns the BCa interval: quantiles at `Φ(z0 + (z0 ± z) / (1 - a (z0 ± z)))`.
    ///
    /// Checked by `data_bootstrap_intervals`.
    #[must_use]
    pub fn bca(&self, confidence: Confidence) -> Estimate {
        let (low, high) = self.bca_levels(confidence);
        self.estimate(low, high, confidence, Method::BootstrapBca)
    }

    /// Lower and upper quantile level of the BCa interval.
    pub(crate) fn bca_levels(&self, confidence: Confidence) -> (f64, f64) {
        let z0 = self.bias_correction();
        let z = confidence.z_two_sided();
        let level = |shifted: f64| {
            let denominator = 1.0 - self.acceleration * shifted;
            // Past the pole of the correction the level is the end it was heading for.
            if denominator > 0.0 {
                normal::cdf(z0 + shifted / denominator)
            } else {
                f64::from(u8::from(shifted > 0.0))
            }
        };
        (level(z0 - z), level(z0 + z))
    }

    fn estimate(&self, low: f64, high: f64, confidence: Confidence, method: Method) -> Estimate {
        Estimate {
            point: self.point,
            low: interpolated_of(&self.replicates, low),
            high: interpolated_of(&self.replicates, high),
            confidence,
            n: self.n,
            method,
            standard_error: Some(self.standard_error()),
        }
    }
}

/// Bootstraps the mean of `values`.
///
/// Checked by `data_bootstrap_intervals`.
///
/// # Errors
/// [`StatsError::TooFew`] below [`MIN_VALUES`], [`StatsError::NoSpread`] when all values are equal,
/// [`StatsError::NotFinite`].
pub fn bootstrap_mean(values: &[f64], resampling: &Resampling) -> Result<Bootstrap, StatsError> {
    check(values)?;
    let n = values.len();
    let size = n as f64;
    let mut stream = resampling.stream();
    let replicates = (0..resampling.count())
        .map(|_| {
            let total: f64 = (0..n)
                .map(|_| values.get(stream.next_index(n)).copied().unwrap_or(0.0))
                .sum();
            total / size
        })
        .collect();
    let total: f64 = values.iter().sum();
    let jackknife: Vec<f64> = values.iter().map(|v| (total - v) / (size - 1.0)).collect();
    Ok(Bootstrap::new(total / size, replicates, &jackknife))
}

/// Bootstraps any statistic of `values`.
///
/// `statistic` may reorder the slice it is given (never empty). It is called once per resample and once
/// per value, so the work is `(resamples + n)` times its cost. Checked by `data_bootstrap_intervals`.
///
/// # Errors
/// As [`bootstrap_mean`]; [`StatsError::NotFinite`] also when the statistic is not finite, with the
/// position of the resample.
pub fn bootstrap_statistic(
    values: &[f64],
    resampling: &Resampling,
    statistic: impl Fn(&mut [f64]) -> f64,
) -> Result<Bootstrap, StatsError> {
    check(values)?;
    let n = values.len();
    let mut stream = resampling.stream();
    let mut buffer = values.to_vec();
    let point = statistic(&mut buffer);
    let mut replicates = Vec::with_capacity(resampling.count());
    for _ in 0..resampling.count() {
        for slot in &mut buffer {
            *slot = values.get(stream.next_index(n)).copied().unwrap_or(0.0);
        }
        replicates.push(statistic(&mut buffer));
    }
    let mut jackknife = Vec::with_capacity(n);
    for left_out in 0..n {
        buffer.clear();
        buffer.extend(
            values
                .iter()
                .enumerate()
                .filter(|(idx, _)| *idx != left_out)
                .map(|(_, v)| *v),
        );
        jackknife.push(statistic(&mut buffer));
    }
    check_finite(&[point])?;
    check_finite(&replicates)?;
    check_finite(&jackknife)?;
    Ok(Bootstrap::new(point, replicates, &jackknife))
}

fn check(values: &[f64]) -> Result<(), StatsError> {
    check_finite(values)?;
    TooFew::check(values.len(), MIN_VALUES)?;
    if values.windows(2).all(|pair| pair.first() == pair.last()) {
        return Err(StatsError::NoSpread { n: values.len() });
    }
    Ok(())
}

fn acceleration(jackknife: &[f64]) -> f64 {
    let centre = mean(jackknife);
    let (squares, cubes) = jackknife
        .iter()
        .map(|j| centre - j)
        .fold((0.0, 0.0), |(s, c), u| (s + u * u, c + u * u * u));
    if squares > 0.0 {
        cubes / (6.0 * squares.powf(1.5))
    } else {
        0.0
    }
}
