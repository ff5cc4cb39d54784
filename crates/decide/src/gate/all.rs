//! All requirements of all candidates, in a fixed order.

use super::family::{Judged, Level, Part, levels};
use super::{cost, facts, latency, not_worse, pass_rate, refusals};
use crate::evidence::Case;
use crate::result::GateResult;

/// What the requirements say, candidate by candidate.
pub(crate) struct Gates {
    /// The verdicts.
    pub(crate) results: Vec<Vec<GateResult>>,
    /// Whether each would meet everything had it been tried alone; only for a warning.
    pub(crate) alone: Vec<bool>,
}

/// Judges every candidate against every requirement.
pub(crate) fn gates(case: &Case<'_>) -> Gates {
    let all: Vec<Judged<'_>> = (0..case.candidates.len())
        .map(|candidate| Judged(parts(case, candidate)))
        .collect();
    let levels = levels(&all, &case.input.requirements, case.input.raced);
    let alone = all.iter().map(|own| own.meets_at(Level::ALONE)).collect();
    let mut results: Vec<Vec<GateResult>> = all
        .into_iter()
        .zip(levels)
        .map(|(own, level)| {
            own.0
                .into_iter()
                .map(|part| match part {
                    Part::Tested(test) => test.result(case, level),
                    Part::Stated(gate) => *gate,
                })
                .collect()
        })
        .collect();
    for (candidate, gates) in results.iter_mut().enumerate() {
        let open = refusals::refusals(case, candidate, gates);
        gates.extend(open);
    }
    Gates { results, alone }
}

fn parts<'a>(case: &'a Case<'_>, candidate: usize) -> Vec<Part<'a>> {
    let wanted = &case.input.requirements;
    let mut parts = Vec::new();
    if let Some(bar) = &wanted.pass_rate {
        parts.push(pass_rate::pass_rate(case, candidate, bar));
    }
    if let Some(bar) = &wanted.not_worse_than {
        parts.push(not_worse::not_worse(case, candidate, bar));
    }
    if let Some(bar) = &wanted.latency {
        parts.extend(latency::latency(case, candidate, bar));
    }
    if let Some(bar) = &wanted.cost {
        parts.extend(cost::cost(case, candidate, bar));
    }
    if let Some(evidence) = case.candidates.get(candidate) {
        let mut stated = Vec::new();
        if let Some(bar) = &wanted.privacy {
            stated.extend(facts::privacy(&evidence.facts.privacy, bar));
        }
        if let Some(needed) = wanted.context {
            stated.push(facts::context(evidence.facts, needed));
        }
        for capability in &wanted.capabilities {
            stated.push(facts::capability(evidence.facts, *capability));
        }
        stated.extend(facts::offered(case, evidence.facts));
        stated.extend(facts::price_age(case, candidate));
        stated.extend(facts::answers(evidence));
        parts.extend(stated.into_iter().map(|gate| Part::Stated(Box::new(gate))));
    }
    parts
}
