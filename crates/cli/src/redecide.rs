//! Whether the recommendation holds with the answers of now.
//!
//! In: a drift report with an alarm, and the run that was decided on. Out: two decisions on the items of the
//! canary, one with the answers of that run, one with those of the check for the candidates that changed. Items
//! are weighted by how many of the golden set they stand for, so that the canary does not look harder than
//! the set is. Calls nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use trilemma_decide::{Collector, Decision, DecisionInput};
use trilemma_domain::{CandidateId, DriftDecision, DriftReport, ItemId, Observation, RunId};
use trilemma_drift::Purpose;
use trilemma_store::{RunManifest, Store};

use crate::context::Context;
use crate::decision::{self, DecideOptions};
use crate::field::Field;
use crate::holding::{Holding, Holds};

/// Decides again; `None` = there is no run to decide on, or it does not know who changed.
///
/// # Errors
/// As deciding on that run.
pub(crate) fn redecide(
    context: &Context,
    store: &Store,
    report: &DriftReport,
) -> anyhow::Result<Option<DriftDecision>> {
    let Some(plan) = Purpose::baseline(&store.manifest(&report.baseline)?) else {
        return Ok(None);
    };
    let Some(run) = plan.picked_by else {
        return Ok(None);
    };
    // The run may have been removed since.
    let Ok(manifest) = store.manifest(&run) else {
        return Ok(None);
    };
    let check = store.manifest(&report.check)?;
    let changed: BTreeSet<CandidateId> = report
        .candidates
        .iter()
        .filter(|one| one.drifted)
        .map(|one| one.id.clone())
        .collect();
    let is_known = |id: &CandidateId| position(&manifest, id).is_some();
    if !changed.iter().all(is_known) {
        return Ok(None);
    }
    let field = Field::of(context, store, &manifest)?;
    let mut input = decision::input_of(context, store, &manifest, DecideOptions::default())?;
    field.narrow(&mut input, &manifest)?;
    let weights: BTreeMap<&ItemId, f64> = check
        .items
        .iter()
        .zip(&plan.canary.items)
        .map(|(id, item)| (id, item.weight))
        .collect();
    let places = keep(&mut input, &manifest, &weights);
    if input.items.is_empty() {
        return Ok(None);
    }
    input.repeats = 1;
    let then = Sources {
        store,
        run: &run,
        candidates: &field.places,
        items: &places,
    };
    let now = decided(&input, &then, None)?;
    let of_check = CheckSource {
        manifest: &check,
        run: &report.check,
        changed: &changed,
        recorded: &manifest,
    };
    let after = decided(&input, &then, Some(&of_check))?;
    let holding = Holding::of(&now, &after);
    Ok(Some(DriftDecision {
        run,
        holds: match holding.holds {
            Holds::Yes => "yes",
            Holds::LessSure => "less_sure",
            Holds::No => "no",
        }
        .to_owned(),
        text: holding.text,
        n_items: input.items.len(),
    }))
}

fn position(manifest: &RunManifest, id: &CandidateId) -> Option<usize> {
    let mut records = manifest.candidates.iter();
    records.position(|record| record.candidate.id == *id)
}

/// Leaves the canary's items, weighted; gives the place of each item of the run among them.
fn keep(
    input: &mut DecisionInput,
    manifest: &RunManifest,
    weights: &BTreeMap<&ItemId, f64>,
) -> Vec<Option<u32>> {
    input.items.retain(|item| weights.contains_key(&item.id));
    for item in &mut input.items {
        item.weight *= weights.get(&item.id).copied().unwrap_or(1.0);
    }
    let places: BTreeMap<&ItemId, u32> = input
        .items
        .iter()
        .map(|item| &item.id)
        .zip(0u32..)
        .collect();
    manifest
        .items
        .iter()
        .map(|id| places.get(id).copied())
        .collect()
}

/// The run that was decided on, and where its trials go.
struct Sources<'a> {
    store: &'a Store,
    run: &'a RunId,
    candidates: &'a [Option<u32>],
    items: &'a [Option<u32>],
}

/// The check, for the candidates that changed.
struct CheckSource<'a> {
    manifest: &'a RunManifest,
    run: &'a RunId,
    changed: &'a BTreeSet<CandidateId>,
    recorded: &'a RunManifest,
}

fn decided(
    input: &DecisionInput,
    then: &Sources<'_>,
    check: Option<&CheckSource<'_>>,
) -> anyhow::Result<Decision> {
    let mut collector = Collector::new(input.clone())?;
    let is_replaced = |idx: u32| {
        let id = check.and_then(|check| {
            let record = check.recorded.candidates.get(idx as usize)?;
            check.changed.contains(&record.candidate.id).then_some(())
        });
        id.is_some()
    };
    let mut taken: Vec<Observation> = Vec::new();
    then.store.observations(then.run, |seen| {
        let candidate = then
            .candidates
            .get(seen.key.candidate_idx as usize)
            .copied()
            .flatten();
        let item = then
            .items
            .get(seen.key.item_idx as usize)
            .copied()
            .flatten();
        if let (Some(candidate), Some(item), 0) = (candidate, item, seen.key.repeat)
            && !is_replaced(seen.key.candidate_idx)
        {
            taken.push(placed(seen, candidate, item));
        }
        ControlFlow::Continue(())
    })?;
    if let Some(check) = check {
        let place_of: BTreeMap<&ItemId, u32> = input
            .items
            .iter()
            .map(|item| &item.id)
            .zip(0u32..)
            .collect();
        then.store.observations(check.run, |seen| {
            let record = check
                .manifest
                .candidates
                .get(seen.key.candidate_idx as usize);
            let candidate = record
                .filter(|record| check.changed.contains(&record.candidate.id))
                .and_then(|record| position(check.recorded, &record.candidate.id))
                .and_then(|idx| then.candidates.get(idx).copied().flatten());
            let item = check
                .manifest
                .items
                .get(seen.key.item_idx as usize)
                .and_then(|id| place_of.get(id).copied());
            if let (Some(candidate), Some(item)) = (candidate, item) {
                taken.push(placed(seen, candidate, item));
            }
            ControlFlow::Continue(())
        })?;
    }
    for observation in &taken {
        collector.push(observation)?;
    }
    Ok(collector.finish())
}

fn placed(mut seen: Observation, candidate: u32, item: u32) -> Observation {
    seen.key.candidate_idx = candidate;
    seen.key.item_idx = item;
    seen.key.repeat = 0;
    seen
}
