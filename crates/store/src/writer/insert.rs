//! One writing session: turns records into rows.
//!
//! Everything here runs inside a transaction of the writer's thread; nothing is kept in memory
//! that could not be read again from the store.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use trilemma_domain::{
    Attempt, Fingerprint, NanoUsd, RunId, Trial, TrialKey, TrialOrigin, TrialOutcome,
};

use crate::codec::WordWriter;
use crate::codec::{FactsOf, LastAttempt, put_body, put_facts};
use crate::error::RecordError;
use crate::inner::{Fault, draw};
use crate::rows::{RunRef, origin, request, run_ref, state};
use crate::writer::handle::Message;
use crate::writer::merge::{Numbered, number_attempts};

/// The writing connection with what it remembers.
pub(crate) struct Session {
    pub(crate) conn: Connection,
    pub(crate) words: WordWriter,
    pub(crate) score_sets: HashMap<Fingerprint, Vec<i64>>,
    runs: HashMap<RunId, RunRef>,
    number: u32,
    pub(crate) next_trial_id: i64,
    pub(crate) buffer: Vec<u8>,
}

impl Session {
    /// Begins a session: draws its number and loads the dictionary.
    pub(crate) fn open(conn: Connection) -> Result<Self, Fault> {
        let number = u32::try_from(draw(&conn, "session")?)
            .map_err(|_| Fault::Damage("the session counter is out of range"))?;
        let words = WordWriter::load(&conn)?;
        let next_trial_id = conn.query_row(
            "SELECT COALESCE(MAX(trial_id), 0) + 1 FROM trial",
            [],
            |row| row.get(0),
        )?;
        Ok(Self {
            conn,
            words,
            score_sets: HashMap::new(),
            runs: HashMap::new(),
            number,
            next_trial_id,
            buffer: Vec::new(),
        })
    }

    /// The number of this session, from 1.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Forgets what was remembered of runs and score sets.
    pub(crate) fn forget(&mut self) {
        self.runs.clear();
        self.score_sets.clear();
    }

    /// Commits a group, or nothing of it.
    pub(crate) fn commit(&mut self, group: &[Message]) -> Result<(), Fault> {
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        let done = group
            .iter()
            .try_for_each(|message| self.apply(message))
            .and_then(|()| self.flush_words())
            .and_then(|()| Ok(self.conn.execute_batch("COMMIT")?));
        if done.is_err() {
            // SQLite may have rolled back itself, such as on a full disk.
            if !self.conn.is_autocommit() {
                let _ = self.conn.execute_batch("ROLLBACK");
            }
            self.words = WordWriter::load(&self.conn)?;
        }
        done
    }

    fn apply(&mut self, message: &Message) -> Result<(), Fault> {
        match message {
            Message::Flush(_) => Ok(()),
            Message::Trial { run, trial, .. } => self.put_trial(run, trial),
            Message::Attempt {
                run,
                key,
                request,
                attempt,
                ..
            } => self.put_early_attempt(run, *key, request, attempt),
            Message::JudgeAttempt {
                run,
                set,
                key,
                attempt,
                ..
            } => self.put_judge_attempt(run, set, key, attempt),
            Message::Judgement {
                run,
                set,
                judgement,
                ..
            } => self.put_judgement(run, set, judgement),
            Message::Scores {
                run, set, scores, ..
            } => self.put_scores(run, set, scores),
        }
    }

    /// Writes words that are not in the store yet.
    pub(crate) fn flush_words(&mut self) -> Result<(), Fault> {
        if !self.words.has_fresh() {
            return Ok(());
        }
        let mut insert = self
            .conn
            .prepare_cached("INSERT INTO word (word_no, bytes) VALUES ($1, $2)")?;
        for (number, bytes) in self.words.take_fresh() {
            insert.execute(params![number.cast_signed(), bytes])?;
        }
        Ok(())
    }

    pub(crate) fn run(&mut self, run: &RunId) -> Result<RunRef, Fault> {
        if let Some(found) = self.runs.get(run) {
            return Ok(*found);
        }
        let found = run_ref(&self.conn, run)?;
        self.runs.insert(run.clone(), found);
        Ok(found)
    }

    fn put_trial(&mut self, run: &RunId, trial: &Trial) -> Result<(), Fault> {
        let run = self.run(run)?;
        let standing = self.clear_for(run, trial.key)?;
        let trial_id = standing.trial_id.unwrap_or(self.next_trial_id);
        let numbered = number_attempts(&standing.attempts, &trial.attempts, self.number);
        let last = self.last_attempt(trial, &numbered);
        let n_rows = trial.attempts.len() - usize::from(last.is_some());
        for (attempt, number) in trial.attempts.iter().zip(&numbered.numbers).take(n_rows) {
            self.put_attempt(trial_id, *number, attempt)?;
        }
        if let (Some(last), Some(attempt)) = (&last, trial.attempts.last()) {
            self.put_raw_body(trial_id, last.number, attempt)?;
        }
        let cost = trial
            .cost
            .map(|cost| NanoUsd(cost.0.saturating_add(numbered.earlier_cost)));
        self.buffer.clear();
        let facts = FactsOf {
            trial: Some(trial),
            cost,
            wall_us: wall_us(&trial.attempts),
            last,
            base_us: run.base_us,
        };
        put_facts(&mut self.buffer, &facts, &mut self.words);
        let row = TrialRow {
            trial_id,
            key: trial.key,
            state: match trial.outcome {
                TrialOutcome::Answered { .. } => state::ANSWERED,
                TrialOutcome::Failed(_) => state::FAILED,
            },
            request: &trial.request,
            origin: &trial.origin,
            cost,
            n_unpriced: i64::from(trial.n_unpriced_attempts).saturating_add(numbered.n_unpriced),
            n_attempts: numbered.n_earlier + trial.attempts.len() as i64,
            price_row: trial.price_row.as_ref(),
        };
        self.put_trial_row(run, &row)?;
        if trial_id == self.next_trial_id {
            self.next_trial_id += 1;
        }
        self.put_answer(trial_id, trial)
    }

    pub(crate) fn put_trial_row(&mut self, run: RunRef, row: &TrialRow<'_>) -> Result<(), Fault> {
        let (code, replay_of) = match row.origin {
            TrialOrigin::Called => (origin::CALLED, None),
            TrialOrigin::Repeated => (origin::REPEATED, None),
            TrialOrigin::Imported => (origin::IMPORTED, None),
            TrialOrigin::Replayed { run } => (
                origin::REPLAYED,
                Some(self.words.number_always(run.as_bytes()).cast_signed()),
            ),
        };
        let price_row = row
            .price_row
            .map(|print| self.words.number_always(print.as_bytes()).cast_signed());
        let (lead, rest) = request::split(row.request);
        self.conn
            .prepare_cached(
                "INSERT INTO trial (trial_id, run_no, candidate_idx, item_idx, repeat_idx, state, \
                 session, origin, replay_of, request_lead, request_rest, cost, n_unpriced, \
                 n_attempts, price_row, facts) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            )?
            .execute(params![
                row.trial_id,
                run.run_no,
                row.key.candidate_idx,
                row.key.item_idx,
                row.key.repeat,
                row.state,
                self.number,
                code,
                replay_of,
                lead,
                rest,
                row.cost.map(|cost| cost.0),
                row.n_unpriced,
                row.n_attempts,
                price_row,
                self.buffer,
            ])?;
        Ok(())
    }

    fn put_answer(&mut self, trial_id: i64, trial: &Trial) -> Result<(), Fault> {
        let TrialOutcome::Answered { reply, timing } = &trial.outcome else {
            return Ok(());
        };
        self.buffer.clear();
        put_body(&mut self.buffer, reply, timing, &mut self.words);
        self.conn
            .prepare_cached("INSERT INTO answer (trial_id, text, rest) VALUES ($1, $2, $3)")?
            .execute(params![
                trial_id,
                reply.response.text.as_bytes(),
                self.buffer
            ])?;
        Ok(())
    }

    /// The attempt that brought the answer, where the answer says the rest of it.
    fn last_attempt(&self, trial: &Trial, numbered: &Numbered) -> Option<LastAttempt> {
        let attempt = trial.attempts.last()?;
        let number = *numbered.numbers.last()?;
        let TrialOutcome::Answered { reply, timing } = &trial.outcome else {
            return None;
        };
        let told = attempt.failure.is_none()
            && !numbered.last_is_standing
            && attempt.timing == *timing
            && attempt.request_id == reply.request_id
            && attempt.usage == reply.response.usage;
        told.then_some(LastAttempt {
            number,
            said_number: attempt.number,
            session: self.number,
            started_us: attempt.started_us,
            status: attempt.status,
            cost: attempt.cost,
        })
    }

    pub(crate) fn trial_id(&self, run: RunRef, key: TrialKey) -> Result<Option<i64>, Fault> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT trial_id FROM trial WHERE run_no = $1 AND candidate_idx = $2 \
                 AND item_idx = $3 AND repeat_idx = $4",
            )?
            .query_row(
                params![run.run_no, key.candidate_idx, key.item_idx, key.repeat],
                |row| row.get(0),
            )
            .optional()?)
    }

    /// Says which trial a score is about.
    pub(crate) fn known_trial(&mut self, run: &RunId, key: TrialKey) -> Result<i64, Fault> {
        let found = self.run(run)?;
        self.trial_id(found, key)?.ok_or_else(|| {
            let run = run.clone();
            RecordError::UnknownTrial { run, key }.into()
        })
    }
}

/// The columns of a trial row.
pub(crate) struct TrialRow<'a> {
    pub(crate) trial_id: i64,
    pub(crate) key: TrialKey,
    pub(crate) state: i64,
    pub(crate) request: &'a Fingerprint,
    pub(crate) origin: &'a TrialOrigin,
    pub(crate) cost: Option<NanoUsd>,
    pub(crate) n_unpriced: i64,
    pub(crate) n_attempts: i64,
    pub(crate) price_row: Option<&'a Fingerprint>,
}

/// From when the trial wanted to start to its last byte, by the clock of its attempts.
fn wall_us(attempts: &[Attempt]) -> Option<u64> {
    let (first, last) = (attempts.first()?, attempts.last()?);
    let between = u64::try_from(last.started_us.checked_sub(first.started_us)?).ok()?;
    let parts = [
        Some(first.timing.queued),
        last.timing.connect,
        last.timing.send,
        Some(last.timing.end?),
    ];
    let parts = parts
        .into_iter()
        .flatten()
        .try_fold(std::time::Duration::ZERO, std::time::Duration::checked_add)?;
    u64::try_from(parts.as_micros()).ok()?.checked_add(between)
}
