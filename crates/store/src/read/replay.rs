//! The replay cache: answers of earlier identical calls.

use trilemma_domain::{Fingerprint, RunId, Trial};

use crate::codec::Words;
use crate::error::StoreError;
use crate::rows::{COLUMNS, N_COLUMNS, TrialRow, load_trial, request};
use crate::store::Store;

/// An answered trial that can be replayed, and where it was called.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedAnswer {
    /// The run that made the call.
    pub run: RunId,
    /// The trial as recorded there.
    pub trial: Trial,
}

impl Store {
    /// Finds the newest answer to exactly this request (endpoint, full request and repeat) that
    /// was brought by a call: replays and imports do not qualify.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn answered_by_request(
        &self,
        request: &Fingerprint,
    ) -> Result<Option<RecordedAnswer>, StoreError> {
        let (lead, _) = request::split(request);
        // Most requests are new; saying so must be cheap, as it is asked before every call.
        let known = self.inner.peek(|conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT 1 FROM trial WHERE request_lead = $1 AND state = 1 AND origin <= 1 \
                     LIMIT 1",
                )?
                .exists([lead])?)
        })?;
        if !known {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {COLUMNS}, t.run_no FROM trial t \
             WHERE t.request_lead = $1 AND t.state = 1 AND t.origin <= 1"
        );
        self.inner.read(|tx| {
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query([lead])?;
            let mut newest: Option<(i64, TrialRow)> = None;
            while let Some(found) = rows.next()? {
                // Start times are relative to the run's beginning, which is looked up below.
                let row = TrialRow::read(found, 0)?;
                let is_newer = newest
                    .as_ref()
                    .is_none_or(|(_, newest)| newest.trial_id < row.trial_id);
                if row.request == *request && is_newer {
                    newest = Some((found.get(N_COLUMNS)?, row));
                }
            }
            let Some((run_no, mut row)) = newest else {
                return Ok(None);
            };
            let (run, base_us): (String, i64) = tx
                .prepare_cached("SELECT run_id, created_us FROM run WHERE run_no = $1")?
                .query_row([run_no], |found| Ok((found.get(0)?, found.get(1)?)))?;
            row.rebase(base_us);
            let trial = load_trial(tx, &row, &Words::load(tx)?)?;
            let run = RunId::from(run);
            Ok(Some(RecordedAnswer { run, trial }))
        })
    }
}
