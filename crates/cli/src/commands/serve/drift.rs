//! Watches whether traffic is like what was measured, and answered by it.
//!
//! In: the project and its store. Out: what the gateway compares requests with; each name of a model or a back end that no
//! measured answer carried, told once on standard error; what the latest check of `trilemma drift` found, for metrics.
//! Reading is done beside the traffic, which does not wait for it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use trilemma_domain::{Candidate, DriftReport};
use trilemma_gateway::{DriftStanding, Gateway, MeasuredNames, NameKind, Names, UnseenName};
use trilemma_store::Store;

use super::measured;
use crate::context::Context;
use crate::names;
use crate::places;
use crate::printer::Printer;

/// Distance between looks for new checks of drift.
const CHECK_PAUSE: Duration = Duration::from_secs(5);

/// Tells the gateway what the latest check of drift found, now and whenever there is another.
pub(super) fn follow_checks(
    context: &Context,
    gateway: Arc<Gateway>,
    printer: Printer,
) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let path = places::store_path(&context.folder, &context.project)?;
    Ok(tokio::spawn(async move {
        let mut seen = None;
        let mut is_failing = false;
        loop {
            let now = stamps(&path);
            if seen.as_ref() != Some(&now) {
                let store = path.clone();
                let read = tokio::task::spawn_blocking(move || latest_check(&store)).await;
                match read.map_err(anyhow::Error::from).flatten() {
                    Ok(standings) => {
                        gateway.set_drift(standings);
                        is_failing = false;
                        seen = Some(now);
                    }
                    // Told once, and tried again.
                    Err(error) if !std::mem::replace(&mut is_failing, true) => {
                        printer.tell(&format!(
                            "warning: metrics do not tell new checks of drift; failed to {error:#}"
                        ));
                    }
                    Err(_) => {}
                }
            }
            tokio::time::sleep(CHECK_PAUSE).await;
        }
    }))
}

/// When the store and its journal were written last, and how long they are; `None` = there is none.
fn stamps(store: &Path) -> [Option<(SystemTime, u64)>; 2] {
    let mut journal = store.as_os_str().to_owned();
    journal.push("-wal");
    [store.to_owned(), PathBuf::from(journal)].map(|path| {
        let data = fs_err::metadata(path).ok()?;
        Some((data.modified().ok()?, data.len()))
    })
}

/// What the latest check over the latest baseline found; empty = there was none.
fn latest_check(path: &Path) -> anyhow::Result<Vec<DriftStanding>> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let store = Store::open_existing(path)?;
    let Some(baseline) = names::latest_baseline(&store)? else {
        return Ok(Vec::new());
    };
    let Some(look) = store.latest_drift_look(&baseline)? else {
        return Ok(Vec::new());
    };
    let report: DriftReport = serde_json::from_str(&look.body)
        .with_context(|| format!("read what drift check {} found", look.check))?;
    let candidates = report.candidates.iter();
    let standings = candidates.flat_map(|candidate| {
        candidate.findings.iter().map(|finding| DriftStanding {
            candidate: candidate.id.to_string(),
            channel: finding.channel,
            is_alarm: finding.alarm,
            checked_us: report.checked_us,
        })
    });
    Ok(standings.collect())
}

/// Begins to watch, where something was measured; gives who is still reading.
pub(super) fn watch(
    context: &Context,
    (gateway, cell): (Arc<Gateway>, Arc<OnceLock<Names>>),
    printer: Printer,
) -> anyhow::Result<Option<tokio::task::JoinHandle<()>>> {
    let path = places::store_path(&context.folder, &context.project)?;
    if !path.is_file() {
        return Ok(None);
    }
    let candidates = context.project.candidates.clone();
    Ok(Some(tokio::task::spawn_blocking(move || {
        match measured::requests(&path, &candidates) {
            Ok(Some(measured)) => gateway.set_measured(measured),
            Ok(None) => {}
            Err(error) => printer.tell(&format!(
                "warning: requests with tools, images or files count as unmeasured; failed to read what was \
                 measured: {error:#}"
            )),
        }
        // The gateway ends when it is told to, whatever is still read here.
        drop(gateway);
        match names_of(&path, &candidates) {
            Ok(measured) => {
                let tell = Box::new(move |one: &UnseenName<'_>| printer.tell(&words(one)));
                let _is_first = cell.set(Names::new(measured, tell));
            }
            Err(error) => printer.tell(&format!(
                "warning: names of models are not watched; failed to read what was measured: {error:#}"
            )),
        }
    })))
}

fn names_of(
    path: &Path,
    candidates: &[Candidate],
) -> anyhow::Result<std::collections::BTreeMap<String, MeasuredNames>> {
    let store = Store::open_existing(path)?;
    names::measured(candidates, &store, None)
}

fn words(one: &UnseenName<'_>) -> String {
    let candidate = one.candidate;
    // A vendor's word drives no terminal and begins no line.
    let name = one.name.escape_debug();
    match one.kind {
        NameKind::ServedModel => format!(
            "warning: `{candidate}` is answered by `{name}`, which answered nothing that was measured; \
             `trilemma drift check` tells whether its answers have changed"
        ),
        NameKind::Fingerprint => format!(
            "warning: `{candidate}` answers with the fingerprint `{name}`, which no measured answer carried; \
             `trilemma drift check` tells whether its answers have changed"
        ),
    }
}
