//! Means and shares of items of which some belong together.
//!
//! In: a value per item, and the number of its group. Out: the mean with its 95 % interval: over items where each is a
//! group of its own, else over groups (BCa from ten groups on, Student's t below). Where groups do not differ, a share
//! has as many observations as there are groups.

use trilemma_stats::mean::clustered_mean;
use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::resample::{Resampling, bootstrap_mean, cluster_bootstrap_mean};
use trilemma_stats::{Confidence, Estimate};

use super::beside::is_independent;

/// The mean of amounts; `None` = all alike, or too few.
pub(super) fn mean(values: &[f64], (groups, seed): (&[usize], u64)) -> Option<Estimate> {
    let resampling = Resampling::new(seed);
    if is_independent(groups) {
        let found = bootstrap_mean(values, &resampling).ok()?;
        return Some(found.percentile(Confidence::P95));
    }
    cluster_bootstrap_mean(values, groups, Confidence::P95, &resampling)
        .or_else(|_| clustered_mean(values, groups, Confidence::P95))
        .ok()
        .filter(|found| found.high > found.low)
}

/// The mean of amounts that are never below zero.
pub(super) fn usd(values: &[f64], groups: (&[usize], u64)) -> Option<Estimate> {
    mean(values, groups).map(|found| Estimate {
        low: found.low.max(0.0),
        ..found
    })
}

/// The share of items of which something is so; `None` = there are none.
pub(super) fn share(is_so: &[bool], (groups, seed): (&[usize], u64)) -> Option<Estimate> {
    let n_so = is_so.iter().filter(|is| **is).count();
    if is_independent(groups) {
        let count = Count::new(n_so, is_so.len()).ok()?;
        return Some(wilson(count, Confidence::P95));
    }
    let values: Vec<f64> = is_so.iter().map(|is| f64::from(u8::from(*is))).collect();
    let found = mean(&values, (groups, seed)).map(|found| Estimate {
        low: found.low.clamp(0.0, 1.0),
        high: found.high.clamp(0.0, 1.0),
        ..found
    });
    found.or_else(|| {
        let n_groups = groups.iter().max()? + 1;
        let rate = n_so as f64 / is_so.len().max(1) as f64;
        let count = Count::new((rate * n_groups as f64).round() as usize, n_groups).ok()?;
        Some(Estimate {
            n: is_so.len(),
            point: rate,
            ..wilson(count, Confidence::P95)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items that are copies of one another widen nothing less than the items that they copy.
    fn check(copies: usize, is_so: impl Fn(usize) -> bool) -> [Estimate; 2] {
        const N: usize = 60;
        let once: Vec<bool> = (0..N).map(&is_so).collect();
        let groups: Vec<usize> = (0..N).collect();
        let many: Vec<bool> = (0..N * copies).map(|idx| is_so(idx / copies)).collect();
        let copied: Vec<usize> = (0..N * copies).map(|idx| idx / copies).collect();
        [
            share(&once, (&groups, 7)).unwrap(),
            share(&many, (&copied, 7)).unwrap(),
        ]
    }

    #[test]
    fn copies_are_no_evidence() {
        let [once, many] = check(10, |idx| idx % 3 == 0);
        let width = |one: &Estimate| one.high - one.low;
        assert!((once.point - many.point).abs() < 1e-12);
        assert!(
            (width(&once) / width(&many) - 1.0).abs() < 0.15,
            "{once:?} {many:?}"
        );
        let [once, many] = check(10, |_| false);
        assert_eq!((once.low, once.high), (many.low, many.high));
        assert_eq!(many.n, 600);
    }

    #[test]
    fn few_groups_have_wide_intervals() {
        let groups = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3];
        let costs = [1.0, 1.1, 0.9, 2.0, 2.1, 1.9, 3.0, 3.1, 2.9, 4.0, 4.1, 3.9];
        let grouped = mean(&costs, (&groups, 7)).unwrap();
        let alone: Vec<usize> = (0..12).collect();
        let items = mean(&costs, (&alone, 7)).unwrap();
        assert!(grouped.high - grouped.low > 2.0 * (items.high - items.low));
        assert_eq!(mean(&[1.0; 12], (&groups, 7)), None);
    }
}
