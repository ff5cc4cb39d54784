//! How long people wait for what was served.
//!
//! In: recorded times. Out: quantiles of type 7 with a policy and with the best single candidate alone, what the
//! policy adds on average, and intervals of all of them from the same resamples of items, or of groups of them.

use trilemma_stats::quantile::{Sorted, interpolated, needed_for_interval};
use trilemma_stats::resample::{Interval, NoInterval, Resampling, bootstrap_figures};
use trilemma_stats::{Confidence, TooFew};

use super::draws::of_items;
use super::replay::Served;
use crate::train::Examples;

/// Seconds until the whole answer is there, cheap calls included, beside the best single candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// Median with the policy.
    pub p50: f64,
    /// 95th percentile with the policy.
    pub p95: f64,
    /// Median of the best single candidate.
    pub single_p50: f64,
    /// 95th percentile of the best single candidate.
    pub single_p95: f64,
    /// Mean of what the policy adds, item by item; below zero where it is faster.
    pub mean_added: f64,
    /// Their intervals, or why there are none.
    pub intervals: WaitIntervals,
}

/// Intervals of a [`Wait`].
#[derive(Debug, Clone, PartialEq)]
pub struct WaitIntervals {
    /// Of the median with the policy.
    pub p50: Interval,
    /// Of the 95th percentile with the policy.
    pub p95: Interval,
    /// Of the median of the best single candidate.
    pub single_p50: Interval,
    /// Of the 95th percentile of the best single candidate.
    pub single_p95: Interval,
    /// Of the mean of what the policy adds.
    pub mean_added: Interval,
}

/// What people waited; `None` = a time is not recorded.
pub(super) fn wait(examples: &Examples, served: &[Served], seed: u64) -> Option<Wait> {
    let best = examples.best_single();
    let own: Option<Vec<f64>> = served.iter().map(|one| one.seconds).collect();
    let single: Option<Vec<f64>> = (examples.rows.iter())
        .map(|row| row.outcomes.get(best)?.seconds)
        .collect();
    let (own, single) = (own?, single?);
    let n = own.len().max(1) as f64;
    let added = own.iter().zip(&single).map(|(a, b)| a - b).sum::<f64>();
    let at = |values: &[f64], p: f64| {
        let sorted = Sorted::new(values.to_vec()).ok()?;
        interpolated(&sorted, p).ok()
    };
    Some(Wait {
        p50: at(&own, 0.5)?,
        p95: at(&own, 0.95)?,
        single_p50: at(&single, 0.5)?,
        single_p95: at(&single, 0.95)?,
        mean_added: added / n,
        intervals: intervals((&own, &single), (&examples.groups(), seed)),
    })
}

fn intervals((own, single): (&[f64], &[f64]), (groups, seed): (&[usize], u64)) -> WaitIntervals {
    let n_groups = groups.iter().max().map_or(0, |most| most + 1);
    let ordered = |values: &[f64]| {
        let mut times: Vec<(f64, usize)> =
            values.iter().copied().zip(groups.iter().copied()).collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        times
    };
    let (mine, theirs) = (ordered(own), ordered(single));
    let mut sums = vec![(0.0, 0_usize); n_groups];
    for ((own, single), group) in own.iter().zip(single).zip(groups) {
        if let Some((sum, size)) = sums.get_mut(*group) {
            *sum += own - single;
            *size += 1;
        }
    }
    let added = |counts: &[u32]| {
        let all = sums.iter().zip(counts);
        let (sum, n) = all.fold((0.0, 0), |(total, n), ((sum, size), count)| {
            let count = *count as usize;
            (total + count as f64 * sum, n + count * size)
        });
        (n > 0).then(|| sum / n as f64)
    };
    let resampling = Resampling::new(seed);
    let found = bootstrap_figures(n_groups, Confidence::P95, &resampling, |counts| {
        let [p50, p95] = quantiles(&mine, counts, [0.5, 0.95]);
        let [single_p50, single_p95] = quantiles(&theirs, counts, [0.5, 0.95]);
        [p50, p95, single_p50, single_p95, added(counts)]
    });
    let [p50, p95, single_p50, single_p95, mean_added] =
        found.map(|found| of_items(found, own.len()));
    // A resample of few items never reaches beyond the slowest of them: as for quantiles anywhere.
    let tail = |found: Interval| match needed_for_interval(0.95, Confidence::P95) {
        Ok(needed) if n_groups < needed => Err(NoInterval::TooFew(TooFew {
            n: n_groups,
            needed,
        })),
        _ => found,
    };
    WaitIntervals {
        p50,
        p95: tail(p95),
        single_p50,
        single_p95: tail(single_p95),
        mean_added,
    }
}

/// Quantiles of type 7, rising, of ascending values of which each counts as often as its group was drawn.
fn quantiles(ascending: &[(f64, usize)], counts: &[u32], wanted: [f64; 2]) -> [Option<f64>; 2] {
    let count = |group: usize| counts.get(group).map_or(0, |count| *count as usize);
    let n: usize = ascending.iter().map(|one| count(one.1)).sum();
    wanted.map(|p| {
        let place = p * n.checked_sub(1)? as f64;
        let (low, part) = (place.floor() as usize, place.fract());
        let mut up_to = 0;
        let mut values = ascending.iter().filter_map(|(value, group)| {
            up_to += count(*group);
            Some((*value, up_to)).filter(|(_, up_to)| *up_to > low)
        });
        let (first, last) = values.next()?;
        if part == 0.0 || last > low + 1 {
            return Some(first);
        }
        let next = values.find(|(_, up_to)| *up_to > low + 1)?.0;
        Some(first + part * (next - first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_quantiles_are_those_of_the_values_drawn() {
        let values = [0.5, 4.0, 1.5, 9.0, 2.25, 7.0, 3.0];
        let groups = [0, 1, 2, 2, 3, 4, 0];
        let counts = [2, 0, 1, 3, 1];
        let mut ascending: Vec<(f64, usize)> = values.into_iter().zip(groups).collect();
        ascending.sort_by(|a, b| a.0.total_cmp(&b.0));
        let drawn: Vec<f64> = (values.iter().zip(groups))
            .flat_map(|(value, group)| vec![*value; counts[group] as usize])
            .collect();
        let sorted = Sorted::new(drawn).unwrap();
        for (low, high) in [(0.5, 0.95), (0.1, 0.3), (0.62, 1.0 - 1e-9)] {
            let found = quantiles(&ascending, &counts, [low, high]);
            for (found, p) in found.into_iter().zip([low, high]) {
                let expected = interpolated(&sorted, p).unwrap();
                assert!((found.unwrap() - expected).abs() < 1e-9, "{p}: {found:?}");
            }
        }
        assert_eq!(quantiles(&ascending, &[0; 5], [0.5, 0.95]), [None, None]);
    }

    #[test]
    fn waits_have_intervals_where_there_are_enough_items() {
        let own: Vec<f64> = (0..200)
            .map(|idx| 1.0 + f64::from(idx * 37 % 200) / 100.0)
            .collect();
        let single: Vec<f64> = (0..200)
            .map(|idx| 0.5 + f64::from(idx * 91 % 200) / 200.0)
            .collect();
        let alone: Vec<usize> = (0..200).collect();
        let found = intervals((&own, &single), (&alone, 7));
        // Differences of two even spreads of 2 and 1 seconds: mean 1, and about ± 1.96 × 0.645 / √200.
        let added = found.mean_added.unwrap();
        assert!((added.point - 0.9975).abs() < 1e-9, "{added:?}");
        assert!((added.width() - 0.18).abs() < 0.03, "{added:?}");
        let p95 = found.p95.unwrap();
        assert!(p95.contains(2.9) && p95.width() < 0.2, "{p95:?}");
        // Groups of four are worth fewer: fifty do not reach a 95th percentile.
        let groups: Vec<usize> = (0..200).map(|idx| idx / 4).collect();
        let found = intervals((&own, &single), (&groups, 7));
        assert_eq!(found.p50.unwrap().n, 200);
        let few = NoInterval::TooFew(TooFew { n: 50, needed: 72 });
        assert_eq!(found.p95, Err(few));
    }
}
