//! All requirements of all candidates, in a fixed order.

use super::{cost, facts, latency, not_worse, pass_rate};
use crate::evidence::Case;
use crate::result::GateResult;

/// Judges every candidate against every requirement.
pub(crate) fn gates(case: &Case<'_>) -> Vec<Vec<GateResult>> {
    let wanted = &case.input.requirements;
    let mut all: Vec<Vec<GateResult>> = case.candidates.iter().map(|_| Vec::new()).collect();
    let mut add = |column: Vec<GateResult>| {
        all.iter_mut()
            .zip(column)
            .for_each(|(gates, gate)| gates.push(gate));
    };
    if let Some(bar) = &wanted.pass_rate {
        add(pass_rate::pass_rate(case, bar));
    }
    if let Some(bar) = &wanted.not_worse_than {
        add(not_worse::not_worse(case, bar));
    }
    for (candidate, (gates, evidence)) in all.iter_mut().zip(&case.candidates).enumerate() {
        if let Some(bar) = &wanted.latency {
            gates.extend(latency::latency(case, candidate, bar));
        }
        if let Some(bar) = &wanted.cost {
            gates.extend(cost::cost(case, candidate, bar));
        }
        if let Some(bar) = &wanted.privacy {
            gates.extend(facts::privacy(&evidence.facts.privacy, bar));
        }
        if let Some(needed) = wanted.context {
            gates.push(facts::context(evidence.facts, needed));
        }
        for capability in &wanted.capabilities {
            gates.push(facts::capability(evidence.facts, *capability));
        }
        gates.extend(facts::price_age(case, candidate));
        gates.extend(facts::answers(evidence));
    }
    all
}
