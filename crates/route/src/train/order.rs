//! An order of items that does not depend on how they came: by a hash of their ids.
//!
//! In: items. Out: their order, a sample of them, their folds: of the same items and seed always the same, whether
//! they are sorted by task or shuffled. A sample holds every task by its share, and clusters whole.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::examples::{Example, Examples};

impl Examples {
    /// The items in drawn order.
    pub(crate) fn in_drawn_order(&self, seed: u64) -> Self {
        let every: Vec<usize> = (0..self.rows.len()).collect();
        self.subset(&self.drawn_order(&every, seed))
    }

    /// A fold below `n_folds` for each item; clusters stay together.
    pub(crate) fn folds(&self, n_folds: usize, seed: u64) -> Vec<usize> {
        let every: Vec<usize> = (0..self.rows.len()).collect();
        let order = self.drawn_order(&every, seed);
        let drawn = self.clusters(&order);
        let found = crate::learn::folds(&drawn, n_folds, seed);
        let mut folds = vec![0; order.len()];
        for (place, fold) in order.iter().zip(found) {
            if let Some(slot) = folds.get_mut(*place) {
                *slot = fold;
            }
        }
        folds
    }

    /// About `most` of the items at some places, in drawn order; `None` = there are no more than that.
    ///
    /// The cluster with which it is full is taken whole, so that it can be larger by that.
    pub(crate) fn sampled(&self, rows: &[usize], most: usize, seed: u64) -> Option<Vec<usize>> {
        if rows.len() <= most {
            return None;
        }
        let order = self.drawn_order(rows, seed);
        let mut clusters: Vec<Vec<usize>> = Vec::new();
        for (cluster, row) in self.clusters(&order).into_iter().zip(&order) {
            match clusters.get_mut(cluster) {
                Some(known) => known.push(*row),
                None => clusters.push(vec![*row]),
            }
        }
        let task = |cluster: &[usize]| {
            let first = cluster.first().and_then(|row| self.rows.get(*row));
            first.and_then(|row| row.task.as_deref())
        };
        let mut sizes: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for cluster in &clusters {
            *sizes.entry(task(cluster)).or_default() += cluster.len();
        }
        // The share of its task that comes before it: equal shares of all tasks come first.
        let mut before: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        let mut placed: Vec<(f64, &Vec<usize>)> = Vec::with_capacity(clusters.len());
        for cluster in &clusters {
            let (size, before) = (
                sizes.get(&task(cluster)).copied().unwrap_or(1),
                before.entry(task(cluster)).or_default(),
            );
            let middle = *before as f64 + cluster.len() as f64 / 2.0;
            placed.push((middle / size as f64, cluster));
            *before += cluster.len();
        }
        // Stable: what has the same place keeps the drawn order.
        placed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut found = Vec::with_capacity(most);
        for (_, cluster) in placed {
            if found.len() >= most {
                break;
            }
            found.extend(cluster);
        }
        Some(found)
    }

    fn drawn_order(&self, rows: &[usize], seed: u64) -> Vec<usize> {
        let keyed = |place: &usize| {
            let row = self.rows.get(*place)?;
            Some((hash(row.id.as_str(), seed), row, *place))
        };
        let mut keyed: Vec<(u64, &Example, usize)> = rows.iter().filter_map(keyed).collect();
        keyed.sort_by(|a, b| match a.0.cmp(&b.0) {
            Ordering::Equal => a.1.id.cmp(&b.1.id),
            other => other,
        });
        keyed.into_iter().map(|one| one.2).collect()
    }

    /// The cluster of the items at some places, numbered in order of appearance; an item of none is one by itself.
    pub(super) fn clusters(&self, rows: &[usize]) -> Vec<usize> {
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut n_known = 0;
        let mut number = |row: &usize| {
            let name = self.rows.get(*row).and_then(|row| row.group.as_deref());
            let place = match name {
                Some(name) => *known.entry(name).or_insert(n_known),
                None => n_known,
            };
            n_known = n_known.max(place + 1);
            place
        };
        rows.iter().map(&mut number).collect()
    }
}

/// FNV-1a (Fowler, Noll, Vo) of a text after a seed, stirred by the finaliser of SplitMix64.
fn hash(text: &str, seed: u64) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(text.bytes());
    let mut z = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::train::tests::examples;

    /// Two tasks of 150 and 50 items, one after the other; every task's first ten items are one cluster.
    fn sorted() -> Examples {
        let mut all = examples(200, 0);
        for (idx, row) in all.rows.iter_mut().enumerate() {
            let (task, place) = if idx < 150 {
                ("a", idx)
            } else {
                ("b", idx - 150)
            };
            row.task = Some(task.to_owned());
            row.group = (place < 10).then(|| format!("{task} first"));
        }
        all
    }

    fn ids(examples: &Examples, rows: &[usize]) -> BTreeSet<String> {
        let row = |row: &usize| examples.rows[*row].id.clone();
        rows.iter().map(row).collect()
    }

    #[test]
    fn a_sample_holds_tasks_by_their_shares_and_clusters_whole_however_items_came() {
        let all = sorted();
        let every: Vec<usize> = (0..200).collect();
        assert_eq!(all.sampled(&every, 200, 1), None);
        let turned = all.subset(&every.iter().rev().copied().collect::<Vec<usize>>());
        for seed in 0..20 {
            let found = all.sampled(&every, 60, seed).unwrap();
            assert!((60..70).contains(&found.len()), "{}", found.len());
            let n_of_b = found.iter().filter(|row| **row >= 150).count();
            assert!((10..=24).contains(&n_of_b), "{n_of_b}");
            for first in [0, 150] {
                let n = found
                    .iter()
                    .filter(|row| (first..first + 10).contains(*row))
                    .count();
                assert!(n == 0 || n == 10, "{n}");
            }
            let again = turned.sampled(&every, 60, seed).unwrap();
            assert_eq!(ids(&all, &found), ids(&turned, &again));
        }
        assert_ne!(all.sampled(&every, 60, 1), all.sampled(&every, 60, 2));
    }

    #[test]
    fn folds_are_those_of_the_items_and_not_of_their_places() {
        let all = sorted();
        let turned = all.subset(&(0..200).rev().collect::<Vec<usize>>());
        let folds = all.folds(5, 7);
        let again: Vec<usize> = turned.folds(5, 7).into_iter().rev().collect();
        assert_eq!(folds, again);
        assert!(folds[..10].iter().all(|fold| *fold == folds[0]));
        for fold in 0..5 {
            let n = folds.iter().filter(|one| **one == fold).count();
            assert!((39..=41).contains(&n), "{folds:?}");
        }
    }
}
