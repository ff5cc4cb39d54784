//! What the measured requests were like, for the gateway to compare traffic with.
//!
//! In: the store and the project's candidates. Out: whether the items of the latest benchmark had instructions,
//! images, files and which tools, and which candidates have other settings now than it measured; nothing where
//! nothing was measured.

use std::ops::ControlFlow;
use std::path::Path;

use trilemma_domain::{Candidate, Item};
use trilemma_gateway::MeasuredRequests;
use trilemma_route::measured_binding;
use trilemma_store::Store;

use crate::commands::export::latest_benchmark;

/// Reads it.
pub(super) fn requests(
    path: &Path,
    candidates: &[Candidate],
) -> anyhow::Result<Option<MeasuredRequests>> {
    let store = Store::open_existing(path)?;
    let Some(run) = latest_benchmark(&store)? else {
        return Ok(None);
    };
    let manifest = store.manifest(&run)?;
    let mut measured = MeasuredRequests::default();
    store.items(&manifest.golden, |_, json| {
        // An item that this version cannot read was asked by another.
        if let Ok(item) = serde_json::from_str::<Item>(json) {
            measured.add(&item);
        }
        ControlFlow::Continue(())
    })?;
    for record in &manifest.candidates {
        let was = &record.candidate;
        let now = candidates.iter().find(|one| one.id == was.id);
        if now.is_some_and(|now| measured_binding(now) != measured_binding(was)) {
            measured.add_changed(was.id.as_str());
        }
    }
    Ok(Some(measured))
}
