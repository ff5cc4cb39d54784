//! What people say of answers: which items they are asked about, and their labels.
//!
//! In: items in strata with their turn in the queue; labels, each committed before the call returns. Out: the
//! same. It draws nothing and knows no statistics. Labels stay when a run is scored again, and go with the
//! run.

use rusqlite::params;
use trilemma_domain::{HumanLabel, HumanWord, ReviewItem, RunId, TrialKey};

use crate::error::{RecordError, StoreError};
use crate::inner::{Fault, sound};
use crate::rows::{key_at, run_ref, trial_row};
use crate::store::Store;

fn code(word: HumanWord) -> i64 {
    match word {
        HumanWord::Fail => 0,
        HumanWord::Pass => 1,
        HumanWord::Skipped => 2,
    }
}

fn word(code: i64) -> Result<HumanWord, Fault> {
    let read = match code {
        0 => Some(HumanWord::Fail),
        1 => Some(HumanWord::Pass),
        2 => Some(HumanWord::Skipped),
        _ => None,
    };
    sound(read, "a label is none of the known words")
}

impl Store {
    /// Writes down which items labels stand for and which of them are drawn, all at once. Items written
    /// before are replaced, others stay.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`].
    pub fn put_review_items(&self, run: &RunId, items: &[ReviewItem]) -> Result<(), StoreError> {
        self.inner.write(|tx| {
            let found = run_ref(tx, run)?;
            let mut statement = tx.prepare_cached(
                "INSERT INTO review_item (run_no, item_idx, stratum, place) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (run_no, item_idx) DO UPDATE SET \
                 stratum = excluded.stratum, place = excluded.place",
            )?;
            for item in items {
                statement.execute(params![
                    found.run_no,
                    item.item_idx,
                    item.stratum,
                    item.place
                ])?;
            }
            Ok(())
        })
    }

    /// Gives the items that labels stand for, in the order of the run; empty = none were drawn.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`].
    pub fn review_items(&self, run: &RunId) -> Result<Vec<ReviewItem>, StoreError> {
        self.inner.read(|tx| {
            let found = run_ref(tx, run)?;
            let mut statement = tx.prepare_cached(
                "SELECT item_idx, stratum, place FROM review_item WHERE run_no = $1 \
                 ORDER BY item_idx",
            )?;
            let items = statement.query_map([found.run_no], |row| {
                Ok(ReviewItem {
                    item_idx: row.get(0)?,
                    stratum: row.get(1)?,
                    place: row.get(2)?,
                })
            })?;
            Ok(items.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Writes labels, all or none; a reviewer's earlier label of the same answer is replaced.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`], [`RecordError::UnknownTrial`] for an answer that is not there.
    pub fn put_labels(&self, run: &RunId, labels: &[HumanLabel]) -> Result<(), StoreError> {
        self.inner.write(|tx| {
            let found = run_ref(tx, run)?;
            for label in labels {
                let row = trial_row(tx, found, label.key)?.filter(|row| row.answer().is_some());
                let row = row.ok_or_else(|| RecordError::UnknownTrial {
                    run: run.clone(),
                    key: label.key,
                })?;
                tx.prepare_cached(
                    "INSERT INTO review_label (trial_id, reviewer, word, note, labelled_us) \
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (trial_id, reviewer) DO UPDATE SET \
                     word = excluded.word, note = excluded.note, \
                     labelled_us = excluded.labelled_us",
                )?
                .execute(params![
                    row.trial_id,
                    label.reviewer,
                    code(label.word),
                    label.note.as_deref().map(str::as_bytes),
                    label.labelled_us,
                ])?;
            }
            Ok(())
        })
    }

    /// Takes back what a reviewer said of answers; those never labelled are no error.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`].
    pub fn remove_labels(
        &self,
        run: &RunId,
        reviewer: &str,
        keys: &[TrialKey],
    ) -> Result<(), StoreError> {
        self.inner.write(|tx| {
            let found = run_ref(tx, run)?;
            for key in keys {
                if let Some(row) = trial_row(tx, found, *key)? {
                    tx.prepare_cached(
                        "DELETE FROM review_label WHERE trial_id = $1 AND reviewer = $2",
                    )?
                    .execute(params![row.trial_id, reviewer])?;
                }
            }
            Ok(())
        })
    }

    /// Gives all labels of a run, by answer and reviewer.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`].
    pub fn labels(&self, run: &RunId) -> Result<Vec<HumanLabel>, StoreError> {
        self.inner.read(|tx| {
            let found = run_ref(tx, run)?;
            let mut statement = tx.prepare_cached(
                "SELECT t.candidate_idx, t.item_idx, t.repeat_idx, l.reviewer, l.word, l.note, \
                 l.labelled_us FROM review_label l JOIN trial t ON t.trial_id = l.trial_id \
                 WHERE t.run_no = $1 \
                 ORDER BY t.candidate_idx, t.item_idx, t.repeat_idx, l.reviewer",
            )?;
            let mut rows = statement.query([found.run_no])?;
            let mut labels = Vec::new();
            while let Some(row) = rows.next()? {
                let note: Option<Vec<u8>> = row.get(5)?;
                labels.push(HumanLabel {
                    key: key_at(row, 0)?,
                    reviewer: row.get(3)?,
                    word: word(row.get(4)?)?,
                    note: note.map(|note| String::from_utf8_lossy(&note).into_owned()),
                    labelled_us: row.get(6)?,
                });
            }
            Ok(labels)
        })
    }
}
