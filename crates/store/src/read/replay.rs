//! The replay cache: answers of earlier identical calls.

use rusqlite::params;
use trilemma_domain::{Fingerprint, RunId, Trial};

use crate::codec::Words;
use crate::error::StoreError;
use crate::rows::{COLUMNS, TrialRow, load_trial, request};
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
        let sql = format!(
            "SELECT {COLUMNS}, r.run_id, r.created_us FROM trial t \
             JOIN run r ON r.run_no = t.run_no \
             WHERE t.request_lead = $1 AND t.state = 1 AND t.origin <= 1 AND t.request_rest = $2 \
             ORDER BY t.trial_id DESC LIMIT 1"
        );
        let (lead, rest) = request::split(request);
        self.inner.read(|tx| {
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query(params![lead, rest])?;
            let Some(found) = rows.next()? else {
                return Ok(None);
            };
            let run = RunId::from(found.get::<_, String>("run_id")?);
            let row = TrialRow::read(found, found.get("created_us")?)?;
            let trial = load_trial(tx, &row, &Words::load(tx)?)?;
            Ok(Some(RecordedAnswer { run, trial }))
        })
    }
}
