//! Sums over items, or over groups of dependent ones, for the bootstrap.
//!
//! Each item is a count and pairs of (USD, quality); groups are drawn whole.

use trilemma_stats::Estimate;
use trilemma_stats::resample::Interval;

use crate::train::{Example, Examples};

/// A row per group: the number of its items, then the sums of the columns of `of`.
pub(super) fn by_group(
    examples: &Examples,
    of: impl Fn(usize, &Example) -> Vec<f64>,
) -> Vec<Vec<f64>> {
    let mut sums: Vec<Vec<f64>> = Vec::new();
    for (idx, (row, group)) in examples.rows.iter().zip(examples.groups()).enumerate() {
        let own = of(idx, row);
        match sums.get_mut(group) {
            None => sums.push(own),
            Some(sum) => {
                for (sum, value) in sum.iter_mut().zip(own) {
                    *sum += value;
                }
            }
        }
    }
    sums
}

/// One item: its count, then each pair.
pub(super) fn stacked(pairs: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
    let mut row = vec![1.0];
    row.extend(pairs.flat_map(|(cost, quality)| [cost, quality]));
    row
}

/// Means of the pairs.
pub(super) fn means(sums: &[f64]) -> Vec<(f64, f64)> {
    let Some((n, pairs)) = sums.split_first() else {
        return Vec::new();
    };
    let n = n.max(1.0);
    (pairs.chunks_exact(2))
        .map(|pair| match pair {
            [cost, quality] => (cost / n, quality / n),
            _ => (0.0, 0.0),
        })
        .collect()
}

/// Sums of the columns where each row counts as often as it was drawn.
pub(super) fn drawn(rows: &[Vec<f64>], counts: &[u32]) -> Vec<f64> {
    let mut sums = vec![0.0; rows.first().map_or(0, Vec::len)];
    for (row, count) in rows.iter().zip(counts).filter(|(_, count)| **count > 0) {
        let count = f64::from(*count);
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += count * value;
        }
    }
    sums
}

/// An interval over groups, told with the number of items.
pub(super) fn of_items(found: Interval, n: usize) -> Interval {
    found.map(|found| Estimate { n, ..found })
}
