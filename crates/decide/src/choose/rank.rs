//! The order of preference, gates aside.

use std::cmp::Ordering;

use trilemma_domain::{Usd, Verdict};

use crate::evidence::{Case, Evidence};
use crate::input::Preference;
use crate::result::{GateResult, Rank};
use crate::reviewed::{can_rank, corrected_rates};

/// Values closer than this, relative, are the same.
const SAME: f64 = 1e-9;

/// All candidates with their ranking values; lower is better, `None` = unknown, last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranking {
    keys: Vec<Option<f64>>,
    rates: Vec<Option<f64>>,
    /// Positions, most preferred first.
    pub(crate) order: Vec<usize>,
    /// What every gate together says.
    pub(crate) verdicts: Vec<Verdict>,
}

impl Ranking {
    /// Ranks all candidates.
    pub(crate) fn of(case: &Case<'_>, gates: &[Vec<GateResult>]) -> Self {
        let verdicts: Vec<Verdict> = gates
            .iter()
            .map(|gates| Verdict::all(gates.iter().map(|gate| gate.verdict)))
            .collect();
        let by_people = corrected_rates(case);
        let is_corrected = can_rank(case, &by_people, &verdicts);
        let rates: Vec<Option<f64>> = case
            .candidates
            .iter()
            .zip(by_people)
            .map(|(candidate, by_people)| {
                let own = candidate.pass_rate.map(|rate| rate.value);
                by_people.filter(|_| is_corrected).or(own)
            })
            .collect();
        let keys: Vec<Option<f64>> = case
            .candidates
            .iter()
            .zip(&rates)
            .map(|(candidate, rate)| {
                let rate = rate.filter(|_| is_corrected);
                key(candidate, case.input.preference, rate)
            })
            .collect();
        let mut ranking = Self {
            order: (0..keys.len()).collect(),
            verdicts,
            keys,
            rates,
        };
        let mut order = std::mem::take(&mut ranking.order);
        order.sort_by(|a, b| ranking.compare(*a, *b));
        ranking.order = order;
        ranking
    }

    /// Ranking value of a candidate.
    pub(crate) fn key(&self, candidate: usize) -> Option<f64> {
        self.keys.get(candidate).copied().flatten()
    }

    /// What every gate together says of a candidate.
    pub(crate) fn verdict(&self, candidate: usize) -> Verdict {
        self.verdicts
            .get(candidate)
            .copied()
            .unwrap_or(Verdict::Undecided)
    }

    /// Candidates of one verdict, most preferred first.
    pub(crate) fn having(&self, verdict: Verdict) -> impl Iterator<Item = usize> + '_ {
        self.order
            .iter()
            .copied()
            .filter(move |idx| self.verdict(*idx) == verdict)
    }

    /// Whether two candidates have the same ranking value.
    pub(crate) fn same(&self, a: usize, b: usize) -> bool {
        matches!((self.key(a), self.key(b)), (Some(a), Some(b)) if compare_keys(a, b) == Ordering::Equal)
    }

    /// Whether `a` has a better ranking value than `b`; unknown values are worst.
    pub(crate) fn before(&self, a: usize, b: usize) -> bool {
        match (self.key(a), self.key(b)) {
            (Some(a), Some(b)) => compare_keys(a, b) == Ordering::Less,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        let keys = match (self.key(a), self.key(b)) {
            (Some(a), Some(b)) => compare_keys(a, b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        let rate = |idx: usize| self.rates.get(idx).copied().flatten().unwrap_or(-1.0);
        keys.then(rate(b).total_cmp(&rate(a))).then(a.cmp(&b))
    }

    /// Places from 1; equal values share one.
    pub(crate) fn places(&self) -> Vec<Rank> {
        let mut places: Vec<Rank> = Vec::new();
        for (idx, candidate) in self.order.iter().enumerate() {
            let place = self.key(*candidate).map(|_| {
                places
                    .last()
                    .filter(|last| self.same(last.candidate, *candidate))
                    .and_then(|last| last.place)
                    .unwrap_or(idx + 1)
            });
            places.push(Rank {
                candidate: *candidate,
                place,
            });
        }
        places
    }
}

fn compare_keys(a: f64, b: f64) -> Ordering {
    if (a - b).abs() <= SAME * a.abs().max(b.abs()) {
        Ordering::Equal
    } else {
        a.total_cmp(&b)
    }
}

/// Ranking value: lower is better. `corrected` is the pass rate as people would have it; `None` = the scorers' counts.
fn key(candidate: &Evidence<'_>, preference: Preference, corrected: Option<f64>) -> Option<f64> {
    match preference {
        Preference::CostPerAccepted => match corrected {
            Some(rate) => per_query(candidate)
                .map(|cost| cost / rate)
                .filter(|cost| cost.is_finite()),
            None => candidate.per_accepted.map(Usd::to_f64),
        },
        Preference::CostPerQuery => per_query(candidate),
        Preference::PassRate => {
            let rate = corrected.or(candidate.pass_rate.map(|rate| rate.value));
            rate.map(|rate| -rate)
        }
        Preference::Latency => candidate.e2e_p50().map(|time| time.value),
    }
}

/// Mean cost per query in dollars.
pub(crate) fn per_query(candidate: &Evidence<'_>) -> Option<f64> {
    candidate.cost.as_ref()?.mean().map(Usd::to_f64)
}

/// The candidate with the highest quality/cost ratio, as naive rankings have it.
pub(crate) fn ratio_pick(ratios: &[Option<f64>]) -> Option<usize> {
    ratios
        .iter()
        .enumerate()
        .filter_map(|(idx, ratio)| Some((idx, (*ratio)?)))
        .fold(
            None,
            |best: Option<(usize, f64)>, (idx, ratio)| match best {
                Some((_, most)) if most >= ratio => best,
                _ => Some((idx, ratio)),
            },
        )
        .map(|(idx, _)| idx)
}
