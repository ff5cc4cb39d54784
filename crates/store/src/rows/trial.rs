//! A trial's rows, and the record that they make.

use rusqlite::{Connection, OptionalExtension, Row, params};
use trilemma_domain::{
    Attempt, ChatResponse, Fingerprint, FinishReason, NanoUsd, Reply, Timing, Trial, TrialKey,
    TrialOrigin, TrialOutcome,
};

use crate::codec::Words;
use crate::codec::{
    AnswerFigures, End, Figures, LastAttempt, Reader, read_attempt, read_body, read_figures,
    read_names,
};
use crate::inner::{Fault, sound};
use crate::rows::codes::{origin, request};
use crate::rows::run::RunRef;

/// The columns that [`TrialRow::read`] expects first.
pub(crate) const COLUMNS: &str = "t.trial_id, t.candidate_idx, t.item_idx, t.repeat_idx, \
    t.origin, t.replay_of, t.request_lead, t.request_rest, t.cost, t.n_unpriced, t.n_attempts, \
    t.price_row, t.facts";
/// How many they are.
pub(crate) const N_COLUMNS: usize = 13;
/// The order of keys.
pub(crate) const KEY_ORDER: &str = "t.candidate_idx, t.item_idx, t.repeat_idx";

const DAMAGED: &str = "the facts of a trial make no sense";

/// A row of `trial` with its figures unpacked.
#[derive(Debug, Clone)]
pub(crate) struct TrialRow {
    pub(crate) trial_id: i64,
    pub(crate) key: TrialKey,
    pub(crate) origin: i64,
    pub(crate) replay_of: Option<i64>,
    pub(crate) request: Fingerprint,
    pub(crate) cost: Option<NanoUsd>,
    pub(crate) n_unpriced: u32,
    pub(crate) n_attempts: u32,
    pub(crate) price_row: Option<i64>,
    pub(crate) figures: Figures,
    /// Packed names, which follow the figures.
    pub(crate) names: Vec<u8>,
}

/// The key in the columns from `first` on.
pub(crate) fn key_at(row: &Row<'_>, first: usize) -> rusqlite::Result<TrialKey> {
    Ok(TrialKey {
        candidate_idx: row.get(first)?,
        item_idx: row.get(first + 1)?,
        repeat: row.get(first + 2)?,
    })
}

impl TrialRow {
    /// Reads a row that begins with [`COLUMNS`].
    pub(crate) fn read(row: &Row<'_>, base_us: i64) -> Result<Self, Fault> {
        let cost = row.get::<_, Option<i64>>(8)?.map(NanoUsd);
        let facts = row.get_ref(12)?.as_blob().map_err(rusqlite::Error::from)?;
        let mut reader = Reader::new(facts);
        let figures = sound(read_figures(&mut reader, base_us, cost), DAMAGED)?;
        let rest = row.get_ref(7)?.as_blob().map_err(rusqlite::Error::from)?;
        Ok(Self {
            trial_id: row.get(0)?,
            key: key_at(row, 1)?,
            origin: row.get(4)?,
            replay_of: row.get(5)?,
            request: sound(
                request::join(row.get(6)?, rest),
                "a request hash has the wrong length",
            )?,
            cost,
            n_unpriced: row.get(9)?,
            n_attempts: row.get(10)?,
            price_row: row.get(11)?,
            figures,
            names: reader.rest().to_owned(),
        })
    }

    pub(crate) fn answer(&self) -> Option<&AnswerFigures> {
        match &self.figures.end {
            End::Answered(answer) => Some(answer),
            End::UnderWay | End::Failed(_) => None,
        }
    }

    /// Corrects the start time of the last attempt after reading with a base of 0.
    pub(crate) fn rebase(&mut self, base_us: i64) {
        if let End::Answered(answer) = &mut self.figures.end
            && let Some(last) = &mut answer.last
        {
            last.started_us = last.started_us.wrapping_add(base_us);
        }
    }

    pub(crate) fn last_attempt(&self) -> Option<LastAttempt> {
        self.answer()?.last
    }
}

/// Finds the row of one trial.
pub(crate) fn trial_row(
    conn: &Connection,
    run: RunRef,
    key: TrialKey,
) -> Result<Option<TrialRow>, Fault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM trial t WHERE t.run_no = $1 AND t.candidate_idx = $2 \
         AND t.item_idx = $3 AND t.repeat_idx = $4"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![
        run.run_no,
        key.candidate_idx,
        key.item_idx,
        key.repeat
    ])?;
    match rows.next()? {
        None => Ok(None),
        Some(row) => TrialRow::read(row, run.base_us).map(Some),
    }
}

/// Puts an answer together from its figures and the columns of its `answer` row.
pub(crate) fn reply_of(
    row: &TrialRow,
    answer: &AnswerFigures,
    (text, rest): (&[u8], &[u8]),
    words: &Words,
) -> Result<(Reply, Timing), Fault> {
    let names = sound(
        read_names(&mut Reader::new(&row.names), answer, words),
        DAMAGED,
    )?;
    let body = sound(
        read_body(&mut Reader::new(rest), words),
        "the rest of an answer makes no sense",
    )?;
    let text = sound(std::str::from_utf8(text).ok(), "an answer is no text")?;
    let finish = match (&answer.finish, names.finish_other) {
        (Some(FinishReason::Other(_)), Some(word)) => Some(FinishReason::Other(word)),
        (finish, _) => finish.clone(),
    };
    let response = ChatResponse {
        text: text.to_owned(),
        reasoning: body.reasoning,
        refusal: body.refusal,
        tool_calls: body.tool_calls,
        finish,
        served_model: names.served_model,
        system_fingerprint: names.system_fingerprint,
        response_id: body.response_id,
        usage: answer.usage,
        raw_usage: body.raw_usage,
        first_tokens: body.first_tokens,
    };
    let timing = Timing {
        chunk_us: body.chunk_us,
        ..answer.timing.clone()
    };
    let request_id = body.request_id;
    Ok((
        Reply {
            response,
            request_id,
            simulated: answer.simulated,
        },
        timing,
    ))
}

/// Reads the whole record of a trial that has ended.
pub(crate) fn load_trial(conn: &Connection, row: &TrialRow, words: &Words) -> Result<Trial, Fault> {
    let outcome = match &row.figures.end {
        End::UnderWay => return Err(Fault::Damage("a trial under way has no outcome")),
        End::Failed(failure) => TrialOutcome::Failed(failure.clone()),
        End::Answered(answer) => {
            let (text, rest): (Vec<u8>, Vec<u8>) = conn
                .prepare_cached("SELECT text, rest FROM answer WHERE trial_id = $1")?
                .query_row([row.trial_id], |found| Ok((found.get(0)?, found.get(1)?)))
                .optional()?
                .ok_or(Fault::Damage("an answer is missing"))?;
            let (reply, timing) = reply_of(row, answer, (&text, &rest), words)?;
            TrialOutcome::Answered {
                reply: Box::new(reply),
                timing,
            }
        }
    };
    let price_row = match row.price_row {
        None => None,
        Some(number) => {
            let bytes = words
                .get(number.cast_unsigned())
                .and_then(|bytes| bytes.try_into().ok());
            Some(Fingerprint::from_bytes(sound(
                bytes,
                "a price row is missing",
            )?))
        }
    };
    Ok(Trial {
        key: row.key,
        request: row.request,
        origin: origin_of(row, words)?,
        attempts: attempts_of(conn, row, &outcome)?,
        cost: row.cost,
        n_unpriced_attempts: row.n_unpriced,
        price_row,
        outcome,
    })
}

fn origin_of(row: &TrialRow, words: &Words) -> Result<TrialOrigin, Fault> {
    Ok(match row.origin {
        origin::CALLED => TrialOrigin::Called,
        origin::REPEATED => TrialOrigin::Repeated,
        origin::IMPORTED => TrialOrigin::Imported,
        origin::REPLAYED => {
            let word = row
                .replay_of
                .and_then(|number| words.get(number.cast_unsigned()));
            let run = word.and_then(|bytes| String::from_utf8(bytes.to_owned()).ok());
            TrialOrigin::Replayed {
                run: sound(run, "the run of a replay is missing")?,
            }
        }
        _ => return Err(Fault::Damage("a trial has an unknown origin")),
    })
}

fn attempts_of(
    conn: &Connection,
    row: &TrialRow,
    outcome: &TrialOutcome,
) -> Result<Vec<Attempt>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT number, started_us, status, cost, detail FROM attempt WHERE trial_id = $1",
    )?;
    let mut rows = statement.query([row.trial_id])?;
    let mut attempts = Vec::new();
    while let Some(found) = rows.next()? {
        let detail = found.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
        let detail = sound(
            read_attempt(&mut Reader::new(detail)),
            "the detail of an attempt makes no sense",
        )?;
        let number = found.get(0)?;
        attempts.push(Attempt {
            number,
            started_us: found.get(1)?,
            timing: detail.timing,
            status: found.get(2)?,
            request_id: detail.request_id,
            failure: detail.failure,
            usage: detail.usage,
            cost: found.get::<_, Option<i64>>(3)?.map(NanoUsd),
            raw_body: raw_body(conn, row.trial_id, number)?,
        });
    }
    attempts.sort_by_key(|attempt| attempt.number);
    if let (Some(last), TrialOutcome::Answered { reply, timing }) = (row.last_attempt(), outcome) {
        attempts.push(Attempt {
            number: last.number,
            started_us: last.started_us,
            timing: timing.clone(),
            status: last.status,
            request_id: reply.request_id.clone(),
            failure: None,
            usage: reply.response.usage,
            cost: last.cost,
            raw_body: raw_body(conn, row.trial_id, last.number)?,
        });
    }
    Ok(attempts)
}

fn raw_body(conn: &Connection, trial_id: i64, number: u32) -> Result<Option<Vec<u8>>, Fault> {
    Ok(conn
        .prepare_cached("SELECT body FROM raw_body WHERE trial_id = $1 AND number = $2")?
        .query_row(params![trial_id, number], |found| found.get(0))
        .optional()?)
}
