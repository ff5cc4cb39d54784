//! Means of what keeps coming in, with intervals that hold however often one looks.
//!
//! In: values in the order of the requests. Out: the mean with a 95 % confidence sequence: exact by betting for values
//! in [0, 1], asymptotic for amounts (docs/methods.md). None where there are too few.

use trilemma_stats::mean::Running;
use trilemma_stats::sequential::{
    Population, asymptotic_mean, betting_mean, empirical_bernstein_mean,
};
use trilemma_stats::{Confidence, Estimate};

/// More values than this take too long to bet on.
const MOST_BETS: usize = 20_000;
/// Fewer values than this say nothing.
const LEAST: usize = 10;

/// The mean of values in [0, 1].
pub(super) fn bounded(values: &[f64]) -> Option<Estimate> {
    if values.len() < LEAST {
        None
    } else if values.len() <= MOST_BETS {
        betting_mean(values, Confidence::P95, Population::Source).ok()
    } else {
        empirical_bernstein_mean(values, Confidence::P95).ok()
    }
}

/// The mean of amounts: point, low, high.
pub(super) fn unbounded(values: &Running) -> Option<[f64; 3]> {
    asymptotic_mean(values, Confidence::P95)
}
