//! Candidates of a run as members of a policy: what was pinned, what was served, at which price.

use trilemma_cost::{PriceBasis, PriceStep, Pricer};
use trilemma_domain::{Candidate, ModelName};
use trilemma_route::{Member, MemberPrice, measured_binding};
use trilemma_store::CandidateRecord;

/// A candidate as it was measured, with the names that answers carried and the price that holds.
pub(super) fn member(
    record: &CandidateRecord,
    now: &Candidate,
    served: Vec<String>,
    pricer: Option<&Pricer>,
) -> Member {
    let measured = &record.candidate;
    let called = || ModelName {
        provider: measured.target.provider.clone(),
        model: measured.target.model.clone(),
    };
    Member {
        id: measured.id.clone(),
        model: Some(now.identity.clone().unwrap_or_else(called)),
        binding: Some(measured_binding(measured)),
        prompt: record.prompt,
        served,
        price: pricer.and_then(|pricer| price(pricer.step(0)?)),
        alone: None,
    }
}

fn price(step: &PriceStep) -> Option<MemberPrice> {
    let (source, checked) = match &step.basis {
        PriceBasis::Contract => (None, None),
        PriceBasis::Catalog {
            source, checked, ..
        } => (Some(source.clone()), Some(*checked)),
    };
    Some(MemberPrice {
        input: step.rates.input?,
        output: step.rates.output?,
        row: step.row.clone(),
        source,
        checked,
    })
}
