//! The rows of a judge's call, and the record that they make.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use trilemma_domain::{
    Attempt, Fingerprint, Judgement, NanoUsd, ScoredOutcome, Seat, TrialOrigin, TrialOutcome,
};

use crate::codec::{Reader, read_attempt};
use crate::inner::{Fault, sound};
use crate::rows::codes::request;

/// The columns that [`JudgementRow::read`] expects first.
pub(crate) const JUDGEMENT_COLUMNS: &str = "j.trial_id, j.scorer_no, j.seat, j.request_lead, \
    j.request_rest, j.cost, j.n_unpriced, j.body";
/// How many they are.
pub(crate) const N_JUDGEMENT_COLUMNS: usize = 8;

/// What the columns do not hold, as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct JudgementBody {
    pub(crate) model: String,
    pub(crate) origin: TrialOrigin,
    pub(crate) price_row: Option<Fingerprint>,
    pub(crate) outcome: TrialOutcome,
    pub(crate) grade: ScoredOutcome,
}

impl JudgementBody {
    /// Packs a record.
    pub(crate) fn of(judgement: &Judgement) -> Result<Vec<u8>, Fault> {
        let body = Self {
            model: judgement.model.clone(),
            origin: judgement.origin.clone(),
            price_row: judgement.price_row,
            outcome: judgement.outcome.clone(),
            grade: judgement.grade.clone(),
        };
        serde_json::to_vec(&body).map_err(|_| Fault::Damage("a judgement has no JSON"))
    }
}

/// A row of `judgement`, unpacked.
#[derive(Debug)]
pub(crate) struct JudgementRow {
    pub(crate) trial_id: i64,
    pub(crate) scorer_no: i64,
    pub(crate) seat: Seat,
    pub(crate) request: Fingerprint,
    pub(crate) cost: Option<NanoUsd>,
    pub(crate) n_unpriced: u32,
    pub(crate) body: JudgementBody,
}

impl JudgementRow {
    /// Reads a row that begins with [`JUDGEMENT_COLUMNS`].
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let rest = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
        let body = row.get_ref(7)?.as_blob().map_err(rusqlite::Error::from)?;
        Ok(Self {
            trial_id: row.get(0)?,
            scorer_no: row.get(1)?,
            seat: sound(
                Seat::from_code(row.get(2)?),
                "the seat of a judge makes no sense",
            )?,
            request: sound(
                request::join(row.get(3)?, rest),
                "a request hash has the wrong length",
            )?,
            cost: row.get::<_, Option<i64>>(5)?.map(NanoUsd),
            n_unpriced: row.get(6)?,
            body: sound(
                serde_json::from_slice(body).ok(),
                "a judgement cannot be read",
            )?,
        })
    }

    /// Reads the attempts that were made for it, in order.
    pub(crate) fn attempts(&self, conn: &Connection) -> Result<Vec<Attempt>, Fault> {
        let mut statement = conn.prepare_cached(
            "SELECT number, started_us, status, cost, detail, raw FROM judge_attempt \
             WHERE trial_id = $1 AND scorer_no = $2 AND seat = $3 ORDER BY number",
        )?;
        let mut rows = statement.query(params![self.trial_id, self.scorer_no, self.seat.code()])?;
        let mut attempts = Vec::new();
        while let Some(found) = rows.next()? {
            let detail = found.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
            let detail = sound(
                read_attempt(&mut Reader::new(detail)),
                "the detail of a judge's attempt makes no sense",
            )?;
            attempts.push(Attempt {
                number: found.get(0)?,
                started_us: found.get(1)?,
                timing: detail.timing,
                status: found.get(2)?,
                request_id: detail.request_id,
                failure: detail.failure,
                usage: detail.usage,
                cost: found.get::<_, Option<i64>>(3)?.map(NanoUsd),
                raw_body: found.get(5)?,
            });
        }
        Ok(attempts)
    }
}
