//! Fits quality and cost of each candidate to queries.
//!
//! Ridge regression on hashed pieces, surface features and tasks; trees on the surface features take
//! part in what differs between candidates. Penalty and share of the trees are the usual ones unless others are shown to
//! have a smaller squared error of the differences, in five folds inside the items given: the best of many by a few hundred
//! noisy labels is as often the luckiest. Tasks are columns like others, so a task's deviation is shrunk towards the mean
//! by its number of items.

use super::cost::fit_cost;
use super::examples::Examples;
use super::prepared::Prepared;
use super::vectors::Vectors;
use crate::features::{FEATURES, N_HASH, N_SURFACE};
use crate::learn::{Bins, Row, Trees, folds, forest, predict, ridge};
use crate::learned::{
    Embedding, EmbeddingWeights, QualityModel, QueryModel, TreeModel, UnseenTask, brief, in_base64,
    in_bytes, standard_row,
};
use crate::parallel::in_parallel;

/// Weight of a standardised surface feature beside pieces of length one.
const SURFACE_WEIGHT: f32 = 0.07;
/// Weight of a task.
const TASK_WEIGHT: f32 = 1.0;
const PENALTIES: [f32; 3] = [USUAL.penalty, 30.0, 100.0];
/// Share of the trees in what differs between candidates.
const TREE_SHARES: [f32; 3] = [0.0, 0.25, USUAL.tree_share];
/// How it is fitted unless another way is shown to be better.
const USUAL: Way = Way {
    penalty: 10.0,
    tree_share: 0.5,
    vector_weight: 0.0,
};
/// Weights of a query's vector beside pieces of length one.
const VECTOR_WEIGHTS: [f32; 2] = [1.0, 3.0];
/// Standard errors by which something must be better than what is usual: 95 %, one-sided.
const CAUTION: f64 = 1.645;
const N_TREES: usize = 100;
const N_FOLDS: usize = 5;
/// Most items on which penalty and share are chosen.
const MAX_CHOOSING: usize = 1_500;

impl Sources<'_> {
    fn n_columns(self) -> usize {
        let own = self.vectors.map_or(0, Vectors::n_columns);
        self.prepared.n_columns() + own
    }
}

/// What was fitted, not yet packed.
struct Fit {
    mean: Vec<f32>,
    scales: Vec<[f64; 2]>,
    weights: Vec<f32>,
    trees: Trees,
}

/// How it is fitted.
#[derive(Clone, Copy, PartialEq)]
struct Way {
    penalty: f32,
    tree_share: f32,
    /// 0 = vectors take no part.
    vector_weight: f32,
}

impl Way {
    fn has_linear_part_of(self, other: Self) -> bool {
        (self.penalty, self.vector_weight) == (other.penalty, other.vector_weight)
    }
}

/// What a fit looks at.
#[derive(Clone, Copy)]
struct Sources<'a> {
    prepared: &'a Prepared,
    /// `None` = vectors take no part.
    vectors: Option<&'a Vectors>,
}

/// A fitted model and what it said of its own items when it had not seen them.
pub(crate) struct FittedQuery {
    /// With no price on cost.
    pub(crate) model: QueryModel,
    /// Out-of-fold qualities, by position in the items given, then candidate; only of those on
    /// which penalty and share were chosen.
    pub(crate) unseen: Vec<(usize, Vec<f64>)>,
    way: Way,
}

/// Fits to the items at some positions, without vectors.
pub(crate) fn fit_query(
    prepared: &Prepared,
    examples: &Examples,
    rows: &[usize],
    seed: u64,
) -> FittedQuery {
    let sources = Sources {
        prepared,
        vectors: None,
    };
    let ways = ways(USUAL, PENALTIES.map(|penalty| Way { penalty, ..USUAL }));
    fit_one_of(sources, examples, (rows, &ways), seed)
}

/// The same with vectors; `None` = there are none, or in folds inside the items they are not shown to say more: the squared
/// error of the differences is not shown to fall with 95 % confidence. What they cost is not looked at.
pub(crate) fn fit_embedded(
    prepared: &Prepared,
    examples: &Examples,
    (rows, plain): (&[usize], &FittedQuery),
    seed: u64,
) -> Option<FittedQuery> {
    let raw = prepared.vectors.as_ref()?;
    let vectors = Vectors::of(&raw.of_items, raw.dimensions, rows)?;
    let sources = Sources {
        prepared,
        vectors: Some(&vectors),
    };
    let with = |vector_weight| Way {
        vector_weight,
        ..plain.way
    };
    let [usual, _] = VECTOR_WEIGHTS;
    let ways = ways(with(usual), VECTOR_WEIGHTS.map(with));
    let fitted = fit_one_of(sources, examples, (rows, &ways), seed);
    let error = |(row, said): &(usize, Vec<f64>)| difference_error(said, prepared.quality_of(*row));
    let errors = |fitted: &FittedQuery| fitted.unseen.iter().map(error).collect::<Vec<f64>>();
    is_shown_better(&errors(&fitted), &errors(plain)).then_some(fitted)
}

/// The ways to choose from, the usual one first: every share of the trees with each of some ways.
fn ways<const N: usize>(usual: Way, of: [Way; N]) -> Vec<Way> {
    let shared = |way: Way| TREE_SHARES.map(|tree_share| Way { tree_share, ..way });
    let others = of.into_iter().flat_map(shared).filter(|way| *way != usual);
    std::iter::once(usual).chain(others).collect()
}

/// Whether errors by item are shown to be smaller than others of the same items.
fn is_shown_better(own: &[f64], usual: &[f64]) -> bool {
    let gains: Vec<f64> = (usual.iter().zip(own))
        .map(|(usual, own)| usual - own)
        .collect();
    let n = gains.len().max(2) as f64;
    let mean = gains.iter().sum::<f64>() / n;
    let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / n;
    mean > CAUTION * (variance / n).sqrt()
}

/// With vectors where they say more, else without.
pub(crate) fn fit_best(
    prepared: &Prepared,
    examples: &Examples,
    rows: &[usize],
    seed: u64,
) -> FittedQuery {
    let plain = fit_query(prepared, examples, rows, seed);
    fit_embedded(prepared, examples, (rows, &plain), seed).unwrap_or(plain)
}

/// Chooses among ways, the usual one first, and fits.
fn fit_one_of(
    sources: Sources<'_>,
    examples: &Examples,
    (rows, ways): (&[usize], &[Way]),
    seed: u64,
) -> FittedQuery {
    let prepared = sources.prepared;
    let few = examples.sampled(rows, MAX_CHOOSING, seed);
    let chosen = few.unwrap_or_else(|| rows.to_vec());
    let (way, unseen) = choose_way(sources, (&chosen, ways), seed);
    let fit = fit(sources, rows, way, seed);
    let quality = (0..prepared.n_outputs)
        .map(|member| packed(prepared, examples, &fit, way, member))
        .collect();
    let m = prepared.n_outputs;
    let trees = (way.tree_share > 0.0).then(|| {
        fit.trees.iter().map(|tree| TreeModel {
            features: tree.splits.iter().map(|(feature, _)| *feature).collect(),
            thresholds: (tree.splits.iter())
                .map(|(_, threshold)| brief(*threshold))
                .collect(),
            leaves: (tree.leaves.iter())
                .map(|leaf| brief(leaf * f64::from(way.tree_share)))
                .collect(),
        })
    });
    let model = QueryModel {
        features: FEATURES,
        quality_per_usd: 0.0,
        surface: fit.scales.iter().map(|scale| scale.map(brief)).collect(),
        tasks: prepared.tasks.clone(),
        quality,
        cost: (0..m)
            .map(|member| fit_cost(prepared, rows, member))
            .collect(),
        trees: trees.map(Iterator::collect).unwrap_or_default(),
        unseen: guard(prepared, examples, rows),
        embedding: embedding(sources, examples, &fit, way),
        n: Some(rows.len()),
    };
    let unseen = chosen.iter().copied().zip(unseen).collect();
    FittedQuery { model, unseen, way }
}

/// Who answers a task that these rows do not name; `None` = they name none.
fn guard(prepared: &Prepared, examples: &Examples, rows: &[usize]) -> Option<UnseenTask> {
    let names = |task: &&String| {
        let row = |row: &usize| examples.rows.get(*row);
        rows.iter()
            .filter_map(row)
            .any(|row| row.task.as_ref() == Some(*task))
    };
    let tasks: Vec<String> = prepared.named_tasks.iter().filter(names).cloned().collect();
    (!tasks.is_empty()).then(|| UnseenTask {
        tasks,
        then: examples.id(examples.anchor()),
    })
}

/// Chooses by the squared error of differences: the first way, unless the best of the others is shown to be better.
fn choose_way(
    sources: Sources<'_>,
    (rows, ways): (&[usize], &[Way]),
    seed: u64,
) -> (Way, Vec<Vec<f64>>) {
    let prepared = sources.prepared;
    let group = |row: &usize| prepared.groups.get(*row).copied().unwrap_or(*row);
    let groups: Vec<usize> = rows.iter().map(group).collect();
    let fold_of = folds(&groups, N_FOLDS, seed);
    let m = prepared.n_outputs;
    // By way, then item of the fold.
    let of_fold = |fold: usize| -> Vec<Vec<(usize, Vec<f64>)>> {
        let part = |inside: bool| -> Vec<usize> {
            let keep = |idx: &usize| (fold_of.get(*idx) == Some(&fold)) != inside;
            (0..rows.len()).filter(keep).collect()
        };
        let learn: Vec<usize> = part(true)
            .iter()
            .filter_map(|idx| rows.get(*idx).copied())
            .collect();
        // The linear part does not depend on the share of the trees, and they do not depend on the way.
        let mut fits: Vec<(Way, Fit)> = Vec::new();
        let mut trees = None;
        let of_way = |way: &Way| {
            let is_like = |(known, _): &(Way, Fit)| known.has_linear_part_of(*way);
            let at = fits.iter().position(is_like).unwrap_or_else(|| {
                let mut fit = linear(sources, &learn, *way);
                let grown = trees.get_or_insert_with(|| grow(prepared, &learn, &fit, seed));
                fit.trees = grown.clone();
                fits.push((*way, fit));
                fits.len() - 1
            });
            let Some((_, fit)) = fits.get(at) else {
                return Vec::new();
            };
            let guessed = |at: usize| Some((at, guess(sources, fit, *rows.get(at)?, *way)));
            part(false).into_iter().filter_map(guessed).collect()
        };
        ways.iter().map(of_way).collect()
    };
    let mut said: Vec<Vec<Vec<f64>>> = vec![vec![vec![0.0; m]; rows.len()]; ways.len()];
    for found in in_parallel(N_FOLDS, of_fold) {
        for (said, found) in said.iter_mut().zip(found) {
            for (at, guessed) in found {
                if let Some(slot) = said.get_mut(at) {
                    *slot = guessed;
                }
            }
        }
    }
    let errors = |said: &Vec<Vec<f64>>| -> Vec<f64> {
        let items = said.iter().zip(rows);
        items
            .map(|(said, row)| difference_error(said, prepared.quality_of(*row)))
            .collect()
    };
    let errors: Vec<Vec<f64>> = said.iter().map(errors).collect();
    let sum = |errors: &Vec<f64>| errors.iter().sum::<f64>();
    let best = (errors.iter().enumerate())
        .min_by(|a, b| sum(a.1).total_cmp(&sum(b.1)))
        .map_or(0, |(way, _)| way);
    let shown = match (errors.get(best), errors.first()) {
        (Some(own), Some(usual)) => is_shown_better(own, usual),
        _ => false,
    };
    let at = if shown { best } else { 0 };
    let way = ways.get(at).copied().unwrap_or(USUAL);
    (way, said.into_iter().nth(at).unwrap_or_default())
}

fn difference_error(guess: &[f64], truth: &[f32]) -> f64 {
    let n = guess.len().max(1) as f64;
    let errors = || {
        guess
            .iter()
            .zip(truth)
            .map(|(guess, truth)| guess - f64::from(*truth))
    };
    let mean = errors().sum::<f64>() / n;
    errors().map(|error| (error - mean).powi(2)).sum()
}

fn fit(sources: Sources<'_>, rows: &[usize], way: Way, seed: u64) -> Fit {
    let mut fit = linear(sources, rows, way);
    if way.tree_share > 0.0 {
        fit.trees = grow(sources.prepared, rows, &fit, seed);
    }
    fit
}

fn linear(sources: Sources<'_>, rows: &[usize], way: Way) -> Fit {
    let prepared = sources.prepared;
    let m = prepared.n_outputs;
    let n = rows.len().max(1) as f32;
    let mut mean = vec![0.0; m];
    for row in rows {
        for (mean, quality) in mean.iter_mut().zip(prepared.quality_of(*row)) {
            *mean += quality / n;
        }
    }
    let scales = scales(prepared, rows);
    let x: Vec<Row> = rows
        .iter()
        .map(|row| full_row(sources, &scales, *row, way))
        .collect();
    let x: Vec<&Row> = x.iter().collect();
    let centred = |row: &usize| {
        let quality = prepared.quality_of(*row).iter().zip(&mean);
        quality
            .map(|(quality, mean)| quality - mean)
            .collect::<Vec<f32>>()
    };
    let y: Vec<f32> = rows.iter().flat_map(centred).collect();
    Fit {
        weights: ridge(&x, sources.n_columns(), &y, m, way.penalty),
        mean,
        scales,
        trees: Trees::new(),
    }
}

fn scales(prepared: &Prepared, rows: &[usize]) -> Vec<[f64; 2]> {
    let n = rows.len().max(1) as f64;
    let mut sums = vec![[0.0; 2]; N_SURFACE];
    for row in rows {
        for (sum, x) in sums.iter_mut().zip(prepared.surface_of(*row)) {
            *sum = [sum[0] + x / n, sum[1] + x * x / n];
        }
    }
    let scale = |[mean, square]: [f64; 2]| [mean, (square - mean * mean).max(0.0).sqrt().max(1e-6)];
    sums.into_iter().map(scale).collect()
}

fn full_row(sources: Sources<'_>, scales: &[[f64; 2]], row: usize, way: Way) -> Row {
    let prepared = sources.prepared;
    let mut x = prepared.pieces.get(row).cloned().unwrap_or_default();
    let surface = standard_row(prepared.surface_of(row), scales);
    x.extend(
        (surface.iter().enumerate())
            .map(|(idx, value)| ((N_HASH + idx) as u32, *value as f32 * SURFACE_WEIGHT)),
    );
    if let Some(task) = prepared.task_of.get(row).copied().flatten() {
        x.push(((N_HASH + N_SURFACE + task) as u32, TASK_WEIGHT));
    }
    if let Some(vectors) = sources.vectors {
        let columns = vectors.columns(row).enumerate();
        let from = prepared.n_columns();
        x.extend(columns.map(|(idx, value)| ((from + idx) as u32, value * way.vector_weight)));
    }
    x
}

/// Trees for what differs between candidates.
fn grow(prepared: &Prepared, rows: &[usize], fit: &Fit, seed: u64) -> Trees {
    let m = prepared.n_outputs;
    let x: Vec<Vec<f64>> = (rows.iter())
        .map(|row| standard_row(prepared.surface_of(*row), &fit.scales))
        .collect();
    let x: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
    let mut y = Vec::with_capacity(rows.len() * m);
    for row in rows {
        let centred: Vec<f32> = (prepared.quality_of(*row).iter().zip(&fit.mean))
            .map(|(quality, mean)| quality - mean)
            .collect();
        let level = centred.iter().sum::<f32>() / m.max(1) as f32;
        y.extend(centred.iter().map(|one| one - level));
    }
    if x.is_empty() || m == 0 {
        return Trees::new();
    }
    let bins = Bins::fit(&x, N_SURFACE);
    forest(&x, &bins, (&y, m), N_TREES, seed)
}

/// What a fit says of an item: its level from the linear part, its differences from both.
fn guess(sources: Sources<'_>, fit: &Fit, row: usize, way: Way) -> Vec<f64> {
    let Sources { prepared, .. } = sources;
    let tree_share = way.tree_share;
    let m = prepared.n_outputs;
    let x = full_row(sources, &fit.scales, row, way);
    let linear = predict(&[&x], &fit.weights, m);
    let surface = standard_row(prepared.surface_of(row), &fit.scales);
    let mut leaves = vec![0.0; m];
    for tree in &fit.trees {
        tree.add(&surface, &mut leaves);
    }
    let level = linear.iter().sum::<f32>() / m.max(1) as f32;
    let parts = linear.iter().zip(&fit.mean).zip(leaves);
    parts
        .map(|((linear, mean), leaf)| {
            let spread = (1.0 - tree_share) * (linear - level);
            f64::from(mean + level + spread) + f64::from(tree_share) * leaf
        })
        .collect()
}

impl Fit {
    /// Weight of a column for one candidate of several. As `guess`: the differences from the mean over candidates count for
    /// less where trees take part.
    fn weight(&self, column: usize, (member, m): (usize, usize), way: Way) -> f64 {
        let all = self
            .weights
            .get(column * m..(column + 1) * m)
            .unwrap_or_default();
        let level = all.iter().sum::<f32>() / m.max(1) as f32;
        let own = all.get(member).copied().unwrap_or(0.0);
        f64::from(level + (1.0 - way.tree_share) * (own - level))
    }
}

/// Weights of vectors in the form of the file; `None` = they take no part.
fn embedding(sources: Sources<'_>, examples: &Examples, fit: &Fit, way: Way) -> Option<Embedding> {
    let (vectors, embedder) = (sources.vectors?, examples.embedder.as_ref()?);
    let from = sources.prepared.n_columns();
    let m = sources.prepared.n_outputs;
    let of = |member: usize| {
        let weights: Vec<f64> = (0..vectors.n_columns())
            .map(|idx| fit.weight(from + idx, (member, m), way) * f64::from(way.vector_weight))
            .collect();
        EmbeddingWeights::packed(&vectors.turned_back(&weights), &vectors.mean)
    };
    Some(Embedding {
        by: embedder.member.id.clone(),
        dimensions: embedder.dimensions,
        quality: (0..m).map(of).collect(),
    })
}

/// One candidate's weights in the form of the file.
fn packed(
    prepared: &Prepared,
    examples: &Examples,
    fit: &Fit,
    way: Way,
    member: usize,
) -> QualityModel {
    let weight = |column: usize| fit.weight(column, (member, prepared.n_outputs), way);
    let pieces: Vec<f64> = (0..N_HASH).map(weight).collect();
    let (pieces_scale, pieces) = in_bytes(&pieces);
    QualityModel {
        candidate: examples.id(member),
        mean: brief(f64::from(fit.mean.get(member).copied().unwrap_or(0.0))),
        surface: (0..N_SURFACE)
            .map(|idx| brief(weight(N_HASH + idx) * f64::from(SURFACE_WEIGHT)))
            .collect(),
        tasks: (0..prepared.tasks.len())
            .map(|idx| brief(weight(N_HASH + N_SURFACE + idx) * f64::from(TASK_WEIGHT)))
            .collect(),
        pieces_scale,
        pieces: in_base64(&pieces),
    }
}
