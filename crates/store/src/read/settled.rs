//! Which trials of a run are settled: what a resumed run needs before its first call.

use rusqlite::Connection;
use trilemma_domain::{FailureKind, RunId, TrialKey};

use crate::codec::{End, Reader, read_figures};
use crate::error::StoreError;
use crate::inner::{Fault, sound};
use crate::rows::{KEY_ORDER, RunRef, key_at, run_ref};
use crate::store::Store;

/// How a settled trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettledState {
    /// With an answer.
    Answered,
    /// Without one, for this reason.
    Failed(FailureKind),
}

/// The settled trials of a run; 16 bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// In key order.
    trials: Vec<(TrialKey, SettledState)>,
    n_answered: usize,
}

impl Settled {
    /// How the trial ended; `None` = it is not settled.
    #[must_use]
    pub fn get(&self, key: TrialKey) -> Option<SettledState> {
        let idx = self
            .trials
            .binary_search_by_key(&key, |(key, _)| *key)
            .ok()?;
        self.trials.get(idx).map(|(_, state)| *state)
    }

    /// Whether the trial has an answer.
    #[must_use]
    pub fn is_answered(&self, key: TrialKey) -> bool {
        self.get(key) == Some(SettledState::Answered)
    }

    /// All of them, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (TrialKey, SettledState)> + '_ {
        self.trials.iter().copied()
    }

    /// How many are settled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.trials.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trials.is_empty()
    }

    /// How many have an answer.
    #[must_use]
    pub fn n_answered(&self) -> usize {
        self.n_answered
    }
}

impl Store {
    /// Reads which trials of a run are settled, and how they ended.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn settled(&self, run: &RunId) -> Result<Settled, StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            read_settled(tx, run)
        })
    }
}

fn read_settled(conn: &Connection, run: RunRef) -> Result<Settled, Fault> {
    // A failure's kind is among its facts; answers are told by their state alone.
    let sql = format!(
        "SELECT t.candidate_idx, t.item_idx, t.repeat_idx, \
         CASE WHEN t.state = 1 THEN NULL ELSE t.facts END FROM trial t \
         WHERE t.run_no = $1 AND t.state > 0 ORDER BY {KEY_ORDER}"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([run.run_no])?;
    let mut settled = Settled::default();
    while let Some(row) = rows.next()? {
        let key = key_at(row, 0)?;
        let facts = row
            .get_ref(3)?
            .as_blob_or_null()
            .map_err(rusqlite::Error::from)?;
        let state = match facts {
            None => {
                settled.n_answered += 1;
                SettledState::Answered
            }
            Some(facts) => {
                let figures = read_figures(&mut Reader::new(facts), run.base_us, None);
                match sound(figures, "the facts of a trial make no sense")?.end {
                    End::Failed(failure) => SettledState::Failed(failure.kind),
                    End::UnderWay | End::Answered(_) => {
                        return Err(Fault::Damage("a failed trial has no failure"));
                    }
                }
            }
        };
        settled.trials.push((key, state));
    }
    settled.trials.shrink_to_fit();
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settled_trial_takes_16_bytes() {
        // 100,000 trials in 1.6 MB.
        assert_eq!(size_of::<(TrialKey, SettledState)>(), 16);
    }
}
