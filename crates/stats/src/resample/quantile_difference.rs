//! Difference of the same quantile of two alternatives on the same items, such as p95 latency.
//!
//! In: one value of each alternative per item, in the same order. Out: the difference of Harrell-Davis
//! points (first minus second) with a percentile bootstrap interval that resamples items, so that an item
//! that is slow for both counts for both. Conditions: independent items, and enough of them for the
//! quantile to be known at all (72 for p95), else it says how many.
//! Source: R. R. Wilcox, Introduction to Robust Estimation and Hypothesis Testing (2012).

use super::{IndexStream, Resampling};
use crate::error::{TooFew, check_finite, check_same_length};
use crate::quantile::{Weights, needed_for_interval};
use crate::special::normal;
use crate::{Confidence, Estimate, Method, StatsError};

/// Returns (p quantile of `first`) - (p quantile of `second`) with its percentile interval.
///
/// Values are sorted once; a resample is a count per order statistic, so the work is resamples times n.
/// Checked by `quantile_difference_covers_the_truth`.
///
/// # Errors
/// [`StatsError::TooFew`] where n cannot support the quantile, [`StatsError::LengthMismatch`],
/// [`StatsError::NotFinite`], [`StatsError::OutOfRange`] unless `0 < p < 1` (by 1e-9), [`StatsError::NoSpread`] when
/// all differences are equal.
pub fn paired_quantile_difference(
    first: &[f64],
    second: &[f64],
    p: f64,
    confidence: Confidence,
    resampling: &Resampling,
) -> Result<Estimate, StatsError> {
    check_same_length(first.len(), second.len())?;
    check_finite(first)?;
    check_finite(second)?;
    let n = first.len();
    TooFew::check(n, needed_for_interval(p, confidence)?)?;
    let shift = |pair: (&f64, &f64)| pair.0 - pair.1;
    let mut shifts = first.iter().zip(second).map(shift);
    let leading = shifts.next();
    if shifts.all(|s| Some(s) == leading) {
        return Err(StatsError::NoSpread { n });
    }
    let weights = Weights::new(n, p);
    let (mut left, mut right) = (Ranked::new(first), Ranked::new(second));
    let point = left.whole(&weights) - right.whole(&weights);
    let mut stream = resampling.stream();
    let mut replicates = Vec::with_capacity(resampling.count());
    for _ in 0..resampling.count() {
        for _ in 0..n {
            let item = stream.next_index(n);
            left.draw(item);
            right.draw(item);
        }
        replicates.push(left.take(&weights) - right.take(&weights));
    }
    replicates.sort_unstable_by(f64::total_cmp);
    Ok(percentile(point, &replicates, confidence, n))
}

fn percentile(point: f64, replicates: &[f64], confidence: Confidence, n: usize) -> Estimate {
    let tail = normal::cdf(-confidence.z_two_sided());
    let centre = crate::mean::mean(replicates);
    let squares: f64 = replicates.iter().map(|r| (r - centre) * (r - centre)).sum();
    Estimate {
        point,
        low: crate::quantile::interpolated_of(replicates, tail),
        high: crate::quantile::interpolated_of(replicates, 1.0 - tail),
        confidence,
        n,
        method: Method::BootstrapPercentile,
        standard_error: Some((squares / (replicates.len() as f64 - 1.0).max(1.0)).sqrt()),
    }
}

/// Values with their ranks and how often each was drawn into the current resample.
struct Ranked {
    ascending: Vec<f64>,
    rank_of_item: Vec<usize>,
    drawn: Vec<u32>,
}

impl Ranked {
    fn new(values: &[f64]) -> Self {
        let mut order: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut rank_of_item = vec![0; values.len()];
        for (rank, (item, _)) in order.iter().enumerate() {
            if let Some(slot) = rank_of_item.get_mut(*item) {
                *slot = rank;
            }
        }
        let ascending = order.into_iter().map(|(_, value)| value).collect();
        Self {
            ascending,
            rank_of_item,
            drawn: vec![0; values.len()],
        }
    }

    fn draw(&mut self, item: usize) {
        if let Some(count) = self
            .rank_of_item
            .get(item)
            .and_then(|rank| self.drawn.get_mut(*rank))
        {
            *count += 1;
        }
    }

    /// Quantile of the data themselves.
    fn whole(&mut self, weights: &Weights) -> f64 {
        self.drawn.fill(1);
        self.take(weights)
    }

    /// Quantile of the current resample, which is then forgotten.
    fn take(&mut self, weights: &Weights) -> f64 {
        let (mut count, mut before, mut total) = (0, 0.0, 0.0);
        for (value, drawn) in self.ascending.iter().zip(&mut self.drawn) {
            if *drawn > 0 {
                count += *drawn as usize;
                *drawn = 0;
                let up_to = weights.up_to(count);
                total += value * (up_to - before);
                before = up_to;
            }
        }
        total
    }
}
