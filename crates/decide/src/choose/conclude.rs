//! Recommended, nobody, or undecided.

use trilemma_domain::Verdict;

use super::probability::Chances;
use super::rank::Ranking;
use crate::evidence::Case;
use crate::figure::tidy;
use crate::result::{Amount, Cause, Conclusion, GateKind, GateResult, Regret};

/// Draws the conclusion.
pub(crate) fn conclude(
    case: &Case<'_>,
    gates: &[Vec<GateResult>],
    ranking: &Ranking,
    probabilities: &[Chances],
) -> Conclusion {
    let probability = |idx: usize| probabilities.get(idx)?.right;
    if let Some(recommended) = ranking.having(Verdict::Meets).next() {
        return Conclusion::Decided {
            recommended,
            recommended_id: case.name(recommended).into(),
            ties: ranking
                .having(Verdict::Meets)
                .filter(|other| *other != recommended && ranking.same(*other, recommended))
                .collect(),
            probability_right: probability(recommended),
        };
    }
    // The first of equals in the order of preference.
    let provisional = ranking
        .having(Verdict::Undecided)
        .fold(None, |best: Option<usize>, idx| match best {
            Some(best) if probability(best) >= probability(idx) => Some(best),
            _ => Some(idx),
        });
    let Some(provisional) = provisional else {
        return Conclusion::NoCandidate {
            nearest: nearest(case, gates),
        };
    };
    let own = gates
        .get(provisional)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let more_items = own
        .iter()
        .filter_map(|gate| gate.settle.as_ref()?.more_items)
        .max();
    Conclusion::Undecided {
        provisional: Some(provisional),
        provisional_id: Some(case.name(provisional).into()),
        probability_right: probability(provisional),
        largest_regret: regret(case, own),
        more_items,
        cost_usd: more_items
            .and_then(|more| case.cost_of_items(more, ranking.having(Verdict::Undecided))),
        action: action(own),
    }
}

/// The candidate that fails fewest requirements, then has the highest pass rate.
fn nearest(case: &Case<'_>, gates: &[Vec<GateResult>]) -> Option<usize> {
    let failures = |idx: usize| {
        gates.get(idx).map_or(usize::MAX, |gates| {
            gates
                .iter()
                .filter(|gate| gate.verdict == Verdict::Fails)
                .count()
        })
    };
    let rate = |idx: usize| {
        case.candidates
            .get(idx)
            .and_then(|candidate| candidate.pass_rate)
            .map_or(-1.0, |rate| rate.value)
    };
    (0..case.candidates.len()).min_by(|a, b| {
        failures(*a)
            .cmp(&failures(*b))
            .then(rate(*b).total_cmp(&rate(*a)))
    })
}

/// How far the undecided quality requirements may be missed, at their own confidence.
fn regret(case: &Case<'_>, gates: &[GateResult]) -> Option<Regret> {
    let short = |gate: &GateResult| -> Option<(f64, GateKind)> {
        if gate.verdict != Verdict::Undecided {
            return None;
        }
        let missing = match (gate.gate, gate.threshold?, gate.bound?) {
            (GateKind::PassRate, Amount::Rate(bar), Amount::Rate(bound)) => bar - bound,
            (GateKind::NotWorseThan, Amount::Difference(bar), Amount::Difference(bound)) => {
                bar - bound
            }
            (GateKind::NotWorseThan, Amount::Ratio(bar), Amount::Ratio(bound)) => {
                let other = case.candidates.get(gate.reference?)?.pass_rate?.value;
                (bar - bound) * other
            }
            _ => return None,
        };
        Some((tidy(missing.max(0.0))?, gate.gate))
    };
    let (pass_rate, gate) = gates
        .iter()
        .filter_map(short)
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    let what = match gate {
        GateKind::NotWorseThan => "what the comparison allows",
        _ => "the required pass rate",
    };
    Some(Regret {
        pass_rate,
        text: format!(
            "at worst it falls {:.1} points short of {what}",
            pass_rate * 100.0
        ),
    })
}

fn action(gates: &[GateResult]) -> String {
    let mut steps: Vec<String> = Vec::new();
    for gate in gates {
        if let Some(settle) = &gate.settle {
            let step = format!("{}: {}", gate.gate.label(), settle.action);
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
    }
    steps.join("; ")
}

/// Whether results that are missing could change the conclusion: some candidate lacks nothing but
/// them, and would rank before the recommended one.
pub(crate) fn missing_could_change(
    case: &Case<'_>,
    gates: &[Vec<GateResult>],
    ranking: &Ranking,
) -> bool {
    let recommended = ranking.having(Verdict::Meets).next();
    ranking.having(Verdict::Undecided).any(|idx| {
        let only_missing = gates.get(idx).is_some_and(|gates| {
            gates
                .iter()
                .filter(|gate| gate.verdict == Verdict::Undecided)
                .all(|gate| gate.cause == Some(Cause::MissingResults))
        });
        only_missing
            && recommended.is_none_or(|recommended| {
                ranking.before(idx, recommended) || rank_unknown(case, ranking, idx)
            })
    })
}

/// Whether its ranking value is only unknown because its results are missing.
fn rank_unknown(case: &Case<'_>, ranking: &Ranking, idx: usize) -> bool {
    let priced = || {
        case.candidates.get(idx).is_some_and(|candidate| {
            candidate.facts.pricer.is_some() || candidate.facts.routed.is_some()
        })
    };
    ranking.key(idx).is_none() && (!case.input.preference.needs_prices() || priced())
}
