//! The names that measured answers carried: of models and of back ends.
//!
//! In: the store and the project's candidates. Out: by candidate, what the benchmark and the latest baseline of drift have
//! seen, as far as the candidate still has the same id and asks for the same model. Checks of drift say nothing here:
//! what they found new is what is looked for.

use std::collections::BTreeMap;

use trilemma_domain::{Candidate, RunId};
use trilemma_gateway::MeasuredNames;
use trilemma_store::{RunPurpose, Store};

use crate::commands::export::latest_benchmark;

/// The measured names of candidates; `run` is the benchmark, `None` = the latest. Candidates that were not measured
/// are left out.
///
/// # Errors
/// As the store gives them.
pub(crate) fn measured(
    candidates: &[Candidate],
    store: &Store,
    run: Option<&RunId>,
) -> anyhow::Result<BTreeMap<String, MeasuredNames>> {
    let benchmark = match run {
        Some(run) => Some(run.clone()),
        None => latest_benchmark(store)?,
    };
    let baseline = latest_baseline(store)?;
    let mut all = BTreeMap::new();
    for run in benchmark.into_iter().chain(baseline) {
        add(candidates, store, &run, &mut all)?;
    }
    Ok(all)
}

/// The latest complete baseline of drift; `None` = there is none.
///
/// # Errors
/// As the store gives them.
pub(crate) fn latest_baseline(store: &Store) -> anyhow::Result<Option<RunId>> {
    let runs = store.runs()?.into_iter();
    let latest = runs
        .filter(|info| info.purpose == RunPurpose::Baseline && info.completed_us.is_some())
        .max_by_key(|info| info.created_us);
    Ok(latest.map(|info| info.run))
}

fn add(
    candidates: &[Candidate],
    store: &Store,
    run: &RunId,
    all: &mut BTreeMap<String, MeasuredNames>,
) -> anyhow::Result<()> {
    let manifest = store.manifest(run)?;
    let names = store.names(run)?;
    for (idx, record) in (0u32..).zip(&manifest.candidates) {
        let recorded = &record.candidate;
        let is_the_same = candidates
            .iter()
            .any(|one| (&one.id, &one.target.model) == (&recorded.id, &recorded.target.model));
        if !is_the_same {
            continue;
        }
        let known = all.entry(recorded.id.to_string()).or_default();
        for (known, names) in known.iter_mut().zip(&names) {
            let own = names.iter().filter(|(candidate, _)| *candidate == idx);
            known.extend(own.map(|(_, name)| name.clone()));
        }
    }
    Ok(())
}
