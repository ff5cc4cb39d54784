//! What a run has cost so far, for its budget.

use rusqlite::params;
use trilemma_domain::{NanoUsd, RunId, TrialKey};

use crate::error::StoreError;
use crate::rows::{key_at, origin, run_ref};
use crate::store::Store;

/// Money spent by a run: calls of its own, replays and imports apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Trials, as far as known, those under way included.
    pub trials: NanoUsd,
    /// Calls of scorers, as far as known.
    pub scoring: NanoUsd,
    /// Trials whose cost is unknown.
    pub n_unpriced_trials: u64,
    /// Failed attempts whose cost is unknown, of trials whose cost is known.
    pub n_unpriced_attempts: u64,
    /// What attempts of judges of unknown cost may have cost: each as much as the dearest known.
    pub assumed_scoring: NanoUsd,
}

impl Store {
    /// Sums what the calls of a run have cost so far.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn spent(&self, run: &RunId) -> Result<Spent, StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let scoring: i64 = tx
                .prepare_cached(
                    // Scores of programs before judges' calls were kept one by one know their cost.
                    "SELECT (SELECT COALESCE(SUM(a.cost), 0) FROM trial t \
                     JOIN judge_attempt a ON a.trial_id = t.trial_id WHERE t.run_no = $1) + \
                     (SELECT COALESCE(SUM(s.cost), 0) FROM trial t \
                     JOIN score s ON s.trial_id = t.trial_id WHERE t.run_no = $1 AND s.cost IS NOT NULL \
                     AND NOT EXISTS (SELECT 1 FROM judge_attempt a WHERE \
                     a.trial_id = s.trial_id AND a.scorer_no = s.scorer_no))",
                )?
                .query_row([run.run_no], |row| row.get(0))?;
            let assumed: i64 = tx
                .prepare_cached(
                    "SELECT COALESCE(SUM(CASE WHEN a.cost IS NULL THEN 1 ELSE 0 END) * MAX(a.cost), 0) \
                     FROM trial t JOIN judge_attempt a ON a.trial_id = t.trial_id WHERE t.run_no = $1",
                )?
                .query_row([run.run_no], |row| row.get(0))?;
            let mut statement = tx.prepare_cached(
                "SELECT COALESCE(SUM(cost), 0), \
                 COALESCE(SUM(CASE WHEN cost IS NULL THEN 1 ELSE 0 END), 0), \
                 COALESCE(SUM(CASE WHEN cost IS NULL THEN 0 ELSE n_unpriced END), 0) \
                 FROM trial WHERE run_no = $1 AND origin <= $2",
            )?;
            Ok(
                statement.query_row(params![run.run_no, origin::REPEATED], |row| {
                    Ok(Spent {
                        trials: NanoUsd(row.get(0)?),
                        scoring: NanoUsd(scoring),
                        n_unpriced_trials: row.get(1).map(i64::cast_unsigned)?,
                        n_unpriced_attempts: row.get(2).map(i64::cast_unsigned)?,
                        assumed_scoring: NanoUsd(assumed),
                    })
                })?,
            )
        })
    }

    /// Names the trials of a run with calls whose cost is unknown, and how many such calls each has.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn unpriced_calls(&self, run: &RunId) -> Result<Vec<(TrialKey, u32)>, StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let mut statement = tx.prepare_cached(
                "SELECT candidate_idx, item_idx, repeat_idx, \
                 n_unpriced + CASE WHEN cost IS NULL THEN 1 ELSE 0 END FROM trial \
                 WHERE run_no = $1 AND origin <= $2 AND (cost IS NULL OR n_unpriced > 0)",
            )?;
            let mut rows = statement.query(params![run.run_no, origin::REPEATED])?;
            let mut calls = Vec::new();
            while let Some(row) = rows.next()? {
                calls.push((key_at(row, 0)?, row.get(3)?));
            }
            Ok(calls)
        })
    }
}
