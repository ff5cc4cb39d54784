//! Two candidates on the same requests: how much slower is the first, and how sure is that.
//!
//! Pairs are requests of the same number: the same prompt at the same intended moment. The difference of
//! Harrell-Davis quantiles is bootstrapped over pairs, so that what slows both (a long prompt, a busy minute)
//! counts for neither.

use trilemma_domain::{CandidateId, LoadComparison, LoadMetric};
use trilemma_stats::Confidence;
use trilemma_stats::resample::{Resampling, paired_quantile_difference};

use super::point::Point;

/// More pairs than this are thinned out evenly: the interval is narrow enough by then.
const MOST_PAIRS: usize = 20_000;
const LEVELS: [f64; 2] = [0.5, 0.95];

/// Compares two candidates at median and p95 of one time; points in the order of their numbers.
#[must_use]
pub fn compare(
    (first, first_points): (&CandidateId, &[&Point]),
    (second, second_points): (&CandidateId, &[&Point]),
    metric: LoadMetric,
    seed: u64,
) -> Vec<LoadComparison> {
    let pairs = pairs(first_points, second_points, metric);
    let every = pairs.len().div_ceil(MOST_PAIRS).max(1);
    let (left, right): (Vec<f64>, Vec<f64>) = pairs.into_iter().step_by(every).unzip();
    LEVELS
        .into_iter()
        .map(|p| {
            let resampling = Resampling::new(seed);
            let found =
                paired_quantile_difference(&left, &right, p, Confidence::P95, &resampling).ok();
            LoadComparison {
                first: first.clone(),
                second: second.clone(),
                metric,
                p,
                n: left.len() as u64,
                difference_ms: found.as_ref().map(|found| found.point),
                low_ms: found.as_ref().map(|found| found.low),
                high_ms: found.as_ref().map(|found| found.high),
            }
        })
        .collect()
}

/// Times of both where both have one.
fn pairs(first: &[&Point], second: &[&Point], metric: LoadMetric) -> Vec<(f64, f64)> {
    let mut pairs = Vec::new();
    let mut others = second.iter().peekable();
    for one in first {
        while others.next_if(|other| other.number < one.number).is_some() {}
        let Some(other) = others.next_if(|other| other.number == one.number) else {
            continue;
        };
        let both = (one.value(metric).known(), other.value(metric).known());
        if let (Some(left), Some(right)) = both {
            pairs.push((left, right));
        }
    }
    pairs
}
