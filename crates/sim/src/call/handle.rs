//! One request, answered.
//!
//! In: a request and the shared state of the simulator. Out: a response whose body keeps the
//! scenario's deadlines, or a cut connection.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Limited};
use tokio::time::Instant;
use trilemma_domain::{Dialect, Fingerprint};
use trilemma_wire::server::{Endpoint, Peek, Route, encode_models, peek_request, route};

use super::answer::{self, Answer, Prompt};
use super::context::Call;
use super::embed::embed;
use super::errors::{bad_key, no_answer, no_model, no_route, too_many, unreadable};
use super::head::{Answered, plain_error, respond};
use super::logprobs::Asked;
use super::reply::Known;
use crate::log::{CallOutcome, RejectReason};
use crate::model::Current;
use crate::replay::prompt_fingerprint;
use crate::scenario::FaultRule;
use crate::shared::Shared;
use crate::tap::Tap;

/// Largest request body that is read.
const MAX_BODY_BYTES: usize = 256 << 20;

/// Most tokens that are listed beside the one taken, as at OpenAI.
const MOST_LIKELY: u32 = 20;

/// Answers one request.
pub(crate) async fn handle<B>(shared: Arc<Shared>, tap: Tap, request: Request<B>) -> Answered
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let Some(route) = route(parts.method.as_str(), path) else {
        return plain_error(&tap, Dialect::OpenAi, &no_route(path));
    };
    if route.endpoint == Endpoint::Models {
        let body = encode_models(&shared.model_names());
        return respond(&tap, 200, HeaderMap::new(), body.into());
    }
    let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        return plain_error(&tap, route.dialect, &unreadable("too large or incomplete"));
    };
    let arrived = tap.last_read().unwrap_or_else(Instant::now);
    let call = Call {
        shared: &shared,
        tap: &tap,
        arrived,
        seq: shared.next_seq(),
    };
    let body = body.to_bytes();
    match route.endpoint {
        Endpoint::Embeddings => embed(&call, &route, &parts.headers, &body).await,
        Endpoint::Chat | Endpoint::Models => answer(&call, &route, &parts.headers, &body).await,
    }
}

/// Answers one chat call.
async fn answer(call: &Call<'_>, route: &Route, headers: &HeaderMap, body: &[u8]) -> Answered {
    let dialect = route.dialect;
    let mut record = call.record(dialect);
    let peek = match peek_request(dialect, body) {
        Ok(peek) => peek,
        Err(error) => {
            record.outcome = CallOutcome::Rejected(RejectReason::BadRequest);
            return call.reject(record, &unreadable(&error.to_string()));
        }
    };
    let stream = route.stream.unwrap_or(peek.stream);
    let name = route.model.as_deref().or(peek.model.as_deref());
    let name = name.unwrap_or_default();
    let text = peek.last_user_text();
    let prompt = prompt_fingerprint(text);
    record.stream = stream;
    record.model = Arc::from(name);
    record.prompt = prompt;
    if !call.shared.lets_in(dialect, headers) {
        record.outcome = CallOutcome::Rejected(RejectReason::Auth);
        return call.reject(record, &bad_key());
    }
    let Some(model) = call.shared.model(name) else {
        record.outcome = CallOutcome::Rejected(RejectReason::UnknownModel);
        return call.reject(record, &no_model(name));
    };
    let nth = model.arrive(&prompt);
    let item = call.shared.item(&prompt, text);
    record.model = Arc::clone(&model.name);
    record.nth = nth.saturating_add(1);
    record.item = item.map(|(_, id)| id.clone());

    let current = model.current();
    let rule = call.shared.fault(&model);
    let n = model.n_answered(&prompt);
    let asked = Prompt {
        text,
        item,
        max_output_tokens: peek.max_output_tokens,
    };
    let find = |n| answer::find(&current, &model.name, &call.shared.replay, asked, n);
    let Some(mut answer) = find(n) else {
        record.outcome = CallOutcome::Rejected(RejectReason::UnknownPrompt);
        return call.reject(record, &no_answer(&model, item.is_some()));
    };
    let n_input = call.n_input_tokens(&peek, &prompt);
    let usage_of = |answer: &Answer| answer.usage(current.behaviour.usage.as_ref(), n_input);
    let (leave, state) = call.limit(&model, &answer, usage_of(&answer));
    if leave.is_ok() && rule.is_none() {
        // Only a call that is answered uses an answer up; another may have done so meanwhile.
        let reserved = model.answer(&prompt);
        if reserved != n {
            answer = find(reserved).unwrap_or(answer);
        }
    }
    let scripted = answer.fault.map(|kind| FaultRule::every(kind, 1));
    let rule = rule.or(scripted.as_ref());
    answer.strike(rule.map(|rule| rule.kind));
    // Counted is what is told.
    let usage = usage_of(&answer);
    let asked = likely(&current, &peek, (&prompt, nth));
    if let Some(asked) = asked {
        answer.add_logprobs(asked);
    }
    let known = Known {
        call,
        route,
        stream,
        include_usage: peek.include_usage,
        current,
        prompt,
        nth,
        usage,
        state,
    };
    if let Err(wait) = leave {
        record.outcome = CallOutcome::Rejected(RejectReason::RateLimit);
        return known.reject(record, &too_many(wait));
    }
    known.respond(record, answer, rule).await
}

/// Which log-probabilities are asked for; `None` = none, or the model gives none.
fn likely(
    current: &Current<'_>,
    peek: &Peek<'_>,
    (prompt, nth): (&Fingerprint, u32),
) -> Option<Asked> {
    let n_likely = peek.logprobs?;
    Some(Asked {
        rule: current.logprobs?,
        seed: current.seed ^ prompt.leading_u64(),
        nth,
        n_likely: n_likely.min(MOST_LIKELY),
    })
}
