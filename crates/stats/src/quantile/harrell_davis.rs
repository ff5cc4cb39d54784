//! Harrell and Davis's quantile: a weighted mean of all order statistics.
//!
//! In: a sorted sample. Out: a point that varies less from run to run than a single order statistic,
//! most of all in the tail. It is smooth, so the bootstrap may be used on it. Conditions: independent
//! values; one huge outlier moves extreme quantiles more than it moves an order statistic.
//! Source: F. E. Harrell, C. E. Davis, Biometrika 69 (1982).

use super::Sorted;
use crate::StatsError;
use crate::error::check_quantile_level;
use crate::special::beta;

/// Beyond this many standard deviations from the centre a weight is below 1e-18.
const NEGLIGIBLE_BEYOND: f64 = 9.0;

/// Returns the Harrell-Davis point of the `p` quantile, without interval.
///
/// `Σ_i x_(i) (I_{i/n}(a, b) - I_{(i-1)/n}(a, b))`, `a = (n+1)p`, `b = (n+1)(1-p)`; weights too small to
/// matter are not computed. Checked by `data_latency_quantiles`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless `0 < p < 1` (by 1e-9).
pub fn harrell_davis(sample: &Sorted, p: f64) -> Result<f64, StatsError> {
    check_quantile_level(p)?;
    Ok(Weights::new(sample.n(), p).apply(sample.values()))
}

/// Cumulative Harrell-Davis weights of a sample size: `cumulative[j] = I_{(first + j)/n}(a, b)`.
pub(crate) struct Weights {
    first: usize,
    cumulative: Vec<f64>,
}

impl Weights {
    /// Computes the weights for `n >= 1` values and `p` in (0, 1).
    pub(crate) fn new(n: usize, p: f64) -> Self {
        let size = n as f64;
        let (a, b) = ((size + 1.0) * p, (size + 1.0) * (1.0 - p));
        let spread = (p * (1.0 - p) / (size + 2.0)).sqrt();
        let reach = NEGLIGIBLE_BEYOND * spread + NEGLIGIBLE_BEYOND / size;
        let first = ((p - reach) * size).floor().max(0.0) as usize;
        let last = (((p + reach) * size).ceil() as usize).clamp(first + 1, n);
        // The ends are exactly 0 and 1 so that the weights sum to 1.
        let cumulative = (first..=last)
            .map(|i| {
                if i == first {
                    0.0
                } else if i == last {
                    1.0
                } else {
                    beta::cdf(a, b, i as f64 / size)
                }
            })
            .collect();
        Self { first, cumulative }
    }

    /// Weight of all order statistics up to and including number `count` (counted from 1).
    pub(crate) fn up_to(&self, count: usize) -> f64 {
        match count.checked_sub(self.first) {
            None => 0.0,
            Some(offset) => self.cumulative.get(offset).copied().unwrap_or(1.0),
        }
    }

    fn apply(&self, ascending: &[f64]) -> f64 {
        let weighted = self
            .cumulative
            .windows(2)
            .zip(ascending.iter().skip(self.first));
        weighted
            .map(|(pair, value)| {
                value * (pair.last().unwrap_or(&0.0) - pair.first().unwrap_or(&0.0))
            })
            .sum()
    }
}
