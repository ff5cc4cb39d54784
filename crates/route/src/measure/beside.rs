//! What a policy is set against: single candidates, their random mix, untrained rules, the oracle.
//!
//! Everything here knows the outcomes of the items that it is measured on; what is chosen by them (the
//! best single, the best per task) is chosen in hindsight, which favours the baselines.

use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::resample::{Resampling, bootstrap_mean, cluster_bootstrap_mean};
use trilemma_stats::{Confidence, Estimate};

use super::evaluate::Depth;
use super::grouped;
use super::hull::Frontier;
use crate::policy::Tiers;
use crate::router::{Tier, classify_complexity};
use crate::train::{Example, Examples, Recorded};

/// A point of the curve or of a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// What it is: a candidate, a target, a baseline.
    pub name: String,
    /// Mean USD per query.
    pub cost_usd: f64,
    /// The same with its 95 % interval over items, where it was asked for and not all items cost the same.
    pub cost: Option<Estimate>,
    /// Mean quality.
    pub quality: f64,
    /// Quality with its 95 % interval over items; `None` = too few items, or all alike.
    pub interval: Option<Estimate>,
}

/// Steps of the share that goes to the large candidate.
const N_SHARES: usize = 10;

impl Point {
    /// Sums what items came to: costs in USD, qualities in [0, 1], item by item; the seed is that of the
    /// bootstrap, where one is needed.
    #[must_use]
    pub fn of(name: impl Into<String>, (cost, quality): (&[f64], &[f64]), seed: u64) -> Self {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        Self {
            name: name.into(),
            cost_usd: mean(cost),
            cost: None,
            quality: mean(quality),
            interval: interval(quality, seed),
        }
    }

    /// The same for items of which some are not independent: `groups` holds the group of each. Their intervals
    /// come from drawing groups (BCa); `None` below ten groups.
    #[must_use]
    pub fn grouped(
        name: impl Into<String>,
        (cost, quality): (&[f64], &[f64]),
        (groups, seed): (&[usize], u64),
    ) -> Self {
        let plain = Self::of(name, (cost, quality), seed);
        if is_independent(groups) {
            return plain;
        }
        let resampling = Resampling::new(seed);
        let found = cluster_bootstrap_mean(quality, groups, Confidence::P95, &resampling);
        Self {
            interval: found.ok(),
            ..plain
        }
    }

    /// The same with the interval of its cost over items, or groups of them.
    #[must_use]
    pub fn with_cost(self, cost: &[f64], groups: (&[usize], u64)) -> Self {
        Self {
            cost: grouped::usd(cost, groups),
            ..self
        }
    }

    /// A point of which the items are told one by one: (quality, USD).
    fn by_item(
        name: impl Into<String>,
        examples: &Examples,
        (seed, depth): (u64, Depth),
        of: impl Fn(usize, &Example) -> (f64, f64),
    ) -> Self {
        let rows = examples.rows.iter().enumerate();
        let (quality, cost): (Vec<f64>, Vec<f64>) = rows.map(|(idx, row)| of(idx, row)).unzip();
        let groups = examples.groups();
        let point = Self::grouped(name, (&cost, &quality), (&groups, seed));
        Self {
            cost: match depth {
                Depth::Curve => None,
                Depth::Full => grouped::usd(&cost, (&groups, seed)),
            },
            ..point
        }
    }
}

/// Whether every item is a group of its own; groups are numbered from 0.
pub(super) fn is_independent(groups: &[usize]) -> bool {
    groups
        .iter()
        .max()
        .is_none_or(|most| most + 1 == groups.len())
}

/// Wilson's interval where every item is right or wrong, else a percentile bootstrap over items.
fn interval(quality: &[f64], seed: u64) -> Option<Estimate> {
    let n_right = quality.iter().filter(|one| **one >= 1.0).count();
    let n_wrong = quality.iter().filter(|one| **one <= 0.0).count();
    if n_right + n_wrong == quality.len() {
        let count = Count::new(n_right, quality.len()).ok()?;
        return Some(wilson(count, Confidence::P95));
    }
    let found = bootstrap_mean(quality, &Resampling::new(seed)).ok()?;
    Some(found.percentile(Confidence::P95))
}

/// Each candidate alone, in the order of the members.
pub(super) fn singles(examples: &Examples, how: (u64, Depth)) -> Vec<Point> {
    (0..examples.members.len())
        .map(|member| {
            Point::by_item(examples.id(member).as_str(), examples, how, |_, row| {
                (row.quality(member), row.cost(member))
            })
        })
        .collect()
}

/// The cheapest of them.
pub(super) fn cheapest(singles: &[Point]) -> Option<&Point> {
    singles
        .iter()
        .min_by(|a, b| a.cost_usd.total_cmp(&b.cost_usd))
}

/// The corners of the random mix: those that are on the hull, cheapest first.
pub(super) fn mix(singles: &[Point]) -> Vec<Point> {
    let points: Vec<(f64, f64)> = singles
        .iter()
        .map(|one| (one.cost_usd, one.quality))
        .collect();
    let corner = |(cost, quality): &(f64, f64)| {
        let same = |one: &&Point| one.cost_usd == *cost && one.quality == *quality;
        singles.iter().find(same).cloned()
    };
    Frontier::hull(&points)
        .corners
        .iter()
        .filter_map(corner)
        .collect()
}

/// Word count between the cheapest and the best: the longest queries go to the best, for shares of
/// 0, 0.1, … 1.
pub(super) fn words(examples: &Examples, how: (u64, Depth)) -> Vec<Point> {
    let cost = |member: &usize| examples.mean(|row| row.cost(*member));
    let cheapest = (0..examples.members.len()).min_by(|a, b| cost(a).total_cmp(&cost(b)));
    let (Some(small), large) = (cheapest, examples.best_single()) else {
        return Vec::new();
    };
    if small == large {
        return Vec::new();
    }
    let mut order: Vec<(usize, usize)> = (examples.rows.iter().enumerate())
        .map(|(idx, row)| (row.text.split_whitespace().count(), idx))
        .collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let n = order.len();
    let mut places = vec![0; n];
    for (place, (_, idx)) in order.iter().enumerate() {
        if let Some(slot) = places.get_mut(*idx) {
            *slot = place;
        }
    }
    (0..=N_SHARES)
        .map(|step| {
            let n_large = (step * n + N_SHARES / 2) / N_SHARES;
            let name = format!("longest {} %", 100 * step / N_SHARES);
            Point::by_item(name, examples, how, |idx, row| {
                let is_long = places.get(idx).is_some_and(|place| *place < n_large);
                let member = if is_long { large } else { small };
                (row.quality(member), row.cost(member))
            })
        })
        .collect()
}

/// Quality and cost of the cheapest of the best answers to an item.
pub(super) fn oracle(row: &Example) -> (f64, f64) {
    (row.outcomes.iter())
        .map(|one| (one.quality, one.cost_usd))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)))
        .unwrap_or((0.0, 0.0))
}

/// The oracle, a random candidate, the best per task, the design document's rules.
pub(super) fn baselines(examples: &Examples, how: (u64, Depth)) -> Vec<Point> {
    let m = examples.members.len().max(1) as f64;
    let mut points = vec![
        Point::by_item("oracle", examples, how, |_, row| oracle(row)),
        Point::by_item("a random candidate", examples, how, |_, row| {
            let sum = |of: fn(&Recorded) -> f64| row.outcomes.iter().map(of).sum::<f64>();
            (sum(|one| one.quality) / m, sum(|one| one.cost_usd) / m)
        }),
    ];
    let best = examples.best_per_task();
    if !best.is_empty() {
        points.push(Point::by_item(
            "best per task (in hindsight)",
            examples,
            how,
            |_, row| {
                let known = |(task, _): &&(String, usize)| Some(task) == row.task.as_ref();
                let member = best.iter().find(known).map_or(0, |one| one.1);
                (row.quality(member), row.cost(member))
            },
        ));
    }
    points.extend(tiers(examples, how));
    points
}

/// The design document's rules over the cheapest, the middle and the best candidate.
fn tiers(examples: &Examples, how: (u64, Depth)) -> Option<Point> {
    let tiers = examples.tiers()?;
    let place = |id| examples.members.iter().position(|one| one.id == id);
    let (small, medium, large) = (
        place(tiers.small)?,
        place(tiers.medium)?,
        place(tiers.large)?,
    );
    Some(Point::by_item(
        "untrained rules",
        examples,
        how,
        |_, row| {
            let member = match classify_complexity(&row.text) {
                Tier::Small => small,
                Tier::Medium => medium,
                Tier::Large => large,
            };
            (row.quality(member), row.cost(member))
        },
    ))
}

impl Examples {
    /// The best single candidate of each task, by its place; empty when there are fewer than two tasks.
    #[must_use]
    pub fn best_per_task(&self) -> Vec<(String, usize)> {
        let of = |task: String| {
            let own = |idx: &usize| {
                let row = self.rows.get(*idx);
                row.is_some_and(|row| row.task.as_ref() == Some(&task))
            };
            let rows: Vec<usize> = (0..self.rows.len()).filter(own).collect();
            let best = self.subset(&rows).best_single();
            (task, best)
        };
        self.tasks().into_iter().map(of).collect()
    }

    /// Candidates for the design document's three levels: the cheapest, the middle by cost, the best.
    /// `None` = there is no candidate.
    #[must_use]
    pub fn tiers(&self) -> Option<Tiers> {
        let mut by_cost: Vec<usize> = (0..self.members.len()).collect();
        let cost = |member: usize| self.mean(|row| row.cost(member));
        by_cost.sort_by(|a, b| cost(*a).total_cmp(&cost(*b)));
        Some(Tiers {
            small: self.id(*by_cost.first()?),
            medium: self.id(*by_cost.get(by_cost.len() / 2)?),
            large: self.id(self.best_single()),
        })
    }
}
