//! Samples of load tests as bytes, a batch at a time.

use std::time::Duration;

use trilemma_domain::{Attempt, LoadSample, NanoUsd};

use crate::codec::timing::duration_of;
use crate::codec::{
    Reader, put_attempt, put_i64, put_option_bytes, put_option_u64, put_u64, put_u128, read_attempt,
};

const LAYOUT: u8 = 1;
const WARMUP: u8 = 1;
const SIMULATED: u8 = 2;
const SENT: u8 = 4;

/// Writes samples of one stage.
pub(crate) fn put_samples<'a>(
    out: &mut Vec<u8>,
    samples: impl ExactSizeIterator<Item = &'a LoadSample>,
) {
    out.push(LAYOUT);
    put_u64(out, samples.len() as u64);
    for sample in samples {
        put_sample(out, sample);
    }
}

fn put_sample(out: &mut Vec<u8>, sample: &LoadSample) {
    let mut flags = 0;
    flags |= if sample.is_warmup { WARMUP } else { 0 };
    flags |= if sample.simulated { SIMULATED } else { 0 };
    flags |= if sample.sent.is_some() { SENT } else { 0 };
    out.push(flags);
    put_u64(out, u64::from(sample.candidate_idx));
    put_u64(out, sample.number);
    put_u128(out, sample.intended.as_nanos());
    put_u128(out, sample.begun.as_nanos());
    put_u128(out, sample.ended.as_nanos());
    if let Some(sent) = sample.sent {
        put_u128(out, sent.as_nanos());
    }
    put_option_bytes(out, sample.served_model.as_deref().map(str::as_bytes));
    let attempt = &sample.attempt;
    put_u64(out, u64::from(attempt.number));
    put_i64(out, attempt.started_us);
    put_option_u64(out, attempt.status.map(u64::from));
    put_option_u64(out, attempt.cost.map(|cost| cost.0.cast_unsigned()));
    put_attempt(out, attempt);
}

/// Reads a batch of the stage at `stage_idx`; `None` = damaged.
pub(crate) fn read_samples(
    bytes: &[u8],
    stage_idx: u32,
    mut see: impl FnMut(LoadSample),
) -> Option<()> {
    let mut from = Reader::new(bytes);
    if from.byte()? != LAYOUT {
        return None;
    }
    for _ in 0..from.u64()? {
        see(read_sample(&mut from, stage_idx)?);
    }
    Some(())
}

fn read_sample(from: &mut Reader<'_>, stage_idx: u32) -> Option<LoadSample> {
    let flags = from.byte()?;
    let candidate_idx = from.u32()?;
    let number = from.u64()?;
    let intended = span(from)?;
    let begun = span(from)?;
    let ended = span(from)?;
    let sent = if flags & SENT == 0 {
        None
    } else {
        Some(span(from)?)
    };
    let served_model = from.option_text()?;
    let attempt_number = from.u32()?;
    let started_us = from.i64()?;
    let status = match from.option_u64()? {
        None => None,
        Some(status) => Some(u16::try_from(status).ok()?),
    };
    let cost = from.option_u64()?.map(|cost| NanoUsd(cost.cast_signed()));
    let detail = read_attempt(from)?;
    Some(LoadSample {
        stage_idx,
        candidate_idx,
        number,
        intended,
        begun,
        sent,
        ended,
        is_warmup: flags & WARMUP != 0,
        served_model,
        simulated: flags & SIMULATED != 0,
        attempt: Attempt {
            number: attempt_number,
            started_us,
            timing: detail.timing,
            status,
            request_id: detail.request_id,
            failure: detail.failure,
            usage: detail.usage,
            cost,
            raw_body: None,
        },
    })
}

fn span(from: &mut Reader<'_>) -> Option<Duration> {
    duration_of(from.u128()?)
}
