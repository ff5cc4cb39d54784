//! Watches whether traffic is like what was measured, and answered by it.
//!
//! In: the project and its store. Out: what the gateway compares requests with, and each name of a model or a back end that no measured answer carried, told once
//! on standard error. Reading what was measured is done beside the traffic, which does not wait for it.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use trilemma_domain::Candidate;
use trilemma_gateway::{Gateway, MeasuredNames, NameKind, Names, UnseenName};
use trilemma_store::Store;

use super::measured;
use crate::context::Context;
use crate::names;
use crate::places;
use crate::printer::Printer;

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
