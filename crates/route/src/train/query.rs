//! Fits quality and cost of each candidate to queries.
//!
//! Ridge regression on hashed pieces, surface features and tasks; trees on the surface features take
//! part in what differs between candidates. Penalty and share of the trees are chosen by the squared
//! error of the differences in five folds inside the items given. Tasks are columns like others, so a
//! task's deviation is shrunk towards the mean by its number of items.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::examples::Examples;
use crate::features::{Hashed, N_HASH, N_SURFACE, surface};
use crate::learn::{Bayes, Bins, Row, Trees, boost, folds, predict, ridge};
use crate::learned::{
    CostModel, QualityModel, QueryModel, TreeModel, UnseenTask, brief, columns, standard_row,
};

/// Weight of a standardised surface feature beside pieces of length one.
const SURFACE_WEIGHT: f32 = 0.07;
/// Weight of a task.
const TASK_WEIGHT: f32 = 2.0;
const PENALTIES: [f32; 3] = [10.0, 30.0, 100.0];
/// Share of the trees in what differs between candidates.
const TREE_SHARES: [f32; 3] = [0.0, 1.0 / 3.0, 0.5];
const N_TREES: usize = 60;
const N_FOLDS: usize = 5;
/// Most items on which penalty and share are chosen.
const MAX_CHOOSING: usize = 1_500;

/// Features of all items, computed once.
pub(crate) struct Prepared {
    pieces: Vec<Row>,
    surface: Vec<Vec<f64>>,
    tasks: Vec<String>,
    /// Every task that an item names, also where it is the only one.
    named_tasks: Vec<String>,
    /// Group of each item.
    groups: Vec<usize>,
    task_of: Vec<Option<usize>>,
    n_outputs: usize,
    /// Interleaved qualities.
    quality: Vec<f32>,
    log_cost: Vec<Vec<f64>>,
}

impl Prepared {
    /// Looks at every item.
    pub(crate) fn of(examples: &Examples) -> Self {
        let tasks = examples.tasks();
        let position = |task: &Option<String>| {
            task.as_ref()
                .and_then(|task| tasks.iter().position(|known| known == task))
        };
        let n_outputs = examples.members.len();
        let all = || 0..n_outputs;
        Self {
            pieces: (examples.rows.iter())
                .map(|row| columns(&Hashed::of(&row.text)))
                .collect(),
            surface: examples.rows.iter().map(|row| surface(&row.text)).collect(),
            task_of: examples
                .rows
                .iter()
                .map(|row| position(&row.task))
                .collect(),
            quality: (examples.rows.iter())
                .flat_map(|row| all().map(|member| row.quality(member) as f32))
                .collect(),
            log_cost: all()
                .map(|member| {
                    let log = |cost: f64| cost.max(1e-12).ln();
                    examples
                        .rows
                        .iter()
                        .map(|row| log(row.cost(member)))
                        .collect()
                })
                .collect(),
            named_tasks: examples.named_tasks(),
            groups: examples.groups(),
            tasks,
            n_outputs,
        }
    }

    fn n_columns(&self) -> usize {
        N_HASH + N_SURFACE + self.tasks.len()
    }

    fn quality_of(&self, row: usize) -> &[f32] {
        let from = row * self.n_outputs;
        self.quality
            .get(from..from + self.n_outputs)
            .unwrap_or_default()
    }

    fn surface_of(&self, row: usize) -> &[f64] {
        self.surface.get(row).map_or(&[], Vec::as_slice)
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
}

/// A fitted model and what it said of its own items when it had not seen them.
pub(crate) struct FittedQuery {
    /// With no price on cost.
    pub(crate) model: QueryModel,
    /// Out-of-fold qualities, by position in the items given, then candidate; only of those on
    /// which penalty and share were chosen.
    pub(crate) unseen: Vec<(usize, Vec<f64>)>,
}

/// Fits to the items at some positions.
pub(crate) fn fit_query(
    prepared: &Prepared,
    examples: &Examples,
    rows: &[usize],
    seed: u64,
) -> FittedQuery {
    let chosen: Vec<usize> = rows.iter().copied().take(MAX_CHOOSING).collect();
    let (way, unseen) = choose_way(prepared, &chosen, seed);
    let fit = fit(prepared, rows, way);
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
    };
    let unseen = chosen.iter().copied().zip(unseen).collect();
    FittedQuery { model, unseen }
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

/// Chooses penalty and share of the trees by the squared error of differences.
fn choose_way(prepared: &Prepared, rows: &[usize], seed: u64) -> (Way, Vec<Vec<f64>>) {
    let group = |row: &usize| prepared.groups.get(*row).copied().unwrap_or(*row);
    let groups: Vec<usize> = rows.iter().map(group).collect();
    let fold_of = folds(&groups, N_FOLDS, seed);
    let m = prepared.n_outputs;
    let n_ways = PENALTIES.len() * TREE_SHARES.len();
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
        for (p, penalty) in PENALTIES.into_iter().enumerate() {
            let mut fit = linear(prepared, &learn, penalty);
            fit.trees = trees.take().unwrap_or_else(|| grow(prepared, &learn, &fit));
            for at in part(false) {
                let Some(row) = rows.get(at).copied() else {
                    continue;
                };
                for (s, tree_share) in TREE_SHARES.into_iter().enumerate() {
                    let way = p * TREE_SHARES.len() + s;
                    let guess = guess(prepared, &fit, row, tree_share);
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
    let way = Way {
        penalty: PENALTIES
            .get(best / TREE_SHARES.len())
            .copied()
            .unwrap_or(30.0),
        tree_share: TREE_SHARES
            .get(best % TREE_SHARES.len())
            .copied()
            .unwrap_or(0.0),
    };
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

fn fit(prepared: &Prepared, rows: &[usize], way: Way) -> Fit {
    let mut fit = linear(prepared, rows, way.penalty);
    if way.tree_share > 0.0 {
        fit.trees = grow(prepared, rows, &fit);
    }
    fit
}

fn linear(prepared: &Prepared, rows: &[usize], penalty: f32) -> Fit {
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
        .map(|row| full_row(prepared, &scales, *row))
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
        weights: ridge(&x, prepared.n_columns(), &y, m, penalty),
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

fn full_row(prepared: &Prepared, scales: &[[f64; 2]], row: usize) -> Row {
    let mut x = prepared.pieces.get(row).cloned().unwrap_or_default();
    let surface = standard_row(prepared.surface_of(row), scales);
    x.extend(
        (surface.iter().enumerate())
            .map(|(idx, value)| ((N_HASH + idx) as u32, *value as f32 * SURFACE_WEIGHT)),
    );
    if let Some(task) = prepared.task_of.get(row).copied().flatten() {
        x.push(((N_HASH + N_SURFACE + task) as u32, TASK_WEIGHT));
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
fn guess(prepared: &Prepared, fit: &Fit, row: usize, tree_share: f32) -> Vec<f64> {
    let m = prepared.n_outputs;
    let x = full_row(prepared, &fit.scales, row);
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

/// One candidate's weights in the form of the file.
fn packed(
    prepared: &Prepared,
    examples: &Examples,
    fit: &Fit,
    way: Way,
    member: usize,
) -> QualityModel {
    let m = prepared.n_outputs;
    // As `guess`: the differences from the mean over candidates count for less where trees take part.
    let weight = |column: usize| {
        let all = fit
            .weights
            .get(column * m..(column + 1) * m)
            .unwrap_or_default();
        let level = all.iter().sum::<f32>() / m.max(1) as f32;
        let own = all.get(member).copied().unwrap_or(0.0);
        f64::from(level + (1.0 - way.tree_share) * (own - level))
    };
    let pieces: Vec<f64> = (0..N_HASH).map(weight).collect();
    let largest = pieces
        .iter()
        .fold(1e-9_f64, |most, weight| most.max(weight.abs()));
    let scale = brief(largest / 127.0);
    let byte = |weight: &f64| ((weight / scale).round().clamp(-127.0, 127.0) as i8).cast_unsigned();
    QualityModel {
        candidate: examples.id(member),
        mean: brief(f64::from(fit.mean.get(member).copied().unwrap_or(0.0))),
        surface: (0..N_SURFACE)
            .map(|idx| brief(weight(N_HASH + idx) * f64::from(SURFACE_WEIGHT)))
            .collect(),
        tasks: (0..prepared.tasks.len())
            .map(|idx| brief(weight(N_HASH + N_SURFACE + idx) * f64::from(TASK_WEIGHT)))
            .collect(),
        pieces_scale: scale,
        pieces: STANDARD.encode(pieces.iter().map(byte).collect::<Vec<u8>>()),
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
