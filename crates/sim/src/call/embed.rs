//! A call for vectors of texts, in OpenAI's words.
//!
//! In: a request with one text or a list. Out: one vector per text, the same for the same text everywhere: each word adds
//! to one of its numbers, and the length is one. So texts that share words lie close together. Faults and rate limits
//! of the model strike as they do chats, delays are those of the first token.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use trilemma_domain::Fingerprint;
use trilemma_wire::server::{Route, encode_error};

use super::body::{CallBody, Cut};
use super::context::Call;
use super::errors::{after_200, bad_key, no_model, status_error, too_many, unreadable};
use super::head::{Answered, JSON, response};
use super::plan::Plan;
use crate::log::{CallOutcome, RejectReason};
use crate::model::Current;
use crate::sample::Draws;
use crate::scenario::FaultKind;

/// Numbers of a vector.
const DIMENSIONS: usize = 64;
/// How long a stall lasts where the scenario does not say.
const DEFAULT_STALL_S: f64 = 600.0;
const PURPOSE: u64 = u64::from_le_bytes(*b"embedded");

#[derive(Deserialize)]
struct Ask<'a> {
    #[serde(default, borrow)]
    model: Option<Cow<'a, str>>,
    input: Input,
}

/// One text, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
}

#[derive(Serialize)]
struct Body<'a> {
    object: &'a str,
    model: &'a str,
    data: Vec<Vector<'a>>,
    usage: Counts,
}

#[derive(Serialize)]
struct Vector<'a> {
    object: &'a str,
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Serialize)]
struct Counts {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// Answers one call for vectors.
pub(super) async fn embed(
    call: &Call<'_>,
    route: &Route,
    headers: &HeaderMap,
    body: &[u8],
) -> Answered {
    let mut record = call.record(route.dialect);
    let ask: Ask<'_> = match serde_json::from_slice(body) {
        Ok(ask) => ask,
        Err(error) => {
            record.outcome = CallOutcome::Rejected(RejectReason::BadRequest);
            return call.reject(record, &unreadable(&error.to_string()));
        }
    };
    let texts = match ask.input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    let name = route.model.as_deref().or(ask.model.as_deref());
    let name = name.unwrap_or_default();
    record.model = Arc::from(name);
    record.prompt = Fingerprint::of(texts.join("\n").as_bytes());
    if !call.shared.lets_in(route.dialect, headers) {
        record.outcome = CallOutcome::Rejected(RejectReason::Auth);
        return call.reject(record, &bad_key());
    }
    let Some(model) = call.shared.model(name) else {
        record.outcome = CallOutcome::Rejected(RejectReason::UnknownModel);
        return call.reject(record, &no_model(name));
    };
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        record.outcome = CallOutcome::Rejected(RejectReason::BadRequest);
        return call.reject(record, &unreadable("a text is empty"));
    }
    record.model = Arc::clone(&model.name);
    let nth = model.arrive(&record.prompt);
    record.nth = nth.saturating_add(1);
    let count = |text: &String| {
        let fingerprint = Fingerprint::of(text.as_bytes());
        call.shared.tokens.count(&fingerprint, text)
    };
    let n_tokens: u64 = texts.iter().map(count).sum();
    if let Some(limiter) = &model.limiter
        && let (Err(wait), _) = limiter.take(n_tokens, call.arrived)
    {
        record.outcome = CallOutcome::Rejected(RejectReason::RateLimit);
        return call.reject(record, &too_many(wait));
    }
    let rule = call.shared.fault(&model);
    let fault = rule.map(|rule| rule.kind);
    if let Some(kind) = fault {
        record.outcome = CallOutcome::Fault(kind);
    }
    if let Some(error) = rule.and_then(status_error) {
        return call.reject(record, &error);
    }
    let current = model.current();
    let mut draws = Draws::new(
        current.seed,
        PURPOSE ^ record.prompt.leading_u64(),
        u64::from(nth),
    );
    let first = Current::spread(current.behaviour.first_token_ms);
    let due = call.arrived + draws.delay(first, current.delay_factor);
    let stall = rule
        .and_then(|rule| rule.stall_s)
        .unwrap_or(DEFAULT_STALL_S);
    let stall = Duration::try_from_secs_f64(stall).unwrap_or_default();
    let body = written(&texts, current.served_model, n_tokens, (route, fault));
    record.status = Some(200);
    call.tap.begin(record);
    let due = [due, call.arrived + stall];
    give(call, route, (body, due), fault).await
}

/// Gives the body when it is due, unless a fault breaks it off; the second instant is the end of a stall.
async fn give(
    call: &Call<'_>,
    route: &Route,
    (body, [due, cut_at]): (Bytes, [Instant; 2]),
    fault: Option<FaultKind>,
) -> Answered {
    sleep_until(due).await;
    if fault == Some(FaultKind::StallBeforeHead) {
        sleep_until(cut_at).await;
    }
    let plan = match fault {
        Some(FaultKind::CutBeforeHead | FaultKind::StallBeforeHead) => {
            call.tap.cut();
            return Err(Cut);
        }
        Some(FaultKind::CutMidBody) => Plan::half_body(&body, due, due),
        Some(FaultKind::StallMidBody) => Plan::half_body(&body, due, cut_at.max(due)),
        _ => Plan::body(body.clone(), due),
    };
    let mut headers = HeaderMap::new();
    call.push_request_id(route.dialect, &mut headers);
    headers.insert(CONTENT_TYPE, JSON);
    let body = CallBody::whole(call.tap.clone(), plan, body.len());
    Ok(response(200, headers, body))
}

/// The body, as a fault leaves it.
fn written(
    texts: &[String],
    served_model: &str,
    n_tokens: u64,
    (route, fault): (&Route, Option<FaultKind>),
) -> Bytes {
    if fault == Some(FaultKind::ErrorAfter200) {
        return encode_error(route.dialect, &after_200()).into();
    }
    let of = |(index, text): (usize, &String)| Vector {
        object: "embedding",
        index,
        embedding: vector(text),
    };
    let body = Body {
        object: "list",
        model: served_model,
        data: texts.iter().enumerate().map(of).collect(),
        usage: Counts {
            prompt_tokens: n_tokens,
            total_tokens: n_tokens,
        },
    };
    // Texts and finite numbers: nothing in it can fail.
    let mut bytes = Bytes::from(serde_json::to_vec(&body).unwrap_or_default());
    if matches!(
        fault,
        Some(FaultKind::MalformedJson | FaultKind::MalformedStream | FaultKind::NoTerminal)
    ) {
        bytes.truncate(bytes.len() / 2);
    }
    bytes
}

/// Each word adds to one number, by its hash; length one.
fn vector(text: &str) -> Vec<f32> {
    let mut numbers = vec![0.0_f32; DIMENSIONS];
    let words = text.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        let hash = Fingerprint::of(word.to_lowercase().as_bytes()).leading_u64();
        let place = usize::try_from(hash % DIMENSIONS as u64).unwrap_or(0);
        let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
        if let Some(number) = numbers.get_mut(place) {
            *number += sign;
        }
    }
    let length = numbers.iter().map(|one| one * one).sum::<f32>().sqrt();
    if length > 0.0 {
        numbers.iter_mut().for_each(|one| *one /= length);
    } else if let Some(first) = numbers.first_mut() {
        // Words may cancel each other out; a vector has a length all the same.
        *first = 1.0;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_with_the_same_words_lie_close_together() {
        let near =
            |a: &str, b: &str| -> f32 { vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum() };
        assert!((near("How many eggs?", "how many EGGS") - 1.0).abs() < 1e-6);
        assert!(near("the red house", "the red car") > near("the red house", "a small dog"));
        assert_eq!(vector("").len(), DIMENSIONS);
        assert!((near("", "") - 1.0).abs() < 1e-6);
    }
}
