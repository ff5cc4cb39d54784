//! Which model each candidate asks for, which one answered, and how long it will be there.
//!
//! In: the candidates of a project, the catalog, recorded runs. Out: one row per candidate, as table and
//! JSON. What no source says is unknown; a candidate that never answered has served nothing.

use jiff::civil::Date;
use serde::Serialize;
use trilemma_decide::{CandidateFacts, LifecycleEnd, Naming};
use trilemma_domain::{Candidate, CandidateId, RunId};
use trilemma_store::Store;

use crate::context::Context;
use crate::layout::{Side, Table};
use crate::places;
use crate::printer::Printer;

/// One candidate's pin.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Pin {
    pub(crate) candidate: CandidateId,
    /// The name on the wire.
    requested: String,
    /// What the catalog calls the model; `None` = unknown to it.
    model: Option<String>,
    /// Whether the name stays with one set of weights.
    naming: Naming,
    /// What answered in the latest run of this candidate; empty = nothing was recorded, or the vendor
    /// does not say.
    served: Vec<Served>,
    /// That run.
    run: Option<RunId>,
    /// Whether some answer came from another model than the one asked for.
    pub(crate) differs: bool,
    /// When it ends; `None` = no end is announced, or it is unknown to the catalog.
    end: Option<LifecycleEnd>,
}

/// A model name that answers carried.
#[derive(Debug, Clone, Serialize)]
struct Served {
    name: String,
    n_answers: u64,
    /// Whether it is the one asked for.
    as_asked: bool,
}

/// The pins of all candidates of a project, with what the latest run of each has seen.
///
/// # Errors
/// Catalog rows that cannot be read; a store that cannot.
pub(crate) fn pins(context: &Context) -> anyhow::Result<Vec<Pin>> {
    let path = places::store_path(&context.folder, &context.project);
    // Without a store nothing was served yet.
    let store = match path {
        Ok(path) if path.is_file() => Some(Store::open_existing(&path)?),
        _ => None,
    };
    let candidates = context.project.candidates.iter();
    let all = candidates.map(|candidate| pin(context, candidate, store.as_ref()));
    all.collect()
}

/// The pins of the candidates of one run.
///
/// # Errors
/// As [`pins`].
pub(crate) fn of_run(context: &Context, store: &Store, run: &RunId) -> anyhow::Result<Vec<Pin>> {
    let manifest = store.manifest(run)?;
    let mut all = Vec::with_capacity(manifest.candidates.len());
    for (idx, record) in (0u32..).zip(&manifest.candidates) {
        let facts = CandidateFacts::of(&record.candidate, &context.catalog, context.as_of)?;
        all.push(row(facts, Some((store, run, idx)))?);
    }
    Ok(all)
}

fn pin(context: &Context, candidate: &Candidate, store: Option<&Store>) -> anyhow::Result<Pin> {
    let facts = CandidateFacts::of(candidate, &context.catalog, context.as_of)?;
    let Some(store) = store else {
        return row(facts, None);
    };
    let mut runs = store.runs()?;
    runs.sort_by_key(|info| std::cmp::Reverse(info.created_us));
    for info in runs.iter().filter(|info| info.n_answered > 0) {
        let manifest = store.manifest(&info.run)?;
        let same_target = |record: &trilemma_store::CandidateRecord| {
            record.candidate.id == candidate.id && record.candidate.target == candidate.target
        };
        if let Some(idx) = manifest.candidates.iter().position(same_target) {
            let idx = u32::try_from(idx).unwrap_or(u32::MAX);
            return row(facts, Some((store, &info.run, idx)));
        }
    }
    row(facts, None)
}

fn row(facts: CandidateFacts, seen: Option<(&Store, &RunId, u32)>) -> anyhow::Result<Pin> {
    let served: Vec<Served> = match seen {
        None => Vec::new(),
        Some((store, run, idx)) => store
            .served(run)?
            .into_iter()
            .filter(|one| one.candidate_idx == idx)
            .map(|one| Served {
                as_asked: facts.is_pinned_to(&one.model),
                name: one.model,
                n_answers: one.n_answers,
            })
            .collect(),
    };
    Ok(Pin {
        candidate: facts.id,
        requested: facts.wire_name,
        model: facts.identity.map(|identity| identity.to_string()),
        naming: facts.naming,
        differs: served.iter().any(|one| !one.as_asked),
        run: seen.map(|(_, run, _)| run.clone()),
        served,
        end: facts.end,
    })
}

/// The pins as a table.
pub(crate) fn table(pins: &[Pin], as_of: Date) -> Table {
    let mut table = Table::new(&[
        ("candidate", Side::Left),
        ("requested", Side::Left),
        ("name is", Side::Left),
        ("served", Side::Left),
        ("ends", Side::Left),
        ("instead", Side::Left),
    ]);
    for pin in pins {
        table.push([
            pin.candidate.to_string(),
            pin.requested.clone(),
            naming(pin).to_owned(),
            served(pin),
            ends(pin, as_of),
            pin.end
                .as_ref()
                .and_then(|end| end.replacement.clone())
                .unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    table
}

/// What is wrong with the pins, one sentence per candidate.
pub(crate) fn complaints(pins: &[Pin]) -> Vec<String> {
    pins.iter()
        .filter(|pin| pin.differs)
        .map(|pin| {
            format!(
                "{}: asked for `{}`, served {}{}",
                pin.candidate,
                pin.requested,
                served(pin),
                pin.run
                    .as_ref()
                    .map_or_else(String::new, |run| format!(" in run {run}")),
            )
        })
        .collect()
}

/// Says after a run which models answered though others were asked for.
///
/// # Errors
/// As [`pins`].
pub(crate) fn tell(
    context: &Context,
    (store, run): (&Store, &RunId),
    printer: Printer,
) -> anyhow::Result<()> {
    for complaint in complaints(&of_run(context, store, run)?) {
        printer.tell(&format!(
            "warning: not the model that was asked for: {complaint}"
        ));
    }
    Ok(())
}

fn naming(pin: &Pin) -> &'static str {
    match pin.naming {
        Naming::Snapshot => "a snapshot",
        Naming::Moving => "moving: may change",
        Naming::Unknown => "unknown",
    }
}

fn served(pin: &Pin) -> String {
    let names: Vec<String> = pin
        .served
        .iter()
        .map(|one| match one.as_asked {
            true if pin.served.len() == 1 => "as requested".to_owned(),
            true => format!("`{}` ({})", one.name, one.n_answers),
            false => format!("other: `{}` ({})", one.name, one.n_answers),
        })
        .collect();
    match (names.is_empty(), &pin.run) {
        (false, _) => names.join(", "),
        (true, Some(_)) => "vendor does not say".to_owned(),
        (true, None) => "not called yet".to_owned(),
    }
}

fn ends(pin: &Pin, as_of: Date) -> String {
    match (&pin.end, &pin.model) {
        (Some(end), _) if end.by <= as_of => format!("gone since {}", end.by),
        (Some(end), _) if end.exact => end.by.to_string(),
        (Some(end), _) => format!("by {}", end.by),
        (None, Some(_)) => "not announced".to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}
