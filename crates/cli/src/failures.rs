//! Why trials of a session failed: one example per candidate and kind, in the endpoint's own words.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use trilemma_domain::{FailureKind, ObservedState, TrialKey, TrialOutcome};

use crate::layout::{counted, one_line};
use crate::printer::Printer;
use crate::session::Session;

/// Lines that are shown; the rest is counted.
const MAX_LINES: usize = 8;
/// Characters of a message that are shown.
const MAX_CHARS: usize = 200;

/// Tells them; silent where nothing failed.
///
/// # Errors
/// As the store gives them.
pub(crate) fn tell(session: &Session, printer: Printer) -> anyhow::Result<()> {
    if session.summary.n_failed == 0 {
        return Ok(());
    }
    let mut seen: BTreeMap<(u32, FailureKind), (u64, TrialKey)> = BTreeMap::new();
    session.store.observations(&session.run, |observation| {
        let key = observation.key;
        if let ObservedState::Failed(kind) = observation.state {
            let (n_trials, _) = seen.entry((key.candidate_idx, kind)).or_insert((0, key));
            *n_trials += 1;
        }
        ControlFlow::Continue(())
    })?;
    let manifest = session.store.manifest(&session.run)?;
    for ((candidate_idx, _), (n_trials, key)) in seen.iter().take(MAX_LINES) {
        let candidate = manifest.candidates.get(*candidate_idx as usize);
        let name = candidate.map_or("?", |record| record.candidate.id.as_str());
        let detail = session.store.trial_detail(&session.run, *key)?;
        if let TrialOutcome::Failed(failure) = &detail.trial.outcome {
            printer.say(&format!(
                "  `{}`: {} without an answer, such as {}: {}",
                one_line(name),
                counted(*n_trials, "trial"),
                failure.kind.name(),
                shortened(&one_line(&failure.message))
            ));
        }
    }
    if let Some(more) = seen.len().checked_sub(MAX_LINES + 1) {
        printer.say(&format!("  and {} more kinds of failure", more + 1));
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
