//! Which trials of two runs belong together: items by id, as long as they ask the same.

use std::collections::HashMap;
use std::ops::ControlFlow;

use anyhow::anyhow;
use trilemma_decide::Collector;
use trilemma_domain::{CandidateId, Fingerprint, Item, ItemId, Observation};
use trilemma_golden::input_fingerprint;
use trilemma_store::{CandidateRecord, RunManifest, Store};

use super::GateArgs;
use crate::context::{Context, InputError};

/// How two runs pair.
pub(super) struct Pairing {
    /// Position of the candidate in use in the old run.
    pub(super) reference: usize,
    /// Positions of the gated candidates in the new run, ascending.
    pub(super) gated: Vec<usize>,
    /// Positions of items: among the pairs, by their name.
    items: HashMap<ItemId, u32>,
    /// What the user should know.
    pub(super) remarks: Vec<String>,
}

impl Pairing {
    /// Pairs two runs.
    pub(super) fn of(
        args: &GateArgs,
        context: &Context,
        store: &Store,
        (old, new): (&RunManifest, &RunManifest),
    ) -> anyhow::Result<Self> {
        let givers = context.project.routing.gives_labels();
        let reference = reference(args, (context, &givers), old)?;
        let mut remarks = Vec::new();
        let asked_old = asked(store, old)?;
        let asked_new = asked(store, new)?;
        let (mut items, mut n_changed, mut n_alone) = (HashMap::new(), 0_usize, 0_usize);
        for id in &new.items {
            match asked_old.get(id) {
                None => n_alone += 1,
                Some(print) if asked_new.get(id) != Some(print) => n_changed += 1,
                Some(_) => {
                    let place = u32::try_from(items.len()).unwrap_or(u32::MAX);
                    items.insert(id.clone(), place);
                }
            }
        }
        if items.is_empty() {
            return Err(anyhow!(InputError(format!(
                "failed to compare run {} with run {}: they share no item",
                new.run, old.run
            ))));
        }
        let n_lost = old.items.len().saturating_sub(items.len() + n_changed);
        for (n, what) in [
            (n_changed, "ask something else in the two runs"),
            (n_alone, "are only in the new run"),
            (n_lost, "are only in the recorded run"),
        ] {
            if n > 0 {
                remarks.push(format!("not paired: {n} items {what}"));
            }
        }
        let reference_record = old.candidates.get(reference);
        Ok(Self {
            gated: gated(args, (old, new), (reference_record, &givers))?,
            reference,
            items,
            remarks,
        })
    }

    /// Whether both runs have the item.
    pub(super) fn has(&self, id: &ItemId) -> bool {
        self.items.contains_key(id)
    }

    /// Hands over the trials of both runs.
    pub(super) fn push(
        &self,
        store: &Store,
        (old, new): (&RunManifest, &RunManifest),
        repeats: u32,
        collector: &mut Collector,
    ) -> anyhow::Result<()> {
        let of_old = |idx: usize| (idx == self.reference).then_some(0);
        let of_new = |idx: usize| {
            self.gated
                .iter()
                .position(|gated| *gated == idx)
                .map(|n| n + 1)
        };
        self.push_run(store, old, (repeats, &of_old), collector)?;
        self.push_run(store, new, (repeats, &of_new), collector)
    }

    fn push_run(
        &self,
        store: &Store,
        manifest: &RunManifest,
        (repeats, place): (u32, &dyn Fn(usize) -> Option<usize>),
        collector: &mut Collector,
    ) -> anyhow::Result<()> {
        let mut refused = None;
        store.observations(&manifest.run, |mut seen: Observation| {
            let item = manifest
                .items
                .get(seen.key.item_idx as usize)
                .and_then(|id| self.items.get(id));
            let candidate = place(seen.key.candidate_idx as usize);
            let (Some(item), Some(candidate)) = (item, candidate) else {
                return ControlFlow::Continue(());
            };
            if seen.key.repeat >= repeats {
                return ControlFlow::Continue(());
            }
            seen.key.item_idx = *item;
            seen.key.candidate_idx = u32::try_from(candidate).unwrap_or(u32::MAX);
            match collector.push(&seen) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    refused = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        refused.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// What each item of a run asks.
fn asked(store: &Store, manifest: &RunManifest) -> anyhow::Result<HashMap<ItemId, Fingerprint>> {
    let mut prints = HashMap::with_capacity(manifest.items.len());
    let mut broken = None;
    store.items(&manifest.golden, |id, body| {
        match serde_json::from_str::<Item>(body) {
            Ok(item) => {
                prints.insert(id, input_fingerprint(&item));
                ControlFlow::Continue(())
            }
            Err(error) => {
                broken = Some(anyhow!("read item `{id}` of the store: {error}"));
                ControlFlow::Break(())
            }
        }
    })?;
    broken.map_or(Ok(prints), Err)
}

fn names(manifest: &RunManifest) -> String {
    let names = manifest
        .candidates
        .iter()
        .map(|record| record.candidate.id.to_string());
    names.collect::<Vec<_>>().join(", ")
}

fn position(manifest: &RunManifest, name: &str) -> anyhow::Result<usize> {
    let mut records = manifest.candidates.iter();
    let found = records.position(|record| record.candidate.id.as_str() == name);
    found.ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to find the candidate `{name}` in run {}; hint: one of {}",
            manifest.run,
            names(manifest)
        )))
    })
}

/// Who gives labels answers nobody, so there is nothing to let through.
fn refuse_labels(name: &str, givers: &[CandidateId]) -> anyhow::Result<()> {
    if givers.iter().any(|one| one.as_str() == name) {
        return Err(anyhow!(InputError(format!(
            "failed to compare `{name}`: it gives labels and is no candidate for answers; hint: name one that answers"
        ))));
    }
    Ok(())
}

fn reference(
    args: &GateArgs,
    (context, givers): (&Context, &[CandidateId]),
    old: &RunManifest,
) -> anyhow::Result<usize> {
    if let Some(name) = &args.incumbent {
        refuse_labels(name, givers)?;
        return position(old, name);
    }
    let own = context.project.incumbent.as_ref();
    let mut records = old.candidates.iter();
    let by_project = own.and_then(|id| records.position(|record| record.candidate.id == *id));
    let answers = |record: &CandidateRecord| !givers.contains(&record.candidate.id);
    let all = old.candidates.iter().enumerate();
    let answerers: Vec<usize> = (all.filter(|(_, record)| answers(record)))
        .map(|(idx, _)| idx)
        .collect();
    match (by_project, answerers.as_slice()) {
        (Some(idx), _) => Ok(idx),
        (None, [idx]) => Ok(*idx),
        (None, _) => Err(anyhow!(InputError(format!(
            "failed to tell which candidate of run {} is in use; hint: `--incumbent NAME`, one of {}",
            old.run,
            names(old)
        )))),
    }
}

/// The named candidates, else all for answers that differ from the recorded one.
fn gated(
    args: &GateArgs,
    (old, new): (&RunManifest, &RunManifest),
    (reference, givers): (Option<&CandidateRecord>, &[CandidateId]),
) -> anyhow::Result<Vec<usize>> {
    let mut gated = Vec::new();
    for name in &args.candidate {
        refuse_labels(name, givers)?;
        gated.push(position(new, name)?);
    }
    if gated.is_empty() {
        // What an imported file measured is not told by its candidates' names alone.
        let is_told = |manifest: &RunManifest| !manifest.notes.contains_key("imported");
        let is_same = |record: &CandidateRecord| {
            is_told(old)
                && is_told(new)
                && reference.is_some_and(|reference| reference.request_base == record.request_base)
        };
        let differing = new
            .candidates
            .iter()
            .enumerate()
            .filter(|(_, record)| !is_same(record) && !givers.contains(&record.candidate.id));
        gated.extend(differing.map(|(idx, _)| idx));
    }
    gated.sort_unstable();
    gated.dedup();
    Ok(gated)
}
