//! What served items came to, set against the best single candidate and the random mix.

use trilemma_stats::paired::alike;
use trilemma_stats::resample::{
    Interval, Resampling, bootstrap_figures, bootstrap_mean, bootstrap_sums, cluster_bootstrap_mean,
};
use trilemma_stats::{Confidence, Estimate, Method};

use super::beside::{Point, is_independent};
use super::draws::{by_group, drawn, means, of_items, stacked};
use super::grouped;
use super::hull::Frontier;
use super::replay::{Served, replay};
use super::wait::{Wait, wait};
use crate::policy::Policy;
use crate::router::Router;
use crate::train::Examples;

/// What a policy came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Appraisal {
    /// Quality and cost.
    pub point: Point,
    /// Quality less that of the best single candidate, paired; where all items differ alike, such as not at all, the
    /// interval is that of what could have been missed. `None` = too few items.
    pub difference: Option<Estimate>,
    /// The same, without interval.
    pub difference_point: f64,
    /// Cost as a share of the best single candidate's.
    pub cost_share: f64,
    /// Its interval over items, or why it has none.
    pub cost_share_interval: Interval,
    /// Quality less that of the random mix of single candidates at the same cost; `None` = no spread,
    /// or too few items.
    pub above_mix: Option<Estimate>,
    /// USD per query with its 95 % interval; `None` = all items cost the same.
    pub cost: Option<Estimate>,
    /// Share of items that took more than one step.
    pub escalated: f64,
    /// The same with its 95 % interval; `None` = there are no items.
    pub escalation: Option<Estimate>,
    /// USD per item of calls for labels, which are part of the cost, with its 95 % interval (both ends are the point where
    /// all items pay the same); `None` = none was made that costs something.
    pub labels: Option<Estimate>,
    /// Calls per item.
    pub calls: f64,
    /// How long people wait; `None` = times are not recorded.
    pub wait: Option<Wait>,
    /// Item by item, in the order of the examples.
    pub served: Vec<Served>,
}

/// Serves all items by one policy.
#[must_use]
pub fn appraise(router: &Router, examples: &Examples, seed: u64) -> Appraisal {
    let name = router.policy().name.clone();
    judged(examples, name, replay(router, examples), seed)
}

/// Serves each of five folds by the policy that is made of the others; `None` = one of them cannot be
/// used.
#[must_use]
pub fn cross_appraise(
    examples: &Examples,
    (name, seed): (&str, u64),
    make: impl Fn(&Examples) -> Policy,
) -> Option<Appraisal> {
    let fold_of = examples.folds(super::unseen::N_FOLDS, seed);
    let mut served: Vec<(usize, Served)> = Vec::with_capacity(examples.rows.len());
    for fold in 0..super::unseen::N_FOLDS {
        let (learn, test) = super::unseen::split(&fold_of, fold);
        let router = Router::new(make(&examples.subset(&learn))).ok()?;
        let part = replay(&router, &examples.subset(&test));
        served.extend(test.into_iter().zip(part));
    }
    served.sort_by_key(|one| one.0);
    let served = served.into_iter().map(|one| one.1).collect();
    Some(judged(examples, name.to_owned(), served, seed))
}

/// Sets what was served against the single candidates.
pub(super) fn judged(
    examples: &Examples,
    name: String,
    served: Vec<Served>,
    seed: u64,
) -> Appraisal {
    let best = examples.best_single();
    let n = served.len().max(1) as f64;
    let cost: Vec<f64> = served.iter().map(|one| one.cost_usd).collect();
    let quality: Vec<f64> = served.iter().map(|one| one.quality).collect();
    let groups = examples.groups();
    let point = Point::grouped(name, (&cost, &quality), (&groups, seed));
    let differences: Vec<f64> = (examples.rows.iter().zip(&served))
        .map(|(row, served)| served.quality - row.quality(best))
        .collect();
    let has_escalated: Vec<bool> = served.iter().map(|one| one.escalated).collect();
    let resampling = Resampling::new(seed);
    let n_groups = groups.iter().max().map_or(0, |last| last + 1);
    let interval = if let Some(same) = constant(&differences) {
        // What belongs together is seen once.
        let found = alike(same, n_groups, Confidence::P95).ok();
        found.map(|found| Estimate {
            n: differences.len(),
            ..found
        })
    } else if is_independent(&groups) {
        let found = bootstrap_mean(&differences, &resampling);
        found.ok().map(|found| found.bca(Confidence::P95))
    } else {
        cluster_bootstrap_mean(&differences, &groups, Confidence::P95, &resampling).ok()
    };
    Appraisal {
        difference: interval,
        difference_point: differences.iter().sum::<f64>() / n,
        cost_share: point.cost_usd / examples.mean(|row| row.cost(best)).max(1e-12),
        cost_share_interval: cost_share(examples, &cost, seed),
        above_mix: above_mix(examples, &served, seed),
        cost: grouped::usd(&cost, (&groups, seed)),
        escalated: has_escalated.iter().filter(|is| **is).count() as f64 / n,
        escalation: grouped::share(&has_escalated, (&groups, seed)),
        labels: labels_usd(&served, (&groups, seed)),
        calls: served.iter().map(|one| one.n_calls as f64).sum::<f64>() / n,
        wait: wait(examples, &served, seed),
        point,
        served,
    }
}

/// What all values are; `None` = they differ, or there are none.
fn constant(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    values.iter().all(|one| *one == first).then_some(first)
}

fn labels_usd(served: &[Served], groups: (&[usize], u64)) -> Option<Estimate> {
    let usd: Vec<f64> = served.iter().map(|one| one.label_usd).collect();
    let point = usd.iter().sum::<f64>() / usd.len().max(1) as f64;
    if point <= 0.0 {
        return None;
    }
    Some(match grouped::usd(&usd, groups) {
        Some(found) => found,
        None => Estimate {
            point,
            low: point,
            high: point,
            confidence: Confidence::P95,
            n: usd.len(),
            method: Method::BootstrapPercentile,
            standard_error: None,
        },
    })
}

/// Items, or groups of them, are drawn anew; the mix is that of the items drawn.
fn above_mix(examples: &Examples, served: &[Served], seed: u64) -> Option<Estimate> {
    let rows = by_group(examples, |idx, row| {
        let own = served
            .get(idx)
            .map_or((0.0, 0.0), |one| (one.cost_usd, one.quality));
        let singles = row.outcomes.iter().map(|one| (one.cost_usd, one.quality));
        stacked([own].into_iter().chain(singles))
    });
    let statistic = |sums: &[f64]| {
        let points = means(sums);
        let Some(((cost, quality), singles)) = points.split_first() else {
            return 0.0;
        };
        let mix = Frontier::hull(singles);
        // Below the cheapest there is no mix: the cheapest itself is the most that it offers.
        let floor = mix.corners.first().map_or(0.0, |corner| corner.1);
        quality - mix.at(*cost).unwrap_or(floor)
    };
    let found = bootstrap_sums(&rows, &Resampling::new(seed), statistic).ok()?;
    Some(Estimate {
        n: served.len(),
        ..found.percentile(Confidence::P95)
    })
}

/// Cost as a share of the best single candidate's, both drawn together; a resample that costs nothing with it has
/// no share.
fn cost_share(examples: &Examples, cost: &[f64], seed: u64) -> Interval {
    let best = examples.best_single();
    let rows = by_group(examples, |idx, row| {
        vec![cost.get(idx).copied().unwrap_or(0.0), row.cost(best)]
    });
    let resampling = Resampling::new(seed);
    let [found] = bootstrap_figures(rows.len(), Confidence::P95, &resampling, |counts| {
        [match drawn(&rows, counts).as_slice() {
            [own, single] if *single > 0.0 => Some(own / single),
            _ => None,
        }]
    });
    of_items(found, cost.len())
}
