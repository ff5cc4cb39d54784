//! How probable it is that each candidate is the right choice.
//!
//! In: draws of true pass rates. Out: per candidate the share of draws in which it meets every
//! requirement and ranks first among those that do. Cost per query varies by its standard error; a
//! latency budget that is undecided holds with the probability that a log-normal quantile with the
//! measured interval stays below it, independently. What is unknown is taken as met, a requirement that
//! is failed stays failed. It is shown, it decides nothing.

use trilemma_domain::{Margin, Reference, Usd, Verdict};
use trilemma_stats::{Confidence, normal};

use super::draws::{Draws, N_DRAWS};
use super::rank::{Ranking, per_query};
use crate::evidence::Case;
use crate::figure::tidy;
use crate::input::Preference;
use crate::measure::month_factor;
use crate::result::{Amount, GateEstimate, GateKind, GateResult};

/// What does not change from draw to draw, per candidate.
struct Fixed {
    /// Whether it can be chosen at all.
    open: bool,
    /// Mean cost per query in dollars and its relative standard error.
    cost: Option<(f64, f64)>,
    /// Chances of latency budgets.
    latency: Vec<f64>,
    /// Ranking value where it does not depend on the draw.
    latency_key: Option<f64>,
}

/// The chances of one candidate; `None` where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Chances {
    /// That it meets every requirement.
    pub(crate) meets: Option<f64>,
    /// That it is the right choice.
    pub(crate) right: Option<f64>,
}

/// Chances of meeting everything and of being the right choice, in the order of candidates.
pub(crate) fn probabilities(
    case: &Case<'_>,
    gates: &[Vec<GateResult>],
    ranking: &Ranking,
) -> Vec<Chances> {
    let fixed: Vec<Fixed> = case
        .candidates
        .iter()
        .zip(gates)
        .enumerate()
        .map(|(idx, (candidate, gates))| Fixed {
            open: candidate.pass_rate.is_some() && ranking.verdict(idx) != Verdict::Fails,
            cost: per_query(candidate).map(|mean| {
                let error = candidate.cost.as_ref().map_or(0.0, |c| c.relative_error());
                (mean, error)
            }),
            latency: gates.iter().filter_map(latency_chance).collect(),
            latency_key: candidate.e2e_p50().map(|figure| figure.value),
        })
        .collect();
    let mut credit = vec![0.0; fixed.len()];
    let mut n_met = vec![0_usize; fixed.len()];
    let mut draws = Draws::of(case);
    for _ in 0..N_DRAWS {
        let rates = draws.next();
        let keys: Vec<Option<Option<f64>>> = fixed
            .iter()
            .enumerate()
            .map(|(idx, own)| fits(case, idx, own, &rates, &mut draws))
            .collect();
        credit_first(&keys, &mut credit);
        for (n_met, key) in n_met.iter_mut().zip(&keys) {
            *n_met += usize::from(key.is_some());
        }
    }
    case.candidates
        .iter()
        .zip(credit.into_iter().zip(n_met))
        .map(|(candidate, (credit, n_met))| {
            let share = |n: f64| candidate.pass_rate.and_then(|_| tidy(n / N_DRAWS as f64));
            Chances {
                meets: share(n_met as f64),
                right: share(credit),
            }
        })
        .collect()
}

/// `None` = not right in this draw; else its ranking value, which may be unknown.
fn fits(
    case: &Case<'_>,
    idx: usize,
    own: &Fixed,
    rates: &[f64],
    draws: &mut Draws,
) -> Option<Option<f64>> {
    let cost = own.cost.map(|(mean, error)| {
        (mean * (1.0 + error * normal::quantile(draws.uniform()))).max(mean * 1e-3)
    });
    let in_time = own.latency.iter().all(|chance| draws.uniform() < *chance);
    let rate = *rates.get(idx)?;
    let good = own.open && in_time && good_enough(case, idx, rate, rates);
    if !good || !affordable(case, cost, rate) {
        return None;
    }
    Some(match case.input.preference {
        Preference::CostPerAccepted => cost.map(|cost| cost / rate),
        Preference::CostPerQuery => cost,
        Preference::PassRate => Some(-rate),
        Preference::Latency => own.latency_key,
    })
}

fn good_enough(case: &Case<'_>, idx: usize, rate: f64, rates: &[f64]) -> bool {
    let wanted = &case.input.requirements;
    if wanted.pass_rate.is_some_and(|bar| rate < bar.min) {
        return false;
    }
    let Some(bar) = &wanted.not_worse_than else {
        return true;
    };
    let enough = |other: f64| match bar.margin {
        Margin::Absolute(margin) => rate >= other - margin,
        Margin::Ratio(ratio) => rate >= other * ratio,
    };
    let measured = |other: usize| {
        case.candidates
            .get(other)
            .is_some_and(|candidate| candidate.pass_rate.is_some())
    };
    let reference = match &bar.reference {
        Reference::Best => {
            return rates
                .iter()
                .enumerate()
                .all(|(other, rate)| other == idx || !measured(other) || enough(*rate));
        }
        Reference::Incumbent => case.input.incumbent,
        Reference::Candidate(id) => case
            .candidates
            .iter()
            .position(|candidate| candidate.facts.id == *id),
    };
    match reference {
        Some(other) if other != idx && measured(other) => {
            rates.get(other).is_none_or(|rate| enough(*rate))
        }
        _ => true,
    }
}

fn affordable(case: &Case<'_>, cost: Option<f64>, rate: f64) -> bool {
    let (Some(wanted), Some(cost)) = (&case.input.requirements.cost, cost) else {
        return true;
    };
    let within = |budget: Option<Usd>, amount: f64| budget.is_none_or(|b| amount <= b.to_f64());
    let month = month_factor(case.input.traffic.as_ref()).map(|f| Usd::new(f).to_f64());
    within(wanted.per_query, cost)
        && within(wanted.per_accepted, cost / rate)
        && month.is_none_or(|factor| within(wanted.per_month, cost * factor))
}

/// Chance that an undecided latency budget holds; `None` = it is decided, or no latency gate.
fn latency_chance(gate: &GateResult) -> Option<f64> {
    if gate.verdict != Verdict::Undecided
        || !matches!(
            gate.gate,
            GateKind::TtftP50 | GateKind::TtftP95 | GateKind::E2eP50 | GateKind::E2eP95
        )
    {
        return None;
    }
    let (Some(GateEstimate::Ms(figure)), Some(Amount::Ms(limit))) = (gate.estimate, gate.threshold)
    else {
        return None;
    };
    let (Some(low), Some(high)) = (figure.low, figure.high) else {
        return Some(0.5);
    };
    let spread = (high / low).ln() / (2.0 * Confidence::P95.z_two_sided());
    if !(spread > 0.0 && spread.is_finite()) {
        return Some(0.5);
    }
    Some(normal::cdf((limit / figure.value).ln() / spread))
}

/// Gives one credit to the first in rank, shared between ties; unknown values come last.
fn credit_first(keys: &[Option<Option<f64>>], credit: &mut [f64]) {
    let value = |key: &Option<f64>| key.unwrap_or(f64::INFINITY);
    let first = keys
        .iter()
        .flatten()
        .map(value)
        .fold(f64::INFINITY, f64::min);
    let is_first = |key: &Option<Option<f64>>| key.as_ref().is_some_and(|key| value(key) <= first);
    let n_first = keys.iter().filter(|key| is_first(key)).count();
    for (share, _) in credit.iter_mut().zip(keys).filter(|(_, key)| is_first(key)) {
        *share += 1.0 / n_first as f64;
    }
}
