//! Calls of judges: what was asked before, and all of a run.

use std::collections::HashMap;
use std::ops::ControlFlow;

use rusqlite::params;
use serde::Serialize;
use trilemma_domain::{
    Attempt, Fingerprint, NanoUsd, RunId, ScoredOutcome, Seat, TrialKey, TrialOrigin, TrialOutcome,
};

use crate::error::StoreError;
use crate::rows::{
    JUDGEMENT_COLUMNS, JudgementRow, KEY_ORDER, N_JUDGEMENT_COLUMNS, key_at, request, run_ref,
    scorer_numbers, set_by_no,
};
use crate::store::Store;

/// A reply of a judge that can be used again, and where it was called.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedReply {
    /// The run that made the call.
    pub run: RunId,
    /// The trial for which it was made.
    pub key: TrialKey,
    /// What the judge replied; always an answer.
    pub outcome: TrialOutcome,
    /// What the call cost; `None` = unknown.
    pub cost: Option<NanoUsd>,
    /// Hash of the price row that `cost` rests on.
    pub price_row: Option<Fingerprint>,
}

/// One settled call of a judge, as [`trilemma_domain::Judgement`] with its scorer by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredJudgement {
    /// The scorer's label.
    pub label: String,
    /// Hash of the scorer as it was configured.
    pub scorer: Fingerprint,
    /// Position in the set that speaks for the run; `None` = an earlier scorer.
    pub scorer_idx: Option<u32>,
    /// Which of the scorer's calls.
    pub seat: Seat,
    /// The judge as the project named it.
    pub model: String,
    /// Hash of endpoint, full request and round.
    pub request: Fingerprint,
    /// Where the reply came from.
    pub origin: TrialOrigin,
    /// Every HTTP call, in order, those of earlier sessions included.
    pub attempts: Vec<Attempt>,
    /// Cost as far as known (replays: of the original call's); `None` = unknown.
    pub cost: Option<NanoUsd>,
    /// Failed attempts whose cost is unknown.
    pub n_unpriced_attempts: u32,
    /// Hash of the price row that `cost` rests on.
    pub price_row: Option<Fingerprint>,
    /// What the judge replied, or why it did not.
    pub outcome: TrialOutcome,
    /// What was read from it.
    pub grade: ScoredOutcome,
}

/// What one judge said of one answer, without texts.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeWord {
    /// The trial.
    pub key: TrialKey,
    /// Position of the scorer in the set that speaks for the run.
    pub scorer_idx: u32,
    /// Which of the scorer's calls.
    pub seat: Seat,
    /// The judge as the project named it.
    pub model: String,
    /// Where the reply came from.
    pub origin: TrialOrigin,
    /// What the call cost (replays: the original call); `None` = unknown.
    pub cost: Option<NanoUsd>,
    /// What was read from it.
    pub grade: ScoredOutcome,
    /// Bytes of the answer that was judged.
    pub n_answer_bytes: u64,
}

impl Store {
    /// Finds the newest reply to exactly this question (endpoint, full request and round) that was
    /// brought by a call.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn replied_by_request(
        &self,
        request: &Fingerprint,
    ) -> Result<Option<RecordedReply>, StoreError> {
        let (lead, rest) = request::split(request);
        let sql = format!(
            "SELECT {JUDGEMENT_COLUMNS}, t.candidate_idx, t.item_idx, t.repeat_idx, r.run_id \
             FROM judgement j JOIN trial t ON t.trial_id = j.trial_id \
             JOIN run r ON r.run_no = t.run_no \
             WHERE j.request_lead = $1 AND j.request_rest = $2 AND j.state = 1 AND j.origin <= 1 \
             ORDER BY j.judgement_id DESC LIMIT 1"
        );
        self.inner.read(|tx| {
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query(params![lead, rest])?;
            let Some(found) = rows.next()? else {
                return Ok(None);
            };
            let row = JudgementRow::read(found)?;
            Ok(Some(RecordedReply {
                run: RunId::from(found.get::<_, String>(N_JUDGEMENT_COLUMNS + 3)?),
                key: key_at(found, N_JUDGEMENT_COLUMNS)?,
                outcome: row.body.outcome,
                cost: row.cost,
                price_row: row.body.price_row,
            }))
        })
    }

    /// Sums what the calls of one scorer for one trial have cost so far, replays apart.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`], [`crate::RecordError::UnknownScoreSet`].
    pub fn judging_cost(
        &self,
        run: &RunId,
        key: TrialKey,
        (set, scorer_idx): (&Fingerprint, u32),
    ) -> Result<Option<NanoUsd>, StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let set = crate::rows::set_by_print(tx, set)?;
            let numbers = scorer_numbers(tx, &set)?;
            let Some(scorer_no) = numbers.get(scorer_idx as usize) else {
                return Ok(None);
            };
            let sum: Option<i64> = tx
                .prepare_cached(
                    "SELECT SUM(a.cost) FROM judge_attempt a \
                     JOIN trial t ON t.trial_id = a.trial_id WHERE t.run_no = $1 \
                     AND t.candidate_idx = $2 AND t.item_idx = $3 AND t.repeat_idx = $4 \
                     AND a.scorer_no = $5",
                )?
                .query_row(
                    params![
                        run.run_no,
                        key.candidate_idx,
                        key.item_idx,
                        key.repeat,
                        scorer_no
                    ],
                    |row| row.get(0),
                )?;
            Ok(sum.map(NanoUsd))
        })
    }

    /// Gives the length in bytes of each answer of one candidate.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn answer_bytes(
        &self,
        run: &RunId,
        candidate_idx: u32,
    ) -> Result<HashMap<TrialKey, u64>, StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let mut statement = tx.prepare_cached(
                "SELECT t.candidate_idx, t.item_idx, t.repeat_idx, LENGTH(a.text) FROM trial t \
                 JOIN answer a ON a.trial_id = t.trial_id \
                 WHERE t.run_no = $1 AND t.candidate_idx = $2",
            )?;
            let mut rows = statement.query(params![run.run_no, candidate_idx])?;
            let mut lengths = HashMap::new();
            while let Some(found) = rows.next()? {
                lengths.insert(key_at(found, 0)?, found.get::<_, i64>(3)?.cast_unsigned());
            }
            Ok(lengths)
        })
    }

    /// Streams what the judges of the set that speaks for a run said, by scorer within key order.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn judge_words(
        &self,
        run: &RunId,
        mut see: impl FnMut(JudgeWord) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT {JUDGEMENT_COLUMNS}, t.candidate_idx, t.item_idx, t.repeat_idx, \
             LENGTH(a.text) FROM trial t JOIN judgement j ON j.trial_id = t.trial_id \
             JOIN answer a ON a.trial_id = t.trial_id WHERE t.run_no = $1 \
             ORDER BY {KEY_ORDER}, j.scorer_no, j.seat"
        );
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let numbers = scorer_numbers(tx, &set_by_no(tx, run.set_no)?)?;
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query([run.run_no])?;
            while let Some(found) = rows.next()? {
                let row = JudgementRow::read(found)?;
                let place = numbers.iter().position(|number| *number == row.scorer_no);
                let Some(scorer_idx) = place.and_then(|idx| u32::try_from(idx).ok()) else {
                    continue;
                };
                let word = JudgeWord {
                    key: key_at(found, N_JUDGEMENT_COLUMNS)?,
                    scorer_idx,
                    seat: row.seat,
                    model: row.body.model,
                    origin: row.body.origin,
                    cost: row.cost,
                    grade: row.body.grade,
                    n_answer_bytes: found
                        .get::<_, i64>(N_JUDGEMENT_COLUMNS + 3)?
                        .cast_unsigned(),
                };
                if see(word).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}
