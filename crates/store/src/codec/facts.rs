//! Everything of a trial that analysis may ask for, texts apart, in one packed column.
//!
//! What the attempt that brought the answer shares with the answer itself (stamps, tokens, request
//! id) is written once. Names come last, so that reading figures alone never touches them.

use trilemma_domain::{FinishReason, NanoUsd, Timing, Trial, TrialOutcome, Usage};

use crate::codec::{
    Reader, put_failure, put_i64, put_option_u64, put_timing, put_u64, put_usage, read_failure,
    read_timing, read_usage,
};
use crate::codec::{WordWriter, Words};

const LAYOUT: u8 = 1;
const UNDER_WAY: u8 = 0;
const ANSWERED: u8 = 1;
const FAILED: u8 = 2;
const OTHER_FINISH: u8 = 6;
const REFUSAL_TEXT: u8 = 0x80;
const SIMULATED: u8 = 0x40;

/// The attempt that brought the answer, as far as the answer does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastAttempt {
    pub(crate) number: u32,
    pub(crate) said_number: u32,
    pub(crate) session: u32,
    pub(crate) started_us: i64,
    pub(crate) status: Option<u16>,
    pub(crate) cost: Option<NanoUsd>,
}

/// What is written of a trial.
#[derive(Debug)]
pub(crate) struct FactsOf<'a> {
    /// `None` = under way.
    pub(crate) trial: Option<&'a Trial>,
    /// The trial's cost column.
    pub(crate) cost: Option<NanoUsd>,
    pub(crate) wall_us: Option<u64>,
    pub(crate) last: Option<LastAttempt>,
    /// Beginning of the run: start times are written relative to it.
    pub(crate) base_us: i64,
}

/// What is read back, names apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figures {
    pub(crate) wall_us: Option<u64>,
    pub(crate) end: End,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all trials are answered, and a box for each would cost more"
)]
pub(crate) enum End {
    UnderWay,
    Answered(AnswerFigures),
    Failed(trilemma_domain::Failure),
}

/// Figures of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AnswerFigures {
    /// `Other` without its word, which is among the names.
    pub(crate) finish: Option<FinishReason>,
    /// Whether the vendor sent a refusal text.
    pub(crate) refusal_text: bool,
    /// Whether a simulator answered.
    pub(crate) simulated: bool,
    pub(crate) usage: Option<Usage>,
    /// Without the stamps of the chunks.
    pub(crate) timing: Timing,
    pub(crate) n_chunks: u32,
    pub(crate) last: Option<LastAttempt>,
}

/// Names of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Names {
    pub(crate) served_model: Option<String>,
    pub(crate) system_fingerprint: Option<String>,
    pub(crate) finish_other: Option<String>,
}

/// Writes the facts of a trial.
pub(crate) fn put_facts(out: &mut Vec<u8>, facts: &FactsOf<'_>, words: &mut WordWriter) {
    out.push(LAYOUT);
    let code = match facts.trial.map(|trial| &trial.outcome) {
        None => UNDER_WAY,
        Some(TrialOutcome::Answered { .. }) => ANSWERED,
        Some(TrialOutcome::Failed(_)) => FAILED,
    };
    out.push(code);
    put_option_u64(out, facts.wall_us);
    match facts.trial.map(|trial| &trial.outcome) {
        None => {}
        Some(TrialOutcome::Failed(failure)) => put_failure(out, failure),
        Some(TrialOutcome::Answered { reply, timing }) => {
            let response = &reply.response;
            let refusal = if response.refusal.is_some() {
                REFUSAL_TEXT
            } else {
                0
            };
            let simulated = if reply.simulated { SIMULATED } else { 0 };
            out.push(finish_code(response.finish.as_ref()) | refusal | simulated);
            put_usage(out, response.usage.as_ref());
            put_timing(out, timing);
            put_u64(out, timing.chunk_us.len() as u64);
            put_last(out, facts);
            words.put(out, response.served_model.as_deref().map(str::as_bytes));
            words.put(
                out,
                response.system_fingerprint.as_deref().map(str::as_bytes),
            );
            if let Some(FinishReason::Other(word)) = &response.finish {
                words.put(out, Some(word.as_bytes()));
            }
        }
    }
}

const NO_LAST: u8 = 0;
const LAST_COSTS_ALL: u8 = 1;
const LAST_COSTS_OWN: u8 = 2;

fn put_last(out: &mut Vec<u8>, facts: &FactsOf<'_>) {
    let Some(last) = &facts.last else {
        out.push(NO_LAST);
        return;
    };
    if last.cost == facts.cost {
        out.push(LAST_COSTS_ALL);
    } else {
        out.push(LAST_COSTS_OWN);
        out.push(u8::from(last.cost.is_some()));
        put_i64(out, last.cost.unwrap_or_default().0);
    }
    put_u64(out, u64::from(last.number));
    put_u64(out, u64::from(last.said_number));
    put_u64(out, u64::from(last.session));
    put_i64(out, last.started_us.wrapping_sub(facts.base_us));
    put_option_u64(out, last.status.map(u64::from));
}

/// The outer `None` = damaged.
fn read_last(
    from: &mut Reader<'_>,
    base_us: i64,
    trial_cost: Option<NanoUsd>,
) -> Option<Option<LastAttempt>> {
    let cost = match from.byte()? {
        NO_LAST => return Some(None),
        LAST_COSTS_ALL => trial_cost,
        LAST_COSTS_OWN => {
            let known = from.byte()? == 1;
            let cost = NanoUsd(from.i64()?);
            known.then_some(cost)
        }
        _ => return None,
    };
    Some(Some(LastAttempt {
        cost,
        number: from.u32()?,
        said_number: from.u32()?,
        session: from.u32()?,
        started_us: from.i64()?.wrapping_add(base_us),
        status: match from.option_u64()? {
            None => None,
            Some(status) => Some(u16::try_from(status).ok()?),
        },
    }))
}

/// Reads the figures back, leaving `from` at the names; `None` = damaged.
///
/// `base_us` is the beginning of the run, `trial_cost` the trial's cost column.
pub(crate) fn read_figures(
    from: &mut Reader<'_>,
    base_us: i64,
    trial_cost: Option<NanoUsd>,
) -> Option<Figures> {
    if from.byte()? != LAYOUT {
        return None;
    }
    let code = from.byte()?;
    let wall_us = from.option_u64()?;
    let end = match code {
        UNDER_WAY => End::UnderWay,
        FAILED => End::Failed(read_failure(from)?),
        ANSWERED => {
            let finish = from.byte()?;
            End::Answered(AnswerFigures {
                finish: finish_of(finish & !(REFUSAL_TEXT | SIMULATED))?,
                refusal_text: finish & REFUSAL_TEXT != 0,
                simulated: finish & SIMULATED != 0,
                usage: read_usage(from)?,
                timing: read_timing(from)?,
                n_chunks: from.u32()?,
                last: read_last(from, base_us, trial_cost)?,
            })
        }
        _ => return None,
    };
    Some(Figures { wall_us, end })
}

/// Reads the names of an answer, after its figures; `None` = damaged.
pub(crate) fn read_names(
    from: &mut Reader<'_>,
    figures: &AnswerFigures,
    words: &Words,
) -> Option<Names> {
    Some(Names {
        served_model: words.read_text(from)?,
        system_fingerprint: words.read_text(from)?,
        finish_other: match &figures.finish {
            Some(FinishReason::Other(_)) => words.read_text(from)?,
            _ => None,
        },
    })
}

fn finish_code(finish: Option<&FinishReason>) -> u8 {
    match finish {
        None => 0,
        Some(FinishReason::Stop) => 1,
        Some(FinishReason::Length) => 2,
        Some(FinishReason::ToolCalls) => 3,
        Some(FinishReason::ContentFilter) => 4,
        Some(FinishReason::Refusal) => 5,
        Some(FinishReason::Other(_)) => OTHER_FINISH,
    }
}

/// The outer `None` = damaged.
fn finish_of(code: u8) -> Option<Option<FinishReason>> {
    Some(match code {
        0 => None,
        1 => Some(FinishReason::Stop),
        2 => Some(FinishReason::Length),
        3 => Some(FinishReason::ToolCalls),
        4 => Some(FinishReason::ContentFilter),
        5 => Some(FinishReason::Refusal),
        OTHER_FINISH => Some(FinishReason::Other(String::new())),
        _ => return None,
    })
}
