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
    let y = (y, n_outputs);
    match n_outputs {
        0..=2 => Grove::<2>::of(rows, bins, y).trees(n_trees, seed),
        3..=4 => Grove::<4>::of(rows, bins, y).trees(n_trees, seed),
        _ => Grove::<8>::of(rows, bins, y).trees(n_trees, seed),
    }
}

/// What trees are grown from. Outputs are worked on in lots of some lanes, so that a processor adds up several at once; what is
/// added to what, and in which order, is the same for any number of them.
struct Grove<'a, const L: usize> {
    bins: &'a Bins,
    /// By feature, then row.
    binned: Vec<Vec<u8>>,
    n_rows: usize,
    /// By row: lots, the last one filled up with zeros.
    y: Vec<[f64; L]>,
    n_outputs: usize,
    n_lots: usize,
}

/// Sums of outputs and counts of rows by place.
struct Sums<const L: usize> {
    outputs: Vec<[f64; L]>,
    counts: Vec<f64>,
}

impl<'a, const L: usize> Grove<'a, L> {
    fn of(rows: &[&[f64]], bins: &'a Bins, (y, n_outputs): (&[f32], usize)) -> Self {
        let by_row: Vec<Vec<u8>> = rows.iter().map(|row| bins.bin(row)).collect();
        let feature = |feature: usize| by_row.iter().map(|row| row[feature]).collect();
        let mut lanes = Vec::new();
        for lot in y
            .chunks_exact(n_outputs.max(1))
            .flat_map(|own| own.chunks(L))
        {
            let mut lane = [0.0; L];
            for (lane, y) in lane.iter_mut().zip(lot) {
                *lane = f64::from(*y);
            }
            lanes.push(lane);
        }
        Self {
            bins,
            binned: (0..bins.0.len()).map(feature).collect(),
            n_rows: rows.len(),
            y: lanes,
            n_outputs,
            n_lots: n_outputs.div_ceil(L),
        }
    }

    fn trees(&self, n_trees: usize, seed: u64) -> Trees {
        let mut state = seed;
        let one = |_| {
            let mut tree = self.tree(&mut state);
            for leaf in &mut tree.leaves {
                *leaf /= n_trees as f64;
            }
            tree
        };
        (0..n_trees).map(one).collect()
    }

    fn tree(&self, state: &mut u64) -> Tree {
        let mut leaf_of = vec![0_usize; self.n_rows];
        let mut splits = Vec::with_capacity(N_LEVELS);
        for _ in 0..N_LEVELS {
            let n_leaves = 1 << splits.len();
            let Some((feature, bin)) = self.split(&leaf_of, n_leaves, state) else {
                continue;
            };
            splits.push((feature, self.bins.threshold(feature, bin)));
            for (leaf, own) in leaf_of.iter_mut().zip(&self.binned[feature]) {
                *leaf = 2 * *leaf + usize::from(*own > bin);
            }
        }
        let sums = self.sums(1 << splits.len(), leaf_of.iter().copied());
        let mut leaves = Vec::with_capacity(self.n_outputs << splits.len());
        for (own, n) in sums
            .outputs
            .chunks_exact(self.n_lots.max(1))
            .zip(&sums.counts)
        {
            let outputs = own.iter().flatten().take(self.n_outputs);
            leaves.extend(outputs.map(|sum| sum / (n + SHRINK)));
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
            let sides = leaf_of.iter().zip(&self.binned[feature]);
            let sides = sides.map(|(leaf, own)| 2 * leaf + usize::from(*own > bin));
            let explained = self.explained(&self.sums(2 * n_leaves, sides));
            if let Some(explained) = explained
                && best.is_none_or(|(most, _)| explained > most)
            {
                best = Some((explained, (feature, bin)));
            }
        }
        best.map(|(_, split)| split)
    }

    /// By place: sums of the outputs of its rows, and their number.
    fn sums(&self, n_places: usize, places: impl Iterator<Item = usize>) -> Sums<L> {
        let mut outputs = vec![[0.0; L]; n_places * self.n_lots];
        let mut counts = vec![0.0; n_places];
        for (place, y) in places.zip(self.y.chunks_exact(self.n_lots.max(1))) {
            let at = place * self.n_lots;
            for (sum, y) in outputs[at..at + self.n_lots].iter_mut().zip(y) {
                for lane in 0..L {
                    sum[lane] += y[lane];
                }
            }
            counts[place] += 1.0;
        }
        Sums { outputs, counts }
    }

    /// How much sums by side of a split explain; `None` = no leaf has enough rows on both sides.
    fn explained(&self, sums: &Sums<L>) -> Option<f64> {
        let mut is_allowed = false;
        let mut explained = 0.0;
        let outputs = sums.outputs.chunks_exact(self.n_lots.max(1));
        for (idx, (own, count)) in outputs.zip(&sums.counts).enumerate() {
            let other = sums.counts[idx ^ 1];
            is_allowed |= *count >= MIN_ROWS && other >= MIN_ROWS;
            let own = own.iter().flatten().take(self.n_outputs);
            let squares: f64 = own.map(|sum| sum * sum).sum();
            explained += squares / (count + SHRINK);
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
