//! Calls of judges become rows of their trial and scorer.

use rusqlite::{OptionalExtension, params};
use trilemma_domain::{
    Attempt, Fingerprint, Judgement, JudgementKey, RunId, TrialOrigin, TrialOutcome,
};

use crate::codec::put_attempt;
use crate::inner::Fault;
use crate::rows::{JudgementBody, origin, request, state};
use crate::writer::insert::Session;

impl Session {
    /// Records a failed attempt of a call that goes on.
    pub(crate) fn put_judge_attempt(
        &mut self,
        run: &RunId,
        set: &Fingerprint,
        key: &JudgementKey,
        attempt: &Attempt,
    ) -> Result<(), Fault> {
        let place = (
            self.known_trial(run, key.trial)?,
            self.scorer_no(set, key.scorer_idx)?,
            key.seat.code(),
        );
        self.put_attempt_of(place, attempt)
    }

    /// Records a settled call with those attempts that are not in the store yet.
    pub(crate) fn put_judgement(
        &mut self,
        run: &RunId,
        set: &Fingerprint,
        judgement: &Judgement,
    ) -> Result<(), Fault> {
        let key = judgement.key;
        let place = (
            self.known_trial(run, key.trial)?,
            self.scorer_no(set, key.scorer_idx)?,
            key.seat.code(),
        );
        for attempt in &judgement.attempts {
            self.put_attempt_of(place, attempt)?;
        }
        let body = JudgementBody::of(judgement)?;
        let (lead, rest) = request::split(&judgement.request);
        let state = match judgement.outcome {
            TrialOutcome::Answered { .. } => state::ANSWERED,
            TrialOutcome::Failed(_) => state::FAILED,
        };
        let origin = match judgement.origin {
            TrialOrigin::Called => origin::CALLED,
            TrialOrigin::Repeated => origin::REPEATED,
            TrialOrigin::Replayed { .. } => origin::REPLAYED,
            TrialOrigin::Imported => origin::IMPORTED,
        };
        self.conn
            .prepare_cached(
                "INSERT INTO judgement (trial_id, scorer_no, seat, session, state, origin, \
                 request_lead, request_rest, cost, n_unpriced, body) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                 ON CONFLICT (trial_id, scorer_no, seat) DO UPDATE SET \
                 session = excluded.session, state = excluded.state, origin = excluded.origin, \
                 request_lead = excluded.request_lead, request_rest = excluded.request_rest, \
                 cost = excluded.cost, n_unpriced = excluded.n_unpriced, body = excluded.body \
                 WHERE excluded.origin <> $12 OR judgement.state <> $13 \
                 OR judgement.request_rest <> excluded.request_rest",
            )?
            .execute(params![
                place.0,
                place.1,
                place.2,
                self.number(),
                state,
                origin,
                lead,
                rest,
                judgement.cost.map(|cost| cost.0),
                judgement.n_unpriced_attempts,
                body,
                // The reply of this very call, told again, changes nothing.
                origin::REPLAYED,
                state::ANSWERED,
            ])?;
        Ok(())
    }

    fn put_attempt_of(
        &mut self,
        (trial_id, scorer_no, seat): (i64, i64, u32),
        attempt: &Attempt,
    ) -> Result<(), Fault> {
        let session = self.number();
        let known: Option<i64> = self
            .conn
            .prepare_cached(
                "SELECT number FROM judge_attempt WHERE trial_id = $1 AND scorer_no = $2 \
                 AND seat = $3 AND session = $4 AND said_number = $5 AND started_us = $6",
            )?
            .query_row(
                params![
                    trial_id,
                    scorer_no,
                    seat,
                    session,
                    attempt.number,
                    attempt.started_us
                ],
                |row| row.get(0),
            )
            .optional()?;
        if known.is_some() {
            return Ok(());
        }
        self.buffer.clear();
        put_attempt(&mut self.buffer, attempt);
        self.conn
            .prepare_cached(
                "INSERT INTO judge_attempt (trial_id, scorer_no, seat, number, session, \
                 said_number, started_us, status, cost, detail, raw) \
                 VALUES ($1, $2, $3, (SELECT COALESCE(MAX(number), 0) + 1 FROM judge_attempt \
                 WHERE trial_id = $1 AND scorer_no = $2 AND seat = $3), \
                 $4, $5, $6, $7, $8, $9, $10)",
            )?
            .execute(params![
                trial_id,
                scorer_no,
                seat,
                session,
                attempt.number,
                attempt.started_us,
                attempt.status,
                attempt.cost.map(|cost| cost.0),
                self.buffer,
                attempt.raw_body,
            ])?;
        Ok(())
    }
}
