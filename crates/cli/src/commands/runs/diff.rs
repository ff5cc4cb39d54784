//! `trilemma runs diff`: what changed between two runs, in what was asked and in what came out.
//!
//! In: two runs of the store. Out: settings that differ, and for each candidate that both runs have,
//! its figures in both, the paired difference on the items that both measured, and the items that
//! changed sides. Calls nobody; money is at the prices of one day, so that a difference is one of
//! tokens, not of price lists. Whether a difference may stand is for `gate`.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use trilemma_domain::{Fingerprint, ItemId, RunId};
use trilemma_store::{RunInfo, RunManifest, Store};

use super::pairs::{self, PairResult};
use super::settings::{self, Change};
use super::words;
use crate::args::Common;
use crate::commands::export::choose;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::hint;
use crate::printer::Printer;

/// Version of the format that `--json` prints.
const SCHEMA_VERSION: u32 = 1;

/// What is compared.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The earlier run (default: the last but one).
    before: Option<String>,
    /// The later run (default: the latest).
    after: Option<String>,
}

/// Everything that differs between two runs.
#[derive(Debug, Serialize)]
pub(crate) struct RunsDiff {
    pub(crate) schema_version: u32,
    pub(crate) before: Side,
    pub(crate) after: Side,
    /// Whether both ask for the same calls.
    pub(crate) same_calls: bool,
    /// Settings that differ, candidates apart.
    pub(crate) settings: Vec<Change>,
    pub(crate) items: SharedItems,
    pub(crate) candidates: Vec<PairResult>,
    /// The day whose prices the costs are at.
    pub(crate) as_of: jiff::civil::Date,
}

/// One of the two runs.
#[derive(Debug, Serialize)]
pub(crate) struct Side {
    pub(crate) run: RunId,
    pub(crate) created_us: i64,
    pub(crate) n_items: u64,
    pub(crate) repeats: u64,
    pub(crate) n_answered: u64,
    pub(crate) n_failed: u64,
    /// What its calls cost, judges included, in nano-dollars.
    pub(crate) spent_nano_usd: i64,
}

/// Which items can be compared.
#[derive(Debug, Serialize)]
pub(crate) struct SharedItems {
    /// Items that both runs have with the same content: these are compared.
    pub(crate) n_shared: usize,
    /// Items of one name whose content differs.
    pub(crate) changed: Vec<ItemId>,
    /// Items of the earlier run only.
    pub(crate) only_before: Vec<ItemId>,
    /// Items of the later run only.
    pub(crate) only_after: Vec<ItemId>,
}

/// A run with what the comparison needs of it.
pub(super) struct Measured {
    pub(super) info: RunInfo,
    pub(super) manifest: RunManifest,
}

impl Measured {
    fn of(store: &Store, run: &RunId) -> anyhow::Result<Self> {
        Ok(Self {
            info: store.run(run)?,
            manifest: store.manifest(run)?,
        })
    }

    fn side(&self, store: &Store) -> anyhow::Result<Side> {
        let spent = store.spent(&self.manifest.run)?;
        Ok(Side {
            run: self.manifest.run.clone(),
            created_us: self.info.created_us,
            n_items: self.info.n_items,
            repeats: self.info.repeats,
            n_answered: self.info.n_answered,
            n_failed: self.info.n_failed,
            spent_nano_usd: spent.trials.saturating_add(spent.scoring).0,
        })
    }
}

/// Runs the command.
pub(super) fn run(
    args: &DiffArgs,
    (context, store): (&Context, &Store),
    common: &Common,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let (before, after) = chosen(args, store)?;
    let before = Measured::of(store, &before)?;
    let after = Measured::of(store, &after)?;
    let (items, shared) = shared_items(store, &before.manifest, &after.manifest)?;
    let diff = RunsDiff {
        schema_version: SCHEMA_VERSION,
        before: before.side(store)?,
        after: after.side(store)?,
        same_calls: before.info.fingerprint == after.info.fingerprint,
        settings: settings::changes(store, &before.manifest, &after.manifest)?,
        candidates: pairs::compare(context, store, (&before, &after), &shared)?,
        items,
        as_of: context.as_of,
    };
    if printer.json() {
        printer.value(&diff)?;
        return Ok(Exit::Ok);
    }
    printer.data(&words::text(&diff));
    let later = hint::word(diff.after.run.as_str());
    printer.next(&common.command(&format!("report {later}")));
    Ok(Exit::Ok)
}

/// The two runs: as named, or the latest two.
fn chosen(args: &DiffArgs, store: &Store) -> anyhow::Result<(RunId, RunId)> {
    if let (Some(before), Some(after)) = (&args.before, &args.after) {
        return Ok((choose(store, Some(before))?, choose(store, Some(after))?));
    }
    let mut runs = store.runs()?;
    runs.sort_by_key(|info| info.created_us);
    let mut latest = runs.into_iter().rev().map(|info| info.run);
    let after = latest
        .next()
        .context("find a run in the store; hint: `trilemma select` makes one")?;
    let before = match &args.before {
        Some(named) => choose(store, Some(named))?,
        None => latest.next().ok_or_else(|| {
            anyhow!(InputError(
                "failed to find two runs: the store holds one; hint: change something and run \
                 `trilemma bench` again, or `trilemma bench --fresh`"
                    .to_owned()
            ))
        })?,
    };
    Ok((before, after))
}

/// Sorts items by what both runs have of them; with the shared ones as they stand in the later run.
fn shared_items(
    store: &Store,
    before: &RunManifest,
    after: &RunManifest,
) -> anyhow::Result<(SharedItems, Vec<ItemId>)> {
    let old = contents(store, before)?;
    let new = contents(store, after)?;
    let mut items = SharedItems {
        n_shared: 0,
        changed: Vec::new(),
        only_before: Vec::new(),
        only_after: Vec::new(),
    };
    let mut shared = Vec::new();
    for id in &after.items {
        match (old.get(id), new.get(id)) {
            (None, _) => items.only_after.push(id.clone()),
            (Some(was), is) if Some(was) == is => shared.push(id.clone()),
            (Some(_), _) => items.changed.push(id.clone()),
        }
    }
    let known: BTreeSet<&ItemId> = after.items.iter().collect();
    let gone = before.items.iter().filter(|id| !known.contains(id));
    items.only_before.extend(gone.cloned());
    items.n_shared = shared.len();
    Ok((items, shared))
}

/// A hash of each item that a run has.
fn contents(store: &Store, run: &RunManifest) -> anyhow::Result<HashMap<ItemId, Fingerprint>> {
    let mine: BTreeSet<&ItemId> = run.items.iter().collect();
    let mut hashes = HashMap::with_capacity(mine.len());
    store.items(&run.golden, |id, body| {
        if mine.contains(&id) {
            hashes.insert(id, Fingerprint::of(body.as_bytes()));
        }
        ControlFlow::Continue(())
    })?;
    Ok(hashes)
}
