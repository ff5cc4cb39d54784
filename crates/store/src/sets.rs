//! Which score set speaks for a run.

use rusqlite::params;
use trilemma_domain::{Fingerprint, RunId};

use crate::error::StoreError;
use crate::rows::{register, run_ref, set_by_no};
use crate::score_set::ScoreSet;
use crate::store::Store;

impl Store {
    /// Registers a score set and makes it the one that speaks for the run. Scores that its scorers
    /// gave earlier count at once.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn use_scores(&self, run: &RunId, set: &ScoreSet) -> Result<Fingerprint, StoreError> {
        self.inner.write(|tx| {
            let found = run_ref(tx, run)?;
            let set_no = register(tx, set)?;
            tx.execute(
                "UPDATE run SET set_no = $1 WHERE run_no = $2",
                params![set_no, found.run_no],
            )?;
            Ok(())
        })?;
        Ok(set.fingerprint())
    }

    /// Gives the score set that speaks for the run.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn score_set(&self, run: &RunId) -> Result<ScoreSet, StoreError> {
        self.inner.read(|tx| {
            let found = run_ref(tx, run)?;
            set_by_no(tx, found.set_no)
        })
    }
}
