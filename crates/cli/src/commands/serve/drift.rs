//! Watches whether traffic is answered by what was measured.
//!
//! In: the project and its store. Out: each name of a model or a back end that no measured answer carried, told once
//! on standard error. Reading what was measured is done beside the traffic, which does not wait for it.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use trilemma_domain::Candidate;
use trilemma_gateway::{MeasuredNames, NameKind, Names, UnseenName};
use trilemma_store::Store;

use crate::context::Context;
use crate::names;
use crate::places;
use crate::printer::Printer;

/// Begins to watch, where something was measured; gives who is still reading.
pub(super) fn watch(
    context: &Context,
    cell: Arc<OnceLock<Names>>,
    printer: Printer,
) -> anyhow::Result<Option<tokio::task::JoinHandle<()>>> {
    let path = places::store_path(&context.folder, &context.project)?;
    if !path.is_file() {
        return Ok(None);
    }
    let candidates = context.project.candidates.clone();
    Ok(Some(tokio::task::spawn_blocking(move || {
        match measured(&path, &candidates) {
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

fn measured(
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
