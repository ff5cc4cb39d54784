//! What policies come to on each task, and on a task that their training has not seen.
//!
//! In: items of several tasks, how to train, and what was served at parity. Out: for each task quality, cost and the
//! random mix there, with intervals over its items or clusters of them.

use trilemma_stats::Confidence;
use trilemma_stats::resample::{Interval, Resampling, bootstrap_figures};

use super::beside::Point;
use super::draws::{by_group, drawn, means, of_items, stacked};
use super::evaluate::Held;
use super::grouped;
use super::hull::Frontier;
use super::replay::{Served, replay};
use super::watch::Watch;
use crate::parallel::in_parallel;
use crate::router::{Router, Why};
use crate::train::{Examples, Options, Target, train_all};

/// One task's part, or one task left out of the training.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The task.
    pub name: String,
    /// Items.
    pub n: usize,
    /// Quality and cost at parity, trained with this task among the others.
    pub within: Point,
    /// Trained without it.
    pub left_out: Point,
    /// The single candidate that serves all of it then, where the policy routes nothing of it: it has not seen the
    /// task, or is a single candidate.
    pub unrouted: Option<String>,
    /// The random mix at the cost of `left_out`; `None` = it costs less than the cheapest.
    pub mix: Option<f64>,
    /// Its interval over the task's items, at the cost of `left_out` in each resample; `None` = there is no mix.
    pub mix_interval: Option<Interval>,
}

/// Parity by task, and with the task left out of the training.
pub(super) fn tasks(
    examples: &Examples,
    options: &Options,
    (held, watch): (&[Held], &dyn Watch),
) -> Vec<Task> {
    let parity = held
        .first()
        .map(|held| held.found.served.as_slice())
        .unwrap_or_default();
    let target = [Target::Loss(0.0)];
    let of_task = |task: &String| -> (Vec<usize>, Vec<usize>) {
        (0..examples.rows.len()).partition(|idx| {
            examples
                .rows
                .get(*idx)
                .is_some_and(|row| row.task.as_ref() == Some(task))
        })
    };
    let names = examples.tasks();
    let of = |at: usize| {
        let name = names.get(at)?.clone();
        let (own, others) = of_task(&name);
        let part = examples.subset(&own);
        let trained = train_all(&examples.subset(&others), options, &target)
            .into_iter()
            .next();
        watch.trained();
        let trained = trained?;
        let served = replay(&Router::new(trained.policy).ok()?, &part);
        let groups = part.groups();
        let groups = (groups.as_slice(), options.seed);
        let left_out = summed("left out", served.iter(), groups);
        let (mix, mix_interval) = mix_there(&part, &served, options.seed);
        Some(Task {
            n: own.len(),
            within: summed(
                "within",
                own.iter().filter_map(|idx| parity.get(*idx)),
                groups,
            ),
            mix,
            mix_interval,
            unrouted: unrouted(&part, &served),
            left_out,
            name,
        })
    };
    let found = in_parallel(names.len(), of);
    found.into_iter().flatten().collect()
}

/// Who served everything without being chosen for an item; `None` = something was routed.
fn unrouted(examples: &Examples, served: &[Served]) -> Option<String> {
    let first = served.first()?.answered_by?;
    let is_chosen = |why: &Why| !matches!(why, Why::UnseenTask | Why::NoRule);
    let is_fixed = |one: &Served| {
        one.answered_by == Some(first) && one.n_calls == 1 && !one.why.iter().any(is_chosen)
    };
    served
        .iter()
        .all(is_fixed)
        .then(|| examples.id(first).to_string())
}

/// What some items of those given came to.
fn summed<'a>(
    name: &str,
    served: impl Iterator<Item = &'a Served>,
    groups: (&[usize], u64),
) -> Point {
    let (cost, quality): (Vec<f64>, Vec<f64>) =
        served.map(|one| (one.cost_usd, one.quality)).unzip();
    let point = Point::grouped(name, (&cost, &quality), groups);
    Point {
        cost: grouped::usd(&cost, groups),
        ..point
    }
}

/// The random mix at the cost of what was served; items, or groups of them, are drawn with what they cost.
fn mix_there(examples: &Examples, served: &[Served], seed: u64) -> (Option<f64>, Option<Interval>) {
    let rows = by_group(examples, |idx, row| {
        let own = served.get(idx).map_or(0.0, |one| one.cost_usd);
        let singles = row.outcomes.iter().map(|one| (one.cost_usd, one.quality));
        stacked([(own, 0.0)].into_iter().chain(singles))
    });
    let of = |sums: &[f64]| {
        let points = means(sums);
        let (own, singles) = points.split_first()?;
        Frontier::hull(singles).at(own.0)
    };
    let once = vec![1; rows.len()];
    let point = of(&drawn(&rows, &once));
    let resampling = Resampling::new(seed);
    let interval = || {
        let [found] = bootstrap_figures(rows.len(), Confidence::P95, &resampling, |counts| {
            [of(&drawn(&rows, counts))]
        });
        of_items(found, served.len())
    };
    (point, point.map(|_| interval()))
}
