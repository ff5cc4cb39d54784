//! One trial with everything that is known of it, for the item browser.

use std::collections::HashMap;

use rusqlite::{Connection, Row};
use serde::Serialize;
use trilemma_domain::{Fingerprint, NanoUsd, RunId, Score, ScoredOutcome, Trial, TrialKey};

use crate::codec::End;
use crate::codec::Words;
use crate::error::{RecordError, StoreError};
use crate::inner::{Fault, sound};
use crate::read::judgements::StoredJudgement;
use crate::rows::{
    JUDGEMENT_COLUMNS, JudgementRow, TrialRow, load_trial, run_ref, score_kind, scorer_numbers,
    set_by_no, trial_row,
};
use crate::score_set::ScoreSet;
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
    /// The calls of judges about it, in the same order.
    pub judgements: Vec<StoredJudgement>,
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
            Details::load(tx, &set_by_no(tx, found.set_no)?)?.of(tx, &row)
        })
    }
}

/// What it takes to put trials and their scores together, loaded once.
pub(crate) struct Details {
    words: Words,
    /// Every scorer of the store by its number.
    scorers: HashMap<i64, (String, Fingerprint)>,
    /// Numbers of the scorers of the current set.
    current: Vec<i64>,
}

impl Details {
    pub(crate) fn load(conn: &Connection, set: &ScoreSet) -> Result<Self, Fault> {
        let mut statement = conn.prepare("SELECT scorer_no, label, fingerprint FROM scorer")?;
        let scorers = statement.query_map([], |row| {
            let print = Fingerprint::from_bytes(row.get(2)?);
            Ok((row.get(0)?, (row.get(1)?, print)))
        })?;
        Ok(Self {
            words: Words::load(conn)?,
            scorers: scorers.collect::<Result<_, _>>()?,
            current: scorer_numbers(conn, set)?,
        })
    }

    /// Puts a trial and its scores together.
    pub(crate) fn of(&self, conn: &Connection, row: &TrialRow) -> Result<TrialDetail, Fault> {
        let trial = load_trial(conn, row, &self.words)?;
        let mut statement = conn.prepare_cached(
            "SELECT scorer_no, kind, value, note, cost FROM score WHERE trial_id = $1",
        )?;
        let mut rows = statement.query([row.trial_id])?;
        let mut scores = Vec::new();
        while let Some(found) = rows.next()? {
            scores.push(self.score(found)?);
        }
        // Earlier scores come last; among them those registered first.
        scores.sort_by_key(|(number, score)| (score.scorer_idx.unwrap_or(u32::MAX), *number));
        let scores = scores.into_iter().map(|(_, score)| score).collect();
        Ok(TrialDetail {
            trial,
            scores,
            judgements: self.judgements(conn, row.trial_id)?,
        })
    }

    fn judgements(&self, conn: &Connection, trial_id: i64) -> Result<Vec<StoredJudgement>, Fault> {
        let sql = format!("SELECT {JUDGEMENT_COLUMNS} FROM judgement j WHERE j.trial_id = $1");
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query([trial_id])?;
        let mut all = Vec::new();
        while let Some(found) = rows.next()? {
            let row = JudgementRow::read(found)?;
            let (label, scorer, scorer_idx) = self.scorer(row.scorer_no)?;
            all.push(StoredJudgement {
                label,
                scorer,
                scorer_idx,
                seat: row.seat,
                request: row.request,
                attempts: row.attempts(conn)?,
                cost: row.cost,
                n_unpriced_attempts: row.n_unpriced,
                model: row.body.model,
                origin: row.body.origin,
                price_row: row.body.price_row,
                outcome: row.body.outcome,
                grade: row.body.grade,
            });
        }
        all.sort_by(|a, b| {
            let place = |one: &StoredJudgement| (one.scorer_idx.unwrap_or(u32::MAX), one.seat);
            place(a).cmp(&place(b)).then_with(|| a.label.cmp(&b.label))
        });
        Ok(all)
    }

    /// Name, configuration and current position of a scorer.
    fn scorer(&self, number: i64) -> Result<(String, Fingerprint, Option<u32>), Fault> {
        let (label, print) = sound(self.scorers.get(&number), "a scorer is missing")?;
        let place = self.current.iter().position(|current| *current == number);
        let place = place.and_then(|idx| u32::try_from(idx).ok());
        Ok((label.clone(), *print, place))
    }

    fn score(&self, found: &Row<'_>) -> Result<(i64, StoredScore), Fault> {
        let number: i64 = found.get(0)?;
        let (label, scorer, scorer_idx) = self.scorer(number)?;
        let note = match found.get::<_, Option<Vec<u8>>>(3)? {
            None => None,
            Some(note) => Some(sound(String::from_utf8(note).ok(), "a note is no text")?),
        };
        let score = StoredScore {
            label,
            scorer,
            scorer_idx,
            outcome: outcome(found.get(1)?, found.get(2)?, note)?,
            cost: found.get::<_, Option<i64>>(4)?.map(NanoUsd),
        };
        Ok((number, score))
    }
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
