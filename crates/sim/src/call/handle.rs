//! One request, answered.
//!
//! In: a request and the shared state of the simulator. Out: a response whose body keeps the
//! scenario's deadlines, or a cut connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, SERVER};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use tokio::time::{Instant, sleep_until};
use trilemma_domain::{Dialect, Fingerprint, Usage, UsageSource};
use trilemma_wire::server::{
    Endpoint, ErrorKind, ErrorReply, Framing, Peek, RateState, Route, StreamEncoder, StreamHead,
    USAGE_ESTIMATED, USAGE_HEADER, encode_error, encode_models, encode_response, peek_request,
    rate_headers, request_id_header, retry_after_headers, route,
};

use super::answer::{self, Answer, Prompt};
use super::body::{CallBody, Cut};
use super::model::{Current, ModelState};
use super::plan::{Pace, Plan, StreamPlan, after_200};
use crate::log::{CallOutcome, CallRecord, Ended, RejectReason};
use crate::replay::prompt_fingerprint;
use crate::sample::Draws;
use crate::scenario::{FaultKind, FaultRule, Spread};
use crate::sim::Shared;
use crate::tap::Tap;

/// Largest request body that is read.
const MAX_BODY_BYTES: usize = 256 << 20;
const DEFAULT_STALL: Duration = Duration::from_secs(600);
const PURPOSE_PACE: u64 = u64::from_le_bytes(*b"callpace");

type Answered = Result<Response<CallBody>, Cut>;

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
    call.answer(&route, &parts.headers, &body.to_bytes()).await
}

/// One chat call.
struct Call<'a> {
    shared: &'a Shared,
    tap: &'a Tap,
    arrived: Instant,
    seq: u64,
}

/// A call whose request is understood.
struct Known<'a> {
    call: &'a Call<'a>,
    route: &'a Route,
    stream: bool,
    include_usage: bool,
    current: Current<'a>,
    prompt: Fingerprint,
    nth: u32,
    usage: Option<Usage>,
    state: RateState,
}

impl Call<'_> {
    async fn answer(&self, route: &Route, headers: &HeaderMap, body: &[u8]) -> Answered {
        let dialect = route.dialect;
        let mut record = self.record(dialect);
        let peek = match peek_request(dialect, body) {
            Ok(peek) => peek,
            Err(error) => {
                record.outcome = CallOutcome::Rejected(RejectReason::BadRequest);
                return self.reject(record, &unreadable(&error.to_string()));
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
        if !self.shared.lets_in(dialect, headers) {
            record.outcome = CallOutcome::Rejected(RejectReason::Auth);
            return self.reject(record, &bad_key());
        }
        let Some(model) = self.shared.model(name) else {
            record.outcome = CallOutcome::Rejected(RejectReason::UnknownModel);
            return self.reject(record, &no_model(name));
        };
        let nth = model.arrive(&prompt);
        let item = self.shared.item(&prompt, text);
        record.model = Arc::clone(&model.name);
        record.nth = nth.saturating_add(1);
        record.item = item.map(|(_, id)| id.clone());

        let current = model.current();
        let rule = self.shared.fault(&model);
        let n = match rule {
            Some(_) => model.n_answered(&prompt),
            None => model.answer(&prompt),
        };
        let asked = Prompt {
            text,
            item,
            max_output_tokens: peek.max_output_tokens,
        };
        let Some(answer) = answer::find(&current, &model.name, &self.shared.replay, asked, n)
        else {
            record.outcome = CallOutcome::Rejected(RejectReason::UnknownPrompt);
            return self.reject(record, &no_answer(&model, item.is_some()));
        };
        let usage = answer.usage(
            current.behaviour.usage.as_ref(),
            self.n_input_tokens(&peek, &prompt),
        );
        let (leave, state) = self.limit(&model, &answer, usage);
        let known = Known {
            call: self,
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
            return known.reject(record, &too_many(Some(wait)));
        }
        known.respond(record, answer, rule).await
    }

    fn record(&self, dialect: Dialect) -> CallRecord {
        CallRecord {
            seq: self.seq,
            dialect,
            model: Arc::from(""),
            stream: false,
            item: None,
            prompt: Fingerprint::from_bytes([0; 32]),
            nth: 1,
            outcome: CallOutcome::Answered,
            status: None,
            arrived: self.arrived,
            head: None,
            chunks: Vec::new(),
            n_chunks: 0,
            ended_at: self.arrived,
            ended: Ended::Dropped,
        }
    }

    fn n_input_tokens(&self, peek: &Peek<'_>, prompt: &Fingerprint) -> u64 {
        let last = peek.last_user_text();
        peek.texts
            .iter()
            .map(|(_, text)| {
                let is_prompt = std::ptr::eq(text.as_ref(), last);
                let fingerprint = if is_prompt {
                    *prompt
                } else {
                    Fingerprint::of(text.as_bytes())
                };
                self.shared.tokens.count(&fingerprint, text)
            })
            .sum()
    }

    fn limit(
        &self,
        model: &ModelState,
        answer: &Answer,
        usage: Option<Usage>,
    ) -> (Result<(), Duration>, RateState) {
        let Some(limiter) = &model.limiter else {
            return (Ok(()), RateState::default());
        };
        let n_tokens = usage.map_or_else(
            || answer.n_tokens(),
            |usage| usage.input_total().saturating_add(usage.output),
        );
        limiter.take(n_tokens, self.arrived)
    }

    fn reject(&self, mut record: CallRecord, error: &ErrorReply) -> Answered {
        record.status = Some(error.status);
        let dialect = record.dialect;
        self.tap.begin(record);
        let mut headers = HeaderMap::new();
        self.push_request_id(dialect, &mut headers);
        push_retry_after(dialect, error, &mut headers);
        let body = encode_error(dialect, error);
        respond(self.tap, error.status, headers, body.into())
    }

    fn push_request_id(&self, dialect: Dialect, headers: &mut HeaderMap) {
        push(
            headers,
            request_id_header(dialect),
            &format!("req_sim{:016x}", self.seq),
        );
    }
}

impl Known<'_> {
    async fn respond(
        self,
        mut record: CallRecord,
        mut answer: Answer,
        rule: Option<&FaultRule>,
    ) -> Answered {
        let fault = rule.map(|rule| rule.kind);
        if let Some(kind) = fault {
            record.outcome = CallOutcome::Fault(kind);
        }
        let stall = rule
            .and_then(|rule| rule.stall_s)
            .and_then(|s| Duration::try_from_secs_f64(s).ok())
            .unwrap_or(DEFAULT_STALL);
        let cut_at = self.call.arrived + stall;
        if let Some(error) = rule.and_then(status_error) {
            return self.reject(record, &error);
        }
        match fault {
            Some(FaultKind::CutBeforeHead) => return self.cut(record).await,
            Some(FaultKind::StallBeforeHead) => {
                self.call.tap.begin(record);
                sleep_until(cut_at).await;
                self.call.tap.cut();
                return Err(Cut);
            }
            Some(FaultKind::Refusal) => answer.refuse(),
            Some(FaultKind::ContentFilter) => answer.filter(),
            Some(FaultKind::Length) => answer.cut_half(),
            _ => {}
        }
        record.status = Some(200);
        self.call.tap.begin(record);
        if self.stream {
            self.stream(answer, fault, cut_at).await
        } else {
            self.whole(answer, fault, cut_at).await
        }
    }

    async fn cut(&self, record: CallRecord) -> Answered {
        self.call.tap.begin(record);
        sleep_until(self.call.arrived + self.pace().first_token).await;
        self.call.tap.cut();
        Err(Cut)
    }

    fn pace(&self) -> Pace {
        let behaviour = self.current.behaviour;
        let factor = self.current.delay_factor;
        let purpose = PURPOSE_PACE ^ self.prompt.leading_u64();
        let mut draws = Draws::new(self.current.seed, purpose, u64::from(self.nth));
        let first_token = draws.delay(Current::spread(behaviour.first_token_ms), factor);
        Pace {
            draws,
            first_token,
            gap: Current::spread(behaviour.gap_ms),
            tokens_per_chunk: behaviour.tokens_per_chunk.unwrap_or(Spread::Fixed(1.0)),
            factor,
        }
    }

    async fn stream(&self, answer: Answer, fault: Option<FaultKind>, cut_at: Instant) -> Answered {
        let mut pace = self.pace();
        let head = pace
            .draws
            .delay(Current::spread(self.current.behaviour.head_ms), pace.factor);
        let dialect = self.route.dialect;
        let framing = if self.route.json_array {
            Framing::JsonArray
        } else {
            Framing::Events
        };
        let head_words = StreamHead {
            response_id: self.response_id(),
            model: self.current.served_model.to_owned(),
            system_fingerprint: self.current.system_fingerprint.map(str::to_owned),
            created_unix_s: self.call.shared.started_unix_s,
            include_usage: self.include_usage && self.usage.is_some(),
        };
        let encoder = StreamEncoder::new(dialect, head_words, framing);
        let mut headers = self.headers();
        push(&mut headers, CONTENT_TYPE.as_str(), encoder.content_type());
        push(&mut headers, "cache-control", "no-cache");
        let plan = StreamPlan::new(
            encoder,
            answer,
            self.usage,
            (self.call.arrived, head),
            (pace, fault.map(|fault| (fault, cut_at))),
        );
        sleep_until_due(self.call.arrived + head).await;
        let body = CallBody::chunked(self.call.tap.clone(), Plan::Stream(Box::new(plan)));
        Ok(response(200, headers, body))
    }

    async fn whole(
        &self,
        mut answer: Answer,
        fault: Option<FaultKind>,
        cut_at: Instant,
    ) -> Answered {
        let due = self.call.arrived + self.pace().whole(answer.n_tokens());
        let reply = &mut answer.response;
        reply.response_id = Some(self.response_id());
        reply.served_model = Some(self.current.served_model.to_owned());
        reply.system_fingerprint = self.current.system_fingerprint.map(str::to_owned);
        reply.usage = self.usage;
        if fault == Some(FaultKind::NoTerminal) {
            reply.finish = None;
        }
        let dialect = self.route.dialect;
        let created = self.call.shared.started_unix_s;
        let mut body: Bytes = match fault {
            Some(FaultKind::ErrorAfter200) => encode_error(dialect, &after_200()).into(),
            Some(FaultKind::MalformedStream) => {
                Bytes::from_static(b"<html><body>502 Bad Gateway</body></html>\n")
            }
            _ => encode_response(dialect, reply, created).into(),
        };
        if fault == Some(FaultKind::MalformedJson) {
            body.truncate(body.len() / 2);
        }
        let plan = match fault {
            Some(FaultKind::CutMidBody) => Plan::half_body(&body, due, due),
            Some(FaultKind::StallMidBody) => Plan::half_body(&body, due, cut_at.max(due)),
            _ => Plan::body(body.clone(), due),
        };
        let mut headers = self.headers();
        headers.insert(CONTENT_TYPE, JSON);
        sleep_until_due(due).await;
        let tap = self.call.tap.clone();
        Ok(response(
            200,
            headers,
            CallBody::whole(tap, plan, body.len()),
        ))
    }

    fn reject(&self, mut record: CallRecord, error: &ErrorReply) -> Answered {
        record.status = Some(error.status);
        self.call.tap.begin(record);
        let dialect = self.route.dialect;
        let mut headers = self.headers();
        push_retry_after(dialect, error, &mut headers);
        let body = encode_error(dialect, error);
        respond(self.call.tap, error.status, headers, body.into())
    }

    fn headers(&self) -> HeaderMap {
        let dialect = self.route.dialect;
        let mut headers = HeaderMap::with_capacity(12);
        self.call.push_request_id(dialect, &mut headers);
        if self.usage.map(|usage| usage.source) == Some(UsageSource::Estimated) {
            headers.insert(
                HeaderName::from_static(USAGE_HEADER),
                HeaderValue::from_static(USAGE_ESTIMATED),
            );
        }
        if self.state != RateState::default() {
            let now = self.call.shared.unix_s_at(self.call.arrived);
            for (name, value) in rate_headers(dialect, &self.state, now) {
                push(&mut headers, name, &value);
            }
        }
        headers
    }

    fn response_id(&self) -> String {
        let prefix = match self.route.dialect {
            Dialect::OpenAi | Dialect::Azure => "chatcmpl-",
            Dialect::Anthropic => "msg_",
            Dialect::Gemini => "",
        };
        format!("{prefix}sim{:016x}", self.call.seq)
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

async fn sleep_until_due(due: Instant) {
    if due > Instant::now() {
        sleep_until(due).await;
    }
}

fn push(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn push_retry_after(dialect: Dialect, error: &ErrorReply, headers: &mut HeaderMap) {
    if let Some(wait) = error.retry_after {
        for (name, value) in retry_after_headers(dialect, wait) {
            push(headers, name, &value);
        }
    }
}

fn response(status: u16, mut headers: HeaderMap, body: CallBody) -> Response<CallBody> {
    headers.insert(SERVER, HeaderValue::from_static("trilemma-sim"));
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

fn respond(tap: &Tap, status: u16, mut headers: HeaderMap, body: Bytes) -> Answered {
    headers.insert(CONTENT_TYPE, JSON);
    let n_bytes = body.len();
    let plan = Plan::body(body, Instant::now());
    Ok(response(
        status,
        headers,
        CallBody::whole(tap.clone(), plan, n_bytes),
    ))
}

fn plain_error(tap: &Tap, dialect: Dialect, error: &ErrorReply) -> Answered {
    let body = encode_error(dialect, error);
    respond(tap, error.status, HeaderMap::new(), body.into())
}

fn status_error(rule: &FaultRule) -> Option<ErrorReply> {
    let (status, kind, message) = match rule.kind {
        FaultKind::RateLimited => (429, ErrorKind::RateLimited, "simulated: rate limit reached"),
        FaultKind::ServerError => (500, ErrorKind::Server, "simulated: internal error"),
        FaultKind::Unavailable => (503, ErrorKind::Overloaded, "simulated: unavailable"),
        FaultKind::Overloaded => (529, ErrorKind::Overloaded, "simulated: overloaded"),
        FaultKind::CutBeforeHead
        | FaultKind::CutMidBody
        | FaultKind::StallBeforeHead
        | FaultKind::StallMidBody
        | FaultKind::MalformedJson
        | FaultKind::MalformedStream
        | FaultKind::ErrorAfter200
        | FaultKind::NoTerminal
        | FaultKind::Refusal
        | FaultKind::ContentFilter
        | FaultKind::Length => return None,
    };
    Some(ErrorReply {
        status,
        kind,
        message: message.to_owned(),
        retry_after: rule
            .retry_after_s
            .and_then(|s| Duration::try_from_secs_f64(s).ok()),
    })
}

fn error(status: u16, kind: ErrorKind, message: String) -> ErrorReply {
    ErrorReply {
        status,
        kind,
        message,
        retry_after: None,
    }
}

fn too_many(wait: Option<Duration>) -> ErrorReply {
    ErrorReply {
        retry_after: wait,
        ..error(
            429,
            ErrorKind::RateLimited,
            "simulated: requests or tokens per minute are used up".to_owned(),
        )
    }
}

fn no_route(path: &str) -> ErrorReply {
    let path: String = path.chars().take(200).collect();
    let message = format!("simulated: no such path or method: {path}");
    error(404, ErrorKind::NotFound, message)
}

fn unreadable(problem: &str) -> ErrorReply {
    let message = format!("simulated: the request cannot be read: {problem}");
    error(400, ErrorKind::BadRequest, message)
}

fn bad_key() -> ErrorReply {
    let message = "simulated: missing or wrong key".to_owned();
    error(401, ErrorKind::Auth, message)
}

fn no_model(name: &str) -> ErrorReply {
    let name: String = name.chars().take(200).collect();
    let message = format!("simulated: the scenario has no model `{name}`");
    error(404, ErrorKind::NotFound, message)
}

fn no_answer(model: &ModelState, is_joined: bool) -> ErrorReply {
    let message = if is_joined {
        format!(
            "simulated: `{}` has no answer to this item of the golden set",
            model.name
        )
    } else {
        "simulated: the last user message is no input of the golden set and fits no rule; hint: \
         `join = \"contains\"` where a prompt template wraps the input"
            .to_owned()
    };
    error(404, ErrorKind::NotFound, message)
}
