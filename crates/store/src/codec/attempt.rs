//! The packed part of an attempt that did not bring the answer.

use trilemma_domain::{Attempt, Failure, Timing, Usage};

use crate::codec::{
    Reader, put_failure, put_option_bytes, put_stamps, put_timing, put_usage, read_failure,
    read_stamps, read_timing, read_usage,
};

const LAYOUT: u8 = 1;

/// What is read back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AttemptDetail {
    pub(crate) timing: Timing,
    pub(crate) failure: Option<Failure>,
    pub(crate) request_id: Option<String>,
    pub(crate) usage: Option<Usage>,
}

/// Writes what the columns do not hold.
pub(crate) fn put_attempt(out: &mut Vec<u8>, attempt: &Attempt) {
    out.push(LAYOUT);
    out.push(u8::from(attempt.failure.is_some()));
    if let Some(failure) = &attempt.failure {
        put_failure(out, failure);
    }
    put_option_bytes(out, attempt.request_id.as_deref().map(str::as_bytes));
    put_usage(out, attempt.usage.as_ref());
    put_timing(out, &attempt.timing);
    put_stamps(out, &attempt.timing.chunk_us);
}

/// Reads it back; `None` = damaged.
pub(crate) fn read_attempt(from: &mut Reader<'_>) -> Option<AttemptDetail> {
    if from.byte()? != LAYOUT {
        return None;
    }
    let failure = match from.byte()? {
        0 => None,
        _ => Some(read_failure(from)?),
    };
    let request_id = from.option_text()?;
    let usage = read_usage(from)?;
    let mut timing = read_timing(from)?;
    timing.chunk_us = read_stamps(from)?;
    Some(AttemptDetail {
        timing,
        failure,
        request_id,
        usage,
    })
}
