//! One trial with everything that is known of it, for the item browser.

use rusqlite::Connection;
use serde::Serialize;
use trilemma_domain::{Fingerprint, NanoUsd, RunId, Score, ScoredOutcome, Trial, TrialKey};

use crate::codec::End;
use crate::codec::Words;
use crate::error::{RecordError, StoreError};
use crate::inner::{Fault, sound};
use crate::rows::{
    TrialRow, load_trial, run_ref, score_kind, scorer_numbers, set_by_no, trial_row,
};
use crate::store::Store;

/// What one scorer said of a trial, whenever it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredScore {
    /// The scorer's label.
    pub label: String,
    /// Hash of the scorer as it was configured.
    pub scorer: Fingerprint,
    /// Position in the set that speaks for the run; `None` = an earlier score.
    pub scorer_idx: Option<u32>,
    /// What it said.
    pub outcome: ScoredOutcome,
    /// What the scorer's own calls cost; `None` = no call, or unknown.
    pub cost: Option<NanoUsd>,
}

/// One trial with its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialDetail {
    /// The trial, every attempt included.
    pub trial: Trial,
    /// Its scores: those of the current set in its order, then earlier ones.
    pub scores: Vec<StoredScore>,
}

impl Store {
    /// Gives one settled trial with its attempts and scores.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`]; [`RecordError::UnknownTrial`] when it is not settled.
    pub fn trial_detail(&self, run: &RunId, key: TrialKey) -> Result<TrialDetail, StoreError> {
        self.inner.read(|tx| {
            let found = run_ref(tx, run)?;
            let row = trial_row(tx, found, key)?.filter(|row| row.figures.end != End::UnderWay);
            let row = row.ok_or_else(|| RecordError::UnknownTrial {
                run: run.clone(),
                key,
            })?;
            let numbers = scorer_numbers(tx, &set_by_no(tx, found.set_no)?)?;
            detail(tx, &row, &numbers, &Words::load(tx)?)
        })
    }
}

/// Puts a trial and its scores together.
pub(crate) fn detail(
    conn: &Connection,
    row: &TrialRow,
    current: &[i64],
    words: &Words,
) -> Result<TrialDetail, Fault> {
    let trial = load_trial(conn, row, words)?;
    let mut statement = conn.prepare_cached(
        "SELECT s.scorer_no, c.label, c.fingerprint, s.kind, s.value, s.note, s.cost \
         FROM score s JOIN scorer c ON c.scorer_no = s.scorer_no \
         WHERE s.trial_id = $1 ORDER BY s.scorer_no",
    )?;
    let mut rows = statement.query([row.trial_id])?;
    let mut scores = Vec::new();
    while let Some(found) = rows.next()? {
        let scorer_no: i64 = found.get(0)?;
        let place = current.iter().position(|number| *number == scorer_no);
        let note = match found.get::<_, Option<Vec<u8>>>(5)? {
            None => None,
            Some(note) => Some(sound(String::from_utf8(note).ok(), "a note is no text")?),
        };
        scores.push(StoredScore {
            label: found.get(1)?,
            scorer: Fingerprint::from_bytes(found.get(2)?),
            scorer_idx: place.and_then(|idx| u32::try_from(idx).ok()),
            outcome: outcome(found.get(3)?, found.get(4)?, note)?,
            cost: found.get::<_, Option<i64>>(6)?.map(NanoUsd),
        });
    }
    scores.sort_by_key(|score| score.scorer_idx.unwrap_or(u32::MAX));
    Ok(TrialDetail { trial, scores })
}

fn outcome(kind: i64, value: Option<f64>, note: Option<String>) -> Result<ScoredOutcome, Fault> {
    Ok(match kind {
        score_kind::SCORED => ScoredOutcome::Scored {
            score: sound(
                value.and_then(|value| Score::new(value).ok()),
                "a score is outside its range",
            )?,
            explanation: note,
        },
        score_kind::NOT_APPLICABLE => ScoredOutcome::NotApplicable {
            reason: note.unwrap_or_default(),
        },
        score_kind::COULD_NOT_RUN => ScoredOutcome::Failed {
            reason: note.unwrap_or_default(),
        },
        _ => return Err(Fault::Damage("a score is of an unknown kind")),
    })
}
