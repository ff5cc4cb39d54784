//! The answer to a call whose request is understood.
//!
//! In: an answer and the fault that strikes it. Out: a whole response or a stream, when it is due.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use tokio::time::{Instant, sleep_until};
use trilemma_domain::{Dialect, Fingerprint, Usage, UsageSource};
use trilemma_wire::server::{
    ErrorReply, Framing, RateState, Route, StreamEncoder, StreamHead, USAGE_ESTIMATED,
    USAGE_HEADER, encode_error, encode_response, rate_headers,
};

use super::answer::Answer;
use super::body::{CallBody, Cut};
use super::context::Call;
use super::errors::{after_200, status_error};
use super::head::{Answered, JSON, push, push_retry_after, respond, response};
use super::plan::{Pace, Plan, StreamPlan};
use crate::log::{CallOutcome, CallRecord};
use crate::model::Current;
use crate::sample::Draws;
use crate::scenario::{FaultKind, FaultRule, Spread};

/// How long a stall lasts where the scenario does not say.
const DEFAULT_STALL: Duration = Duration::from_secs(600);
const PURPOSE_PACE: u64 = u64::from_le_bytes(*b"callpace");

/// A call whose request is understood.
pub(super) struct Known<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) route: &'a Route,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    pub(super) current: Current<'a>,
    pub(super) prompt: Fingerprint,
    pub(super) nth: u32,
    pub(super) usage: Option<Usage>,
    pub(super) state: RateState,
}

impl Known<'_> {
    /// Answers it, or lets the fault strike.
    pub(super) async fn respond(
        self,
        mut record: CallRecord,
        answer: Answer,
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

    /// Turns it away.
    pub(super) fn reject(&self, mut record: CallRecord, error: &ErrorReply) -> Answered {
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
            Dialect::Responses => "resp_",
        };
        format!("{prefix}sim{:016x}", self.call.seq)
    }
}

async fn sleep_until_due(due: Instant) {
    if due > Instant::now() {
        sleep_until(due).await;
    }
}
