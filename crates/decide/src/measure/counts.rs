//! How trials ended.

use crate::collect::{State, Table};
use crate::result::Counts;

/// Counts the trials of one candidate; those that never came did not run.
pub(crate) fn counts(table: &Table, candidate: usize) -> Counts {
    let mut counts = Counts::default();
    for trial in table.items_of(candidate).flatten() {
        counts.n_planned += 1;
        let Some(trial) = trial else {
            counts.n_not_run += 1;
            continue;
        };
        counts.n_attempts += u64::from(trial.n_attempts);
        counts.n_unpriced_attempts += u64::from(trial.n_unpriced_attempts);
        match trial.state {
            State::NotRun => counts.n_not_run += 1,
            State::Failed(kind) => {
                counts.n_failed += 1;
                *counts.failed_by.entry(kind).or_default() += 1;
            }
            State::Unscored => counts.n_unscored += 1,
            State::Scored { pass, .. } => {
                counts.n_scored += 1;
                counts.n_passed += usize::from(pass);
            }
        }
        if trial.answered() {
            counts.n_answered += 1;
            counts.n_refused += usize::from(trial.refused);
            counts.n_truncated += usize::from(trial.truncated);
            counts.n_replayed += usize::from(trial.replayed);
            counts.n_usage_estimated += usize::from(trial.usage_estimated);
        }
    }
    counts
}
