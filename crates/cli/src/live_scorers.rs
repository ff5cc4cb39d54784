//! The project's scorers that score answers of traffic, under names that stay theirs.
//!
//! In: the project. Out: each scorer that runs in place, named by its label and a hash of what the project says of it, so
//! that scores of one that has changed since are not taken for its own.

use std::collections::BTreeMap;

use trilemma_domain::{Fingerprint, ScorerSpec};
use trilemma_gateway::LiveScorer;
use trilemma_score::Mode;

use crate::context::Context;

/// The scorers, in the order of the project.
pub(crate) fn live_scorers(context: &Context) -> Vec<LiveScorer> {
    let specs = context.project.scorers.iter();
    specs
        .filter_map(|spec| {
            // The project has been checked: whoever cannot be built was told then.
            let scorer = trilemma_score::build(spec).ok()?;
            matches!(scorer.mode(), Mode::Pure).then(|| LiveScorer {
                key: key_of(spec),
                scorer,
            })
        })
        .collect()
}

/// The label of a scorer by its name in the ledger.
pub(crate) fn label_of(key: &str) -> &str {
    key.rsplit_once('#').map_or(key, |(label, _)| label)
}

/// The weight is left out: it changes no score.
fn key_of(spec: &ScorerSpec) -> String {
    let options: BTreeMap<_, _> = spec.options.iter().collect();
    let told = serde_json::json!([spec.kind, options]).to_string();
    format!(
        "{}#{}",
        spec.label,
        Fingerprint::of(told.as_bytes()).short()
    )
}
