//! All candidates at once: who may be the best, between which ranks each lies.
//!
//! In: outcomes per item. Out: [`Standings`], or `None` where there is nothing to compare. One bootstrap
//! of the items that all compared candidates have (of clusters, with weights) serves every statement:
//! `stats::multiplicity`. Above 1,000 items or clusters these are thrown together into 1,000 random
//! groups, which keeps the variance. A candidate with less than half of the items that others have, such
//! as one that a run dropped early, is left out, so that it does not take their items away.
//!
//! Pass rates carry Clopper-Pearson intervals at a level shared over all candidates (Bonferroni): they
//! hold for whichever candidate one looks at, also for the one that was picked for its figures.

use trilemma_stats::Confidence;
use trilemma_stats::multiplicity::{Items, Member, Tail, compare_family_of};
use trilemma_stats::resample::{ChaChaStream, IndexStream, Resampling};

use crate::evidence::Case;
use crate::figure::{Figure, Method, tidy};
use crate::measure::pass_rate;
use crate::result::{Standing, Standings};
use crate::sample::Scenario;

/// Most groups that are resampled one by one.
const MOST_GROUPS: usize = 1_000;
/// Groups times candidates beyond which fewer resamples are drawn.
const MANY_VALUES: usize = 20_000;

/// Compares all candidates; `None` below two with results on ten common items or clusters.
pub(crate) fn standings(case: &Case<'_>) -> Option<Standings> {
    let compared = compared(case);
    let items = common(case, &compared);
    let n_items = items.len();
    let members = members(case, &compared, &items)?;
    let shared = Confidence::P95.shared_over(compared.len() + case.input.raced.n_given_up);
    let mut candidates = vec![None; case.candidates.len()];
    let mut best_set = Vec::new();
    for (idx, member) in compared.iter().zip(members) {
        let own = case.candidates.get(*idx)?;
        let share = pass_rate(&case.design, &own.column, Scenario::Observed)?;
        let standing = Standing {
            rank_best: member.rank_best,
            rank_worst: member.rank_worst,
            may_be_best: member.may_be_best,
            probability_best: tidy(member.probability_best)?,
            largest_regret: tidy(member.largest_regret.clamp(0.0, 1.0))?,
            pass_rate: share.exact_figure(shared)?,
        };
        if standing.may_be_best {
            best_set.push(*idx);
        }
        if let Some(slot) = candidates.get_mut(*idx) {
            *slot = Some(standing);
        }
    }
    Some(Standings {
        n_items,
        confidence: Confidence::P95.level(),
        best_set,
        candidates,
    })
}

/// Candidates with at least half as many scored items as the one that has most.
fn compared(case: &Case<'_>) -> Vec<usize> {
    let n_scored = |idx: usize| {
        case.candidates.get(idx).map_or(0, |own| {
            let items = own.column.items.iter();
            items.filter(|cell| cell.n_scored > 0).count()
        })
    };
    let most = (0..case.candidates.len()).map(n_scored).max().unwrap_or(0);
    (0..case.candidates.len())
        .filter(|idx| n_scored(*idx) > 0 && 2 * n_scored(*idx) >= most)
        .collect()
}

/// Items that all compared candidates have.
fn common(case: &Case<'_>, compared: &[usize]) -> Vec<usize> {
    let has = |candidate: usize, item: usize| {
        case.candidates
            .get(candidate)
            .and_then(|own| own.column.items.get(item))
            .is_some_and(|cell| cell.n_scored > 0)
    };
    (0..case.design.n_items())
        .filter(|item| compared.iter().all(|candidate| has(*candidate, *item)))
        .collect()
}

fn members(case: &Case<'_>, compared: &[usize], items: &[usize]) -> Option<Vec<Member>> {
    if compared.len() < 2 {
        return None;
    }
    let known: Option<Vec<f64>> = compared
        .iter()
        .map(|idx| {
            let rate = case.candidates.get(*idx)?.pass_rate?;
            (rate.method == Method::Census).then_some(rate.value)
        })
        .collect();
    if let Some(rates) = known {
        return Some(ranked(&rates));
    }
    let scores: Vec<Vec<f64>> = compared
        .iter()
        .map(|idx| {
            let own = case.candidates.get(*idx);
            items
                .iter()
                .map(|item| {
                    own.and_then(|own| own.column.items.get(*item))
                        .and_then(|cell| cell.share(Scenario::Observed))
                        .unwrap_or(0.0)
                })
                .collect()
        })
        .collect();
    let clusters = groups(case, items);
    let weights: Option<Vec<f64>> = case
        .design
        .weights
        .is_some()
        .then(|| items.iter().map(|item| case.design.weight(*item)).collect());
    let n_values = items.len().min(MOST_GROUPS) * compared.len();
    let resamples = if n_values > MANY_VALUES { 1_000 } else { 2_000 };
    let family = compare_family_of(
        &scores,
        Items {
            clusters: clusters.as_deref(),
            weights: weights.as_deref(),
            tail: Tail::Student,
        },
        Confidence::P95,
        &Resampling::new(case.input.seed).with_resamples(resamples),
    );
    Some(family.ok()?.members)
}

/// The group of each item; `None` = each is its own.
fn groups(case: &Case<'_>, items: &[usize]) -> Option<Vec<usize>> {
    let own = |item: &usize| case.design.cluster(*item);
    let n_clusters = case.design.n_clusters().unwrap_or(case.design.n_items());
    if case.design.clusters.is_none() && items.len() <= MOST_GROUPS {
        return None;
    }
    if n_clusters <= MOST_GROUPS {
        return Some(items.iter().map(own).collect());
    }
    let mut stream = ChaChaStream::new(case.input.seed);
    let mut place: Vec<usize> = (0..n_clusters).collect();
    for last in (1..n_clusters).rev() {
        place.swap(last, stream.next_index(last + 1));
    }
    let group = |item| place.get(own(item)).map_or(0, |place| place % MOST_GROUPS);
    Some(items.iter().map(group).collect())
}

/// Standings where every pass rate is known.
fn ranked(rates: &[f64]) -> Vec<Member> {
    let top = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let n_top = rates.iter().filter(|rate| **rate >= top).count() as f64;
    rates
        .iter()
        .map(|own| {
            let is_top = *own >= top;
            Member {
                rank_best: 1 + rates.iter().filter(|other| *other > own).count(),
                rank_worst: rates.iter().filter(|other| *other >= own).count(),
                may_be_best: is_top,
                probability_best: if is_top { 1.0 / n_top } else { 0.0 },
                largest_regret: top - own,
                lead_of_others: 0.0,
                lead_allowed: 0.0,
            }
        })
        .collect()
}

impl Standings {
    /// The figure of one candidate that holds for all at once.
    pub(crate) fn pass_rate(&self, candidate: usize) -> Option<Figure> {
        Some(self.candidates.get(candidate)?.as_ref()?.pass_rate)
    }
}
