//! Answers, one at a time, for scoring.

use std::ops::ControlFlow;

use rusqlite::Connection;
use trilemma_domain::{Fingerprint, NanoUsd, Reply, RunId, Timing, TrialKey};

use crate::codec::Words;
use crate::error::StoreError;
use crate::inner::Fault;
use crate::read::observations::{Cell, scan, scan_trials};
use crate::rows::{TrialRow, origin, reply_of, run_ref, scorer_numbers, set_by_print, trial_row};
use crate::score_set::Word;
use crate::store::Store;

/// One answer with what scorers may ask about its call.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRow {
    /// Which trial.
    pub key: TrialKey,
    /// The answer.
    pub reply: Reply,
    /// Stamps of the attempt that brought it.
    pub timing: Timing,
    /// Cost of the trial; `None` = unknown.
    pub cost: Option<NanoUsd>,
    /// Whether it is a replay of an earlier call.
    pub replayed: bool,
}

/// Which trials count as unscored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unscored {
    /// Those that miss the word of at least one scorer.
    Missing,
    /// Those, and those where a scorer could not run.
    MissingOrFailed,
}

const TEXTS: &str = "SELECT text, rest FROM answer WHERE trial_id = $1";

fn answer_row(row: &TrialRow, columns: (&[u8], &[u8]), words: &Words) -> Result<AnswerRow, Fault> {
    let figures = row
        .answer()
        .ok_or(Fault::Damage("an answered trial has no answer"))?;
    let (reply, timing) = reply_of(row, figures, columns, words)?;
    Ok(AnswerRow {
        key: row.key,
        reply,
        timing,
        cost: row.cost,
        replayed: row.origin == origin::REPLAYED,
    })
}

impl Store {
    /// Streams the answers of a run in key order, until `see` breaks off.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn answers(
        &self,
        run: &RunId,
        see: impl FnMut(AnswerRow) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.answers_of(run, |_| true, see)
    }

    /// Streams the answers to some trials of a run in key order, until `see` breaks off; the texts of others are
    /// not read.
    ///
    /// # Errors
    /// As [`Store::answers`].
    pub fn answers_of(
        &self,
        run: &RunId,
        wanted: impl Fn(TrialKey) -> bool,
        mut see: impl FnMut(AnswerRow) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let words = Words::load(tx)?;
            // Texts are fetched one by one: a join would turn the pages of those that nobody wants.
            let mut texts = tx.prepare_cached(TEXTS)?;
            scan_trials(tx, run, wanted, |row| {
                if row.answer().is_none() {
                    return Ok(ControlFlow::Continue(()));
                }
                let mut found = texts.query([row.trial_id])?;
                let found = found
                    .next()?
                    .ok_or(Fault::Damage("an answer has no text"))?;
                let blob = |idx| found.get_ref(idx)?.as_blob().map_err(rusqlite::Error::from);
                Ok(see(answer_row(row, (blob(0)?, blob(1)?), &words)?))
            })
        })
    }

    /// Gives the answer of one trial; `None` = it is not settled, or ended without one.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn answer(&self, run: &RunId, key: TrialKey) -> Result<Option<AnswerRow>, StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let Some(row) = trial_row(tx, run, key)?.filter(|row| row.answer().is_some()) else {
                return Ok(None);
            };
            let words = Words::load(tx)?;
            let (text, rest) = answer_columns(tx, row.trial_id)?;
            answer_row(&row, (&text, &rest), &words).map(Some)
        })
    }

    /// Lists the answered trials of a run, in key order, for which a scorer of the set with this
    /// fingerprint has yet to speak.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`],
    /// [`crate::RecordError::UnknownScoreSet`].
    pub fn unscored(
        &self,
        run: &RunId,
        set: &Fingerprint,
        which: Unscored,
    ) -> Result<Vec<TrialKey>, StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let numbers = scorer_numbers(tx, &set_by_print(tx, set)?)?;
            let mut keys = Vec::new();
            scan(tx, run, &numbers, |row, cells| {
                let open = |cell: &Option<Cell>| match (cell, which) {
                    (None, _) => true,
                    (Some(_), Unscored::Missing) => false,
                    (Some(cell), Unscored::MissingOrFailed) => cell.word == Word::Missing,
                };
                if row.answer().is_some() && cells.iter().any(open) {
                    keys.push(row.key);
                }
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(keys)
        })
    }
}

impl Store {
    /// Counts the answers of a run for which a scorer of the set that counts has yet to speak or could
    /// not run, so that they have no score.
    ///
    /// # Errors
    /// As [`Store::unscored`].
    pub fn n_without_score(&self, run: &RunId, set: &Fingerprint) -> Result<u64, StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let set = set_by_print(tx, set)?;
            let numbers = scorer_numbers(tx, &set)?;
            let mut n_without = 0;
            scan(tx, run, &numbers, |row, cells| {
                let is_open = set.scorers.iter().zip(cells).any(|(scorer, cell)| {
                    scorer.counts() && cell.is_none_or(|cell| cell.word == Word::Missing)
                });
                n_without += u64::from(row.answer().is_some() && is_open);
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(n_without)
        })
    }
}

fn answer_columns(conn: &Connection, trial_id: i64) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    Ok(conn
        .prepare_cached(TEXTS)?
        .query_row([trial_id], |row| Ok((row.get(0)?, row.get(1)?)))?)
}
