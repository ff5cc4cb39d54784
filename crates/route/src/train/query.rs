//! Fits quality and cost of each candidate to queries.
//!
//! Ridge regression on hashed pieces, surface features and tasks; trees on the surface features take
//! part in what differs between candidates. Penalty and share of the trees are chosen by the squared
//! error of the differences in five folds inside the items given. Tasks are columns like others, so a
//! task's deviation is shrunk towards the mean by its number of items.

use super::examples::Examples;
use super::prepared::Prepared;
use super::vectors::Vectors;
use crate::features::{N_HASH, N_SURFACE};
use crate::learn::{Bayes, Bins, Row, Trees, boost, folds, predict, ridge};
use crate::learned::{
    CostModel, Embedding, EmbeddingWeights, QualityModel, QueryModel, TreeModel, UnseenTask, brief,
    in_base64, in_bytes, standard_row,
};

/// Weight of a standardised surface feature beside pieces of length one.
const SURFACE_WEIGHT: f32 = 0.07;
/// Weight of a task.
const TASK_WEIGHT: f32 = 2.0;
const PENALTIES: [f32; 3] = [10.0, 30.0, 100.0];
/// Share of the trees in what differs between candidates.
const TREE_SHARES: [f32; 3] = [0.0, 1.0 / 3.0, 0.5];
/// Weights of a query's vector beside pieces of length one.
const VECTOR_WEIGHTS: [f32; 2] = [1.0, 3.0];
/// Standard errors by which vectors must say more: 95 %, one-sided.
const VECTOR_CAUTION: f64 = 1.645;
const N_TREES: usize = 60;
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
#[derive(Clone, Copy)]
struct Way {
    penalty: f32,
    tree_share: f32,
    /// 0 = vectors take no part.
    vector_weight: f32,
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
    let ways = PENALTIES.map(|penalty| (penalty, 0.0));
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
    let ways = VECTOR_WEIGHTS.map(|weight| (plain.way.penalty, weight));
    let fitted = fit_one_of(sources, examples, (rows, &ways), seed);
    let error = |(row, said): &(usize, Vec<f64>)| difference_error(said, prepared.quality_of(*row));
    let gains: Vec<f64> = (plain.unseen.iter().zip(&fitted.unseen))
        .map(|(plain, own)| error(plain) - error(own))
        .collect();
    let n = gains.len().max(2) as f64;
    let mean = gains.iter().sum::<f64>() / n;
    let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / n;
    (mean > VECTOR_CAUTION * (variance / n).sqrt()).then_some(fitted)
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

/// Chooses among pairs of a penalty and a vector's weight, and fits.
fn fit_one_of(
    sources: Sources<'_>,
    examples: &Examples,
    (rows, ways): (&[usize], &[(f32, f32)]),
    seed: u64,
) -> FittedQuery {
    let prepared = sources.prepared;
    let chosen: Vec<usize> = rows.iter().copied().take(MAX_CHOOSING).collect();
    let (way, unseen) = choose_way(sources, (&chosen, ways), seed);
    let fit = fit(sources, rows, way);
    let quality = (0..prepared.n_outputs)
        .map(|member| packed(prepared, examples, &fit, way, member))
        .collect();
    let m = prepared.n_outputs;
    let trees = (way.tree_share > 0.0).then(|| {
        fit.trees.iter().map(|tree| TreeModel {
            features: tree.splits.map(|(feature, _)| feature),
            thresholds: tree.splits.map(|(_, threshold)| brief(threshold)),
            leaves: (tree.leaves.iter())
                .map(|leaf| brief(leaf * f64::from(way.tree_share)))
                .collect(),
        })
    });
    let model = QueryModel {
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

/// Chooses penalty, a vector's weight and share of the trees by the squared error of differences.
fn choose_way(
    sources: Sources<'_>,
    (rows, grid): (&[usize], &[(f32, f32)]),
    seed: u64,
) -> (Way, Vec<Vec<f64>>) {
    let prepared = sources.prepared;
    let group = |row: &usize| prepared.groups.get(*row).copied().unwrap_or(*row);
    let groups: Vec<usize> = rows.iter().map(group).collect();
    let fold_of = folds(&groups, N_FOLDS, seed);
    let m = prepared.n_outputs;
    let n_ways = grid.len() * TREE_SHARES.len();
    let way_at = |at: usize, tree_share: f32| {
        let (penalty, vector_weight) = grid.get(at).copied().unwrap_or((30.0, 0.0));
        Way {
            penalty,
            tree_share,
            vector_weight,
        }
    };
    let mut errors = vec![0.0; n_ways];
    let mut said: Vec<Vec<Vec<f64>>> = vec![vec![vec![0.0; m]; rows.len()]; n_ways];
    for fold in 0..N_FOLDS {
        let part = |inside: bool| -> Vec<usize> {
            let keep = |idx: &usize| (fold_of.get(*idx) == Some(&fold)) != inside;
            (0..rows.len()).filter(keep).collect()
        };
        let learn: Vec<usize> = part(true)
            .iter()
            .filter_map(|idx| rows.get(*idx).copied())
            .collect();
        let mut trees = None;
        for p in 0..grid.len() {
            let mut fit = linear(sources, &learn, way_at(p, 0.0));
            fit.trees = trees.take().unwrap_or_else(|| grow(prepared, &learn, &fit));
            for at in part(false) {
                let Some(row) = rows.get(at).copied() else {
                    continue;
                };
                for (s, tree_share) in TREE_SHARES.into_iter().enumerate() {
                    let way = p * TREE_SHARES.len() + s;
                    let guess = guess(sources, &fit, row, way_at(p, tree_share));
                    if let Some(error) = errors.get_mut(way) {
                        *error += difference_error(&guess, prepared.quality_of(row));
                    }
                    if let Some(slot) = said.get_mut(way).and_then(|said| said.get_mut(at)) {
                        *slot = guess;
                    }
                }
            }
            trees = Some(fit.trees);
        }
    }
    let best = (errors.iter().enumerate())
        .min_by(|a, b| a.1.total_cmp(b.1))
        .map_or(0, |(way, _)| way);
    let tree_share = TREE_SHARES.get(best % TREE_SHARES.len()).copied();
    let way = way_at(best / TREE_SHARES.len(), tree_share.unwrap_or(0.0));
    (way, said.into_iter().nth(best).unwrap_or_default())
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

fn fit(sources: Sources<'_>, rows: &[usize], way: Way) -> Fit {
    let mut fit = linear(sources, rows, way);
    if way.tree_share > 0.0 {
        fit.trees = grow(sources.prepared, rows, &fit);
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
fn grow(prepared: &Prepared, rows: &[usize], fit: &Fit) -> Trees {
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
    if x.is_empty() {
        return Trees::new();
    }
    let bins = Bins::fit(&x, N_SURFACE);
    boost(&x, &bins, &y, m, N_TREES)
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

/// ln cost = a + b ln(1 + characters) + task; the exponential of a mean of logarithms lies below the
/// mean, so half of the residual variance is added.
fn fit_cost(prepared: &Prepared, rows: &[usize], member: usize) -> CostModel {
    let n_tasks = prepared.tasks.len();
    let row_of = |row: &usize| {
        let mut x = vec![0.0; 2 + n_tasks];
        let task = prepared.task_of.get(*row).copied().flatten();
        for (idx, x) in x.iter_mut().enumerate() {
            *x = match idx {
                0 => 1.0,
                1 => prepared.surface_of(*row).first().copied().unwrap_or(0.0),
                _ => f64::from(u8::from(task == Some(idx - 2))),
            };
        }
        x
    };
    let x: Vec<Vec<f64>> = rows.iter().map(row_of).collect();
    let costs = prepared.log_cost.get(member);
    let y: Vec<f64> = (rows.iter())
        .map(|row| {
            costs
                .and_then(|costs| costs.get(*row))
                .copied()
                .unwrap_or(0.0)
        })
        .collect();
    let mut prior_sd = vec![1.0; 2 + n_tasks];
    if let Some(base) = prior_sd.first_mut() {
        *base = 30.0;
    }
    let fit = Bayes {
        x: &x,
        y: &y,
        precision: &vec![4.0; rows.len()],
        prior_sd: &prior_sd,
    }
    .fit();
    let error = |(x, y): (&Vec<f64>, &f64)| (y - crate::learn::dot(x, &fit.mean)).powi(2);
    let variance = x.iter().zip(&y).map(error).sum::<f64>() / rows.len().max(1) as f64;
    let weight = |idx: usize| fit.mean.get(idx).copied().unwrap_or(0.0);
    CostModel {
        log_base: brief(weight(0) + variance / 2.0),
        per_log_chars: brief(weight(1)),
        tasks: (0..n_tasks).map(|idx| brief(weight(2 + idx))).collect(),
    }
}
