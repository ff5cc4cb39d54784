//! Trees that are grown apart from each other, half at random, and averaged.
//!
//! Extremely randomised trees (Geurts, Ernst and Wehenkel, Machine Learning 63, 2006) with the same split
//! everywhere on a level, as CatBoost has them (Prokhorenkova et al. 2018): on each level, one random cut for each of half
//! of the features, of which the one that explains most is taken. One tree says little; their mean is smooth, overfits
//! less than boosted trees do, and is quick to run.
//! In: rows, their bins, interleaved outputs. Out: trees whose leaves add up to the mean.

#![expect(
    clippy::indexing_slicing,
    reason = "numeric kernel; bounds are those of its own vectors"
)]

use super::folds::split_mix;

const N_BINS: usize = 32;
const N_LEVELS: usize = 4;
/// Pseudo-rows of value zero in each leaf.
const SHRINK: f64 = 8.0;
/// Fewest rows on each side of a split, in one leaf at least.
const MIN_ROWS: f64 = 8.0;

/// Where the features are cut.
pub(crate) struct Bins(Vec<Vec<f64>>);

impl Bins {
    /// Cuts each feature at its quantiles.
    pub(crate) fn fit(rows: &[&[f64]], n_features: usize) -> Self {
        let cuts = |feature: usize| {
            let mut values: Vec<f64> = rows.iter().map(|row| row[feature]).collect();
            values.sort_by(f64::total_cmp);
            let at = |bin: usize| values.get(bin * values.len() / N_BINS).copied();
            let mut cuts: Vec<f64> = (1..N_BINS).filter_map(at).collect();
            cuts.dedup();
            cuts
        };
        Self((0..n_features).map(cuts).collect())
    }

    fn bin(&self, row: &[f64]) -> Vec<u8> {
        let bin = |(cuts, x): (&Vec<f64>, &f64)| cuts.partition_point(|cut| cut <= x) as u8;
        self.0.iter().zip(row).map(bin).collect()
    }

    /// The value at and above which a row lies right of a split after `bin`.
    fn threshold(&self, feature: usize, bin: u8) -> f64 {
        self.0[feature]
            .get(usize::from(bin))
            .copied()
            .unwrap_or(f64::MAX)
    }
}

/// One split on each level, and their leaves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    /// Feature and threshold of each level; a row goes right where its feature is at least that.
    pub(crate) splits: Vec<(usize, f64)>,
    /// By leaf, then outputs. Each level doubles a leaf's number and adds one where a row goes right.
    pub(crate) leaves: Vec<f64>,
}

/// A sum of trees.
pub(crate) type Trees = Vec<Tree>;

/// Fits trees to interleaved, centred outputs.
pub(crate) fn forest(
    rows: &[&[f64]],
    bins: &Bins,
    (y, n_outputs): (&[f32], usize),
    n_trees: usize,
    seed: u64,
) -> Trees {
    let binned: Vec<Vec<u8>> = rows.iter().map(|row| bins.bin(row)).collect();
    let grove = Grove {
        bins,
        binned: &binned,
        y,
        width: n_outputs + 1,
    };
    let mut state = seed;
    (0..n_trees)
        .map(|_| {
            let mut tree = grove.tree(&mut state);
            for leaf in &mut tree.leaves {
                *leaf /= n_trees as f64;
            }
            tree
        })
        .collect()
}

/// What trees are grown from.
struct Grove<'a> {
    bins: &'a Bins,
    binned: &'a [Vec<u8>],
    y: &'a [f32],
    /// Sums of outputs and a count.
    width: usize,
}

impl Grove<'_> {
    fn tree(&self, state: &mut u64) -> Tree {
        let mut leaf_of = vec![0_usize; self.binned.len()];
        let mut splits = Vec::with_capacity(N_LEVELS);
        for _ in 0..N_LEVELS {
            let n_leaves = 1 << splits.len();
            let Some((feature, bin)) = self.split(&leaf_of, n_leaves, state) else {
                continue;
            };
            splits.push((feature, self.bins.threshold(feature, bin)));
            for (leaf, row) in leaf_of.iter_mut().zip(self.binned) {
                *leaf = 2 * *leaf + usize::from(row[feature] > bin);
            }
        }
        let mut leaves = Vec::with_capacity((self.width - 1) << splits.len());
        for sums in self
            .sums(1 << splits.len(), |row| leaf_of[row])
            .chunks_exact(self.width)
        {
            let (n, outputs) = (sums[self.width - 1], &sums[..self.width - 1]);
            leaves.extend(outputs.iter().map(|sum| sum / (n + SHRINK)));
        }
        Tree { splits, leaves }
    }

    /// The best of some random cuts; `None` = none is allowed.
    fn split(&self, leaf_of: &[usize], n_leaves: usize, state: &mut u64) -> Option<(usize, u8)> {
        let mut best: Option<(f64, (usize, u8))> = None;
        for (feature, cuts) in self.bins.0.iter().enumerate() {
            let drawn = split_mix(state);
            let n_cuts = cuts.len() as u64;
            if drawn & 1 == 1 || n_cuts == 0 {
                continue;
            }
            let bin = ((drawn >> 1) % n_cuts) as u8;
            let side = |row: usize| 2 * leaf_of[row] + usize::from(self.binned[row][feature] > bin);
            let explained = self.explained(&self.sums(2 * n_leaves, side));
            if let Some(explained) = explained
                && best.is_none_or(|(most, _)| explained > most)
            {
                best = Some((explained, (feature, bin)));
            }
        }
        best.map(|(_, split)| split)
    }

    /// Sums of outputs and counts of rows by place.
    fn sums(&self, n_places: usize, place: impl Fn(usize) -> usize) -> Vec<f64> {
        let mut sums = vec![0.0; n_places * self.width];
        for (row, y) in self.y.chunks_exact(self.width - 1).enumerate() {
            let at = place(row) * self.width;
            let sums = &mut sums[at..at + self.width];
            for (sum, y) in sums.iter_mut().zip(y) {
                *sum += f64::from(*y);
            }
            sums[self.width - 1] += 1.0;
        }
        sums
    }

    /// How much sums by side of a split explain; `None` = no leaf has enough rows on both sides.
    fn explained(&self, sums: &[f64]) -> Option<f64> {
        let count = |side: &[f64]| side[self.width - 1];
        let mut is_allowed = false;
        let mut explained = 0.0;
        for leaf in sums.chunks_exact(2 * self.width) {
            let (left, right) = leaf.split_at(self.width);
            is_allowed |= count(left) >= MIN_ROWS && count(right) >= MIN_ROWS;
            for side in [left, right] {
                let squares: f64 = side[..self.width - 1].iter().map(|sum| sum * sum).sum();
                explained += squares / (count(side) + SHRINK);
            }
        }
        is_allowed.then_some(explained)
    }
}

impl Tree {
    /// Adds this tree's say to the outputs.
    pub(crate) fn add(&self, row: &[f64], out: &mut [f64]) {
        let side = |(feature, threshold): (usize, f64)| usize::from(row[feature] >= threshold);
        let leaf = (self.splits.iter()).fold(0, |leaf, split| 2 * leaf + side(*split));
        let from = leaf * out.len();
        for (out, value) in out.iter_mut().zip(&self.leaves[from..]) {
            *out += value;
        }
    }
}
