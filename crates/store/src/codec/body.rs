//! What an answer says beyond its text: reasoning, refusal, tool calls, ids, raw usage, the stamps of
//! its chunks, and log-probabilities.
//!
//! Log-probabilities came later and stand last: where there are none nothing is written, and older
//! programs, which do not read on, see the rest.

use serde_json::Value;
use trilemma_domain::{LikelyToken, Reply, Timing, TokenPlace, ToolCall};

use crate::codec::{
    Reader, put_bytes, put_option_bytes, put_stamps, put_u64, put_value, read_stamps, read_value,
};
use crate::codec::{WordWriter, Words};

const LAYOUT: u8 = 1;

/// What is read back.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct AnswerBody {
    pub(crate) chunk_us: Vec<u32>,
    pub(crate) reasoning: Option<String>,
    pub(crate) refusal: Option<String>,
    pub(crate) tool_calls: Vec<ToolCall>,
    pub(crate) response_id: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) raw_usage: Option<Value>,
    pub(crate) first_tokens: Vec<TokenPlace>,
}

/// Writes the rest of an answer.
pub(crate) fn put_body(out: &mut Vec<u8>, reply: &Reply, timing: &Timing, words: &mut WordWriter) {
    let response = &reply.response;
    out.push(LAYOUT);
    put_stamps(out, &timing.chunk_us);
    for text in [
        &response.reasoning,
        &response.refusal,
        &response.response_id,
        &reply.request_id,
    ] {
        put_option_bytes(out, text.as_deref().map(str::as_bytes));
    }
    put_u64(out, response.tool_calls.len() as u64);
    for call in &response.tool_calls {
        put_bytes(out, call.id.as_bytes());
        put_bytes(out, call.name.as_bytes());
        let (shape, numbers) = parts(&call.arguments);
        put_bytes(out, &shape);
        put_bytes(out, &numbers);
    }
    match &response.raw_usage {
        None => words.put(out, None),
        Some(usage) => {
            let (shape, numbers) = parts(usage);
            words.put(out, Some(&shape));
            put_bytes(out, &numbers);
        }
    }
    put_places(out, &response.first_tokens);
}

fn put_places(out: &mut Vec<u8>, places: &[TokenPlace]) {
    if places.is_empty() {
        return;
    }
    put_u64(out, places.len() as u64);
    for place in places {
        put_u64(out, place.likely.len() as u64);
        for one in std::iter::once(&place.taken).chain(&place.likely) {
            put_bytes(out, one.token.as_bytes());
            out.extend_from_slice(&one.logprob.to_le_bytes());
        }
    }
}

/// `None` = damaged.
fn read_places(from: &mut Reader<'_>) -> Option<Vec<TokenPlace>> {
    let mut places = Vec::new();
    if from.rest().is_empty() {
        return Some(places);
    }
    for _ in 0..from.u64()? {
        let n_likely = from.u64()?;
        let taken = read_likely(from)?;
        let mut likely = Vec::new();
        for _ in 0..n_likely {
            likely.push(read_likely(from)?);
        }
        places.push(TokenPlace { taken, likely });
    }
    Some(places)
}

fn read_likely(from: &mut Reader<'_>) -> Option<LikelyToken> {
    let token = from.text()?;
    let logprob = f64::from_le_bytes(from.take(8)?.try_into().ok()?);
    logprob
        .is_finite()
        .then_some(LikelyToken { token, logprob })
}

fn parts(value: &Value) -> (Vec<u8>, Vec<u8>) {
    let (mut shape, mut numbers) = (Vec::new(), Vec::new());
    put_value(&mut shape, &mut numbers, value);
    (shape, numbers)
}

/// Reads the rest of an answer back; `None` = damaged.
pub(crate) fn read_body(from: &mut Reader<'_>, words: &Words) -> Option<AnswerBody> {
    if from.byte()? != LAYOUT {
        return None;
    }
    let mut body = AnswerBody {
        chunk_us: read_stamps(from)?,
        reasoning: from.option_text()?,
        refusal: from.option_text()?,
        response_id: from.option_text()?,
        request_id: from.option_text()?,
        ..AnswerBody::default()
    };
    for _ in 0..from.u64()? {
        body.tool_calls.push(ToolCall {
            id: from.text()?,
            name: from.text()?,
            arguments: read_parts(from.bytes()?, from.bytes()?)?,
        });
    }
    if let Some(shape) = words.read(from)? {
        body.raw_usage = Some(read_parts(&shape, from.bytes()?)?);
    }
    body.first_tokens = read_places(from)?;
    Some(body)
}

fn read_parts(shape: &[u8], numbers: &[u8]) -> Option<Value> {
    read_value(&mut Reader::new(shape), &mut Reader::new(numbers))
}
