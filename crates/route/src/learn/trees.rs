//! Boosted trees of two levels with the same split everywhere on a level ("oblivious" trees).
//!
//! Gradient boosting for squared error (Friedman 2001) on features cut into 32 bins; oblivious
//! trees as in CatBoost (Prokhorenkova et al. 2018): they hardly overfit and are quick to run. Leaves
//! hold one number per output.

#![expect(
    clippy::indexing_slicing,
    reason = "numeric kernel; bounds are those of its own vectors"
)]

const N_BINS: usize = 32;
const RATE: f64 = 0.05;
/// Pseudo-rows of value zero in each leaf.
const SHRINK: f64 = 20.0;
/// Fewest rows on each side of a split.
const MIN_ROWS: f64 = 15.0;

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

/// Two splits and four leaves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    /// Feature and threshold of each level; a row goes right where its feature is at least that.
    pub(crate) splits: [(usize, f64); 2],
    /// Leaves by 2 × (right on the first level) + (right on the second), then outputs.
    pub(crate) leaves: Vec<f64>,
}

/// A sum of trees.
pub(crate) type Trees = Vec<Tree>;

struct Grown<'a> {
    bins: &'a [Vec<u8>],
    rest: Vec<f64>,
    n_outputs: usize,
}

/// Fits trees to interleaved, centred outputs.
pub(crate) fn boost(
    rows: &[&[f64]],
    bins: &Bins,
    y: &[f32],
    n_outputs: usize,
    n_trees: usize,
) -> Trees {
    let binned: Vec<Vec<u8>> = rows.iter().map(|row| bins.bin(row)).collect();
    let mut grown = Grown {
        bins: &binned,
        rest: y.iter().map(|y| f64::from(*y)).collect(),
        n_outputs,
    };
    let mut trees = Trees::new();
    for _ in 0..n_trees {
        let mut leaf_of = vec![0_usize; rows.len()];
        let mut splits = [(0, f64::MAX); 2];
        for (level, split) in splits.iter_mut().enumerate() {
            let Some((feature, bin)) = grown.best_split(&leaf_of, 1 << level, bins.0.len()) else {
                continue;
            };
            *split = (feature, bins.threshold(feature, bin));
            for (leaf, row) in leaf_of.iter_mut().zip(&binned) {
                *leaf = 2 * *leaf + usize::from(row[feature] > bin);
            }
        }
        trees.push(Tree {
            splits,
            leaves: grown.settle(&leaf_of),
        });
    }
    trees
}

impl Grown<'_> {
    /// The split with the least squared error over all leaves so far; `None` = none is allowed.
    fn best_split(
        &self,
        leaf_of: &[usize],
        n_leaves: usize,
        n_features: usize,
    ) -> Option<(usize, u8)> {
        let width = self.n_outputs + 1;
        let mut best = None;
        let mut best_gain = f64::MIN;
        for feature in 0..n_features {
            let mut sums = vec![0.0; n_leaves * N_BINS * width];
            for (idx, row) in self.bins.iter().enumerate() {
                let at = (leaf_of[idx] * N_BINS + usize::from(row[feature])) * width;
                let sums = &mut sums[at..at + width];
                sums[self.n_outputs] += 1.0;
                let rest = &self.rest[idx * self.n_outputs..(idx + 1) * self.n_outputs];
                for (sum, rest) in sums.iter_mut().zip(rest) {
                    *sum += rest;
                }
            }
            for (bin, gain) in gains(&sums, n_leaves, width) {
                if gain > best_gain {
                    best_gain = gain;
                    best = Some((feature, bin));
                }
            }
        }
        best
    }

    /// Fills the leaves and takes what they explain out of the rest.
    fn settle(&mut self, leaf_of: &[usize]) -> Vec<f64> {
        let m = self.n_outputs;
        let mut leaves = vec![0.0; 4 * m];
        let mut counts = [0.0; 4];
        for (leaf, rest) in leaf_of.iter().zip(self.rest.chunks_exact(m)) {
            counts[*leaf] += 1.0;
            for (sum, rest) in leaves[leaf * m..].iter_mut().zip(rest) {
                *sum += rest;
            }
        }
        for (leaf, count) in leaves.chunks_exact_mut(m).zip(counts) {
            for value in leaf {
                *value *= RATE / (count + SHRINK);
            }
        }
        for (leaf, rest) in leaf_of.iter().zip(self.rest.chunks_exact_mut(m)) {
            for (rest, value) in rest.iter_mut().zip(&leaves[leaf * m..]) {
                *rest -= value;
            }
        }
        leaves
    }
}

/// How much a split after each bin explains, for the bins after which one is allowed.
fn gains(sums: &[f64], n_leaves: usize, width: usize) -> Vec<(u8, f64)> {
    let n_outputs = width - 1;
    let mut all = vec![0.0; n_leaves * width];
    for (leaf, sums) in sums.chunks_exact(N_BINS * width).enumerate() {
        for bin in sums.chunks_exact(width) {
            for (all, sum) in all[leaf * width..].iter_mut().zip(bin) {
                *all += sum;
            }
        }
    }
    let mut left = vec![0.0; n_leaves * width];
    let mut found = Vec::new();
    for bin in 0..N_BINS - 1 {
        let mut gain = 0.0;
        let mut is_allowed = false;
        for leaf in 0..n_leaves {
            let from = (leaf * N_BINS + bin) * width;
            let left = &mut left[leaf * width..(leaf + 1) * width];
            for (left, sum) in left.iter_mut().zip(&sums[from..from + width]) {
                *left += sum;
            }
            let all = &all[leaf * width..(leaf + 1) * width];
            let (n_left, n_right) = (left[n_outputs], all[n_outputs] - left[n_outputs]);
            is_allowed |= n_left >= MIN_ROWS && n_right >= MIN_ROWS;
            for (left, all) in left.iter().zip(all).take(n_outputs) {
                let right = all - left;
                gain += left * left / (n_left + SHRINK) + right * right / (n_right + SHRINK);
            }
        }
        if is_allowed {
            found.push((bin as u8, gain));
        }
    }
    found
}

impl Tree {
    /// Adds this tree's say to the outputs.
    pub(crate) fn add(&self, row: &[f64], out: &mut [f64]) {
        let side = |(feature, threshold): (usize, f64)| usize::from(row[feature] >= threshold);
        let leaf = 2 * side(self.splits[0]) + side(self.splits[1]);
        let from = leaf * out.len();
        for (out, value) in out.iter_mut().zip(&self.leaves[from..]) {
            *out += value;
        }
    }
}
