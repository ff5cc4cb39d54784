//! Attempts become rows: those of a trial, and those recorded while it still goes on.

use rusqlite::params;
use trilemma_domain::{Attempt, Fingerprint, NanoUsd, RunId, TrialKey, TrialOrigin};

use crate::codec::{FactsOf, put_attempt, put_facts};
use crate::inner::Fault;
use crate::rows::{RunRef, state};
use crate::writer::insert::{Session, TrialRow};
use crate::writer::merge::{Standing, number_attempts};

/// Which attempt a row is about.
pub(crate) struct AttemptRow {
    pub(crate) trial_id: i64,
    pub(crate) number: u32,
    pub(crate) said_number: u32,
    pub(crate) session: u32,
}

impl Session {
    pub(crate) fn put_attempt(
        &mut self,
        trial_id: i64,
        number: u32,
        attempt: &Attempt,
    ) -> Result<(), Fault> {
        let row = AttemptRow {
            trial_id,
            number,
            said_number: attempt.number,
            session: self.number(),
        };
        self.put_attempt_row(&row, attempt)
    }

    pub(crate) fn put_attempt_row(
        &mut self,
        row: &AttemptRow,
        attempt: &Attempt,
    ) -> Result<(), Fault> {
        self.buffer.clear();
        put_attempt(&mut self.buffer, attempt);
        self.conn
            .prepare_cached(
                "INSERT INTO attempt (trial_id, number, session, said_number, started_us, status, \
                 cost, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                 ON CONFLICT (trial_id, number) DO UPDATE SET status = excluded.status, \
                 cost = excluded.cost, detail = excluded.detail",
            )?
            .execute(params![
                row.trial_id,
                row.number,
                row.session,
                row.said_number,
                attempt.started_us,
                attempt.status,
                attempt.cost.map(|cost| cost.0),
                self.buffer,
            ])?;
        self.put_raw_body(row.trial_id, row.number, attempt)
    }

    pub(crate) fn put_raw_body(
        &self,
        trial_id: i64,
        number: u32,
        attempt: &Attempt,
    ) -> Result<(), Fault> {
        let Some(body) = &attempt.raw_body else {
            return Ok(());
        };
        self.conn
            .prepare_cached(
                "INSERT INTO raw_body (trial_id, number, body) VALUES ($1, $2, $3) \
                 ON CONFLICT (trial_id, number) DO UPDATE SET body = excluded.body",
            )?
            .execute(params![trial_id, number, body])?;
        Ok(())
    }

    /// Records a failed attempt of a trial that goes on, adding its cost to the trial's.
    pub(crate) fn put_early_attempt(
        &mut self,
        run: &RunId,
        key: TrialKey,
        request: &Fingerprint,
        attempt: &Attempt,
    ) -> Result<(), Fault> {
        let run = self.run(run)?;
        let trial_id = match self.trial_id(run, key)? {
            Some(trial_id) => trial_id,
            None => self.put_under_way(run, key, request)?,
        };
        let standing: Vec<Standing> = self.standing_attempts(trial_id)?;
        let numbered = number_attempts(&standing, std::slice::from_ref(attempt), self.number());
        if let Some(number) = numbered.numbers.first() {
            self.put_attempt(trial_id, *number, attempt)?;
        }
        if !numbered.last_is_standing {
            self.conn
                .prepare_cached(
                    "UPDATE trial SET cost = cost + $1, n_unpriced = n_unpriced + $2, \
                     n_attempts = n_attempts + 1 WHERE trial_id = $3",
                )?
                .execute(params![
                    attempt.cost.map_or(0, |cost| cost.0),
                    i64::from(attempt.cost.is_none()),
                    trial_id
                ])?;
        }
        Ok(())
    }

    fn put_under_way(
        &mut self,
        run: RunRef,
        key: TrialKey,
        request: &Fingerprint,
    ) -> Result<i64, Fault> {
        let trial_id = self.next_trial_id;
        self.buffer.clear();
        let facts = FactsOf {
            trial: None,
            cost: None,
            wall_us: None,
            last: None,
            base_us: run.base_us,
        };
        put_facts(&mut self.buffer, &facts, &mut self.words);
        let row = TrialRow {
            trial_id,
            key,
            state: state::UNDER_WAY,
            request,
            origin: &TrialOrigin::Called,
            // A sum that begins, not an unknown.
            cost: Some(NanoUsd(0)),
            n_unpriced: 0,
            n_attempts: 0,
            price_row: None,
        };
        self.put_trial_row(run, &row)?;
        self.next_trial_id += 1;
        Ok(trial_id)
    }
}
