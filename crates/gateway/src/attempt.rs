//! One call of an upstream for a client's request.
//!
//! In: the request and the upstream. Out: the answer handed on, or why not. Before it starts, its
//! worst case is reserved in the budgets and the upstream's lane gives leave; both get back what it
//! came to, whatever happens.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use tokio::time::Instant;
use trilemma_domain::{
    ChatResponse, Dialect, Failure, FailureKind, FaultSource, Reply, Retry, Usage,
};
use trilemma_provider::{Attempted, Call, EncodedRequest, Lane, Leave, Relay};
use trilemma_wire::client::{decode_embeddings, decode_response};

use crate::answer::{self, Kind};
use crate::ask::{Manner, Service};
use crate::bound;
use crate::cut::Cutter;
use crate::heard::Heard;
use crate::hosted;
use crate::job::Job;
use crate::live::{Live, Writer};
use crate::logprobs;
use crate::outlet::Head;
use crate::prepare::{Prepared, Way, prepare};
use crate::record::Ticket;
use crate::refusal::Refusal;
use crate::reserve::reserve;
use crate::translate::{self, Translator};
use crate::upstream::{Named, Upstream};
use crate::words::told_lost;

/// How an attempt went.
pub(crate) enum Went {
    /// The client has the whole answer.
    Answered,
    /// The client has a part of the answer and its dialect's error.
    Broken(Failure),
    /// There will be no answer from anybody.
    Refused(Refusal),
    /// There is none from this upstream; the refusal says so to the client.
    Failed(Failure, Refusal),
}

impl Went {
    pub(crate) fn failed(failure: Failure) -> Self {
        let refusal = Refusal::of_failure(&failure);
        Self::Failed(failure, refusal)
    }
}

/// A call that can start: its request is ready and its worst case reserved.
pub(crate) struct Ready {
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) request: EncodedRequest,
    pub(crate) way: Way,
    /// What of the client's request the upstream is not told.
    pub(crate) lost: Vec<String>,
    pub(crate) n_tokens: u64,
    pub(crate) ticket: Ticket,
    /// What comes of it.
    pub(crate) heard: Arc<Heard>,
}

/// Prepares a call and reserves its worst case.
pub(crate) async fn ready(job: &mut Job, named: &Named, manner: Manner) -> Result<Ready, Refusal> {
    let prepared = prepare(&job.ask, named, manner)?;
    let service = job.ask.service;
    reserved(job, named, (service, prepared)).await
}

/// Reserves the worst case of a call that is prepared.
pub(crate) async fn reserved(
    job: &mut Job,
    named: &Named,
    (service, prepared): (Service, Prepared),
) -> Result<Ready, Refusal> {
    let upstream = Arc::clone(&named.upstream);
    let Prepared { request, way, lost } = prepared;
    let lost = told_lost(lost);
    job.record.evidence.lost.clone_from(&lost);
    if request.dialect() != upstream.dialect() && service == Service::Chat {
        // Other words than those that it was measured in.
        job.record.unmeasured("dialect");
    }
    let is_limited = job.gateway.purse.limits(&job.ask.client);
    let worst = match worst_usage(service, &upstream, &request) {
        Ok(worst) => Some(worst),
        Err(reason) if is_limited => {
            return Err(Refusal::bad_request(format!(
                "no budget covers it: {reason}"
            )));
        }
        Err(_) => None,
    };
    let hold = if is_limited {
        Some(reserve(job, named, worst.as_ref()).await?)
    } else {
        None
    };
    // Tokens of text, about: for limits of tokens per minute, which true usage corrects.
    let n_tokens =
        request.body().len() as u64 / 4 + worst.map_or(1_024, |worst| worst.output.min(1_024));
    let (ticket, heard) = job.record.begin(&upstream, hold, worst);
    Ok(Ready {
        n_tokens,
        ticket,
        heard,
        upstream,
        request,
        way,
        lost,
    })
}

/// Most that a request can use, as its upstream gets it.
///
/// # Errors
/// What of it nothing bounds.
pub(crate) fn worst_usage(
    service: Service,
    upstream: &Upstream,
    request: &EncodedRequest,
) -> Result<Usage, String> {
    let (dialect, body) = (request.dialect(), request.body());
    let n_searches = hosted::most_searches(dialect, body)?;
    let size = bound::size(service, dialect, body)?;
    Ok(upstream.worst_usage(&size, n_searches))
}

/// Waits for leave to call.
pub(crate) async fn enter<'a>(
    job: &Job,
    ready: &Ready,
    lane: &'a Lane,
) -> Result<Leave<'a>, Failure> {
    let settings = &job.gateway.settings;
    let patience = job.deadline.min(Instant::now() + settings.queue_timeout);
    lane.enter(ready.n_tokens, &job.gateway.cancel, patience)
        .await
        .map_err(no_leave)
}

/// Calls one upstream and hands its answer on as it comes.
pub(crate) async fn attempt(job: &mut Job, named: &Named) -> Went {
    let ready = match ready(job, named, Manner::Given).await {
        Ok(ready) => ready,
        Err(refusal) => {
            job.record.meant(&named.upstream);
            return Went::Refused(refusal);
        }
    };
    let upstream = Arc::clone(&ready.upstream);
    let lane = Arc::clone(&upstream.parts.lane);
    let leave = match enter(job, &ready, &lane).await {
        Ok(leave) => leave,
        Err(failure) => {
            job.record.release(ready.ticket);
            return Went::failed(failure);
        }
    };
    let Ready {
        request,
        way,
        ticket,
        heard,
        ..
    } = ready;
    let place = Place { leave, ticket };
    let settings = &job.gateway.settings;
    let (client, patience) = if job.ask.peek.stream {
        (&upstream.parts.streamed, settings.first_token_timeout)
    } else {
        (&upstream.parts.whole, settings.answer_timeout)
    };
    let patience = job.wait_until(patience);
    let secret = upstream
        .parts
        .secret
        .as_ref()
        .map(trilemma_provider::Secret::now);
    let call = Call {
        request: &request,
        secret: secret.as_ref(),
        number: u32::try_from(job.record.n_calls()).unwrap_or(u32::MAX),
        queued: job.ask.began.elapsed(),
        deadline: Some(patience),
    };
    heard.sent();
    let mut relay = match client.open(&call).await {
        Ok(relay) => relay,
        Err(attempted) => return over(job, place, *attempted, None),
    };
    if !(200..300).contains(&relay.status()) {
        let (failure, body) = relay.refusal().await;
        let went = over(job, place, relay.finish(None, Some(failure)), None);
        return with_vendors_words(went, job.ask.dialect, request.dialect(), body);
    }
    let back = Back {
        dialect: request.dialect(),
        way,
    };
    if relay.is_events() && job.ask.peek.stream {
        relay.last_until(job.deadline);
        // Apart, so that whole answers do not hold what streams need.
        Box::pin(stream(job, place, relay, (back, heard), patience)).await
    } else {
        whole(job, place, relay, back).await
    }
}

/// A call's place in the lane and in the record.
struct Place<'a> {
    leave: Leave<'a>,
    ticket: Ticket,
}

/// How the answer comes back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Back {
    /// The dialect of the upstream.
    pub(crate) dialect: Dialect,
    pub(crate) way: Way,
}

/// A whole answer that the client does not have yet.
pub(crate) struct Kept {
    pub(crate) candidate: String,
    pub(crate) reply: Reply,
    /// The body as it came, without our key.
    pub(crate) body: Bytes,
    pub(crate) back: Back,
    /// What of the client's request the upstream was not told.
    pub(crate) lost: Vec<String>,
    /// Whether the record has it as its answer already.
    pub(crate) is_recorded: bool,
}

/// Reads an answer in one piece and hands it on.
async fn whole(job: &mut Job, place: Place<'_>, mut relay: Relay, back: Back) -> Went {
    let body = match relay.whole().await {
        Ok(body) => body,
        Err(failure) => return over(job, place, relay.finish(None, Some(failure)), None),
    };
    let body = relay.without_key(&body).unwrap_or(body);
    let decoded = match job.ask.service {
        Service::Chat => decode_response(back.dialect, &body),
        Service::Embeddings => decode_embeddings(&body),
    };
    let response = match decoded {
        Ok(response) => response,
        Err(failure) => return over(job, place, relay.finish(None, Some(failure)), None),
    };
    let attempted = relay.finish(response.usage, None);
    let kept = Kept {
        candidate: job.record.candidate().to_owned(),
        reply: Reply {
            request_id: attempted.attempt.request_id.clone(),
            response,
            simulated: false,
        },
        body,
        back,
        lost: std::mem::take(&mut job.record.evidence.lost),
        is_recorded: true,
    };
    let _went = over(job, place, attempted, Some(&kept.reply.response));
    job.give(kept);
    Went::Answered
}

impl Job {
    /// Gives the client an answer that is there as a whole.
    pub(crate) fn give(&mut self, kept: Kept) {
        let Kept {
            candidate,
            reply,
            body,
            back,
            lost,
            is_recorded,
        } = kept;
        self.record.evidence.lost = lost;
        let id = self.record.id().to_string();
        let created = self.ask.at_us.div_euclid(1_000_000);
        let dialect = self.ask.dialect;
        let response = &reply.response;
        let (kind, bytes) = if self.ask.peek.stream {
            let include_usage = self.ask.dialect != Dialect::OpenAi || self.ask.peek.include_usage;
            let mut translator = Translator::new(dialect, id, created, include_usage);
            (Kind::Events, translator.of_whole(response))
        } else {
            let bytes = match back.way {
                Way::Same {
                    without_logprobs, ..
                } if without_logprobs => logprobs::without(body),
                Way::Same { .. } => body,
                Way::Across {
                    without_logprobs, ..
                } if without_logprobs => {
                    let bare = ChatResponse {
                        first_tokens: Vec::new(),
                        ..response.clone()
                    };
                    translate::whole(dialect, &bare, &id, created)
                }
                Way::Across { .. } => translate::whole(dialect, response, &id, created),
            };
            (Kind::Json, bytes)
        };
        let vendor_id = reply.request_id.as_deref().map(|id| (back.dialect, id));
        if !is_recorded {
            self.record.answered_by(&candidate, response);
        }
        self.record.shown();
        let headers = answer::headers(kind, &self.record, (dialect, &candidate), vendor_id);
        self.outlet.head(Head {
            status: StatusCode::OK,
            headers,
            whole: Some(bytes),
        });
    }
}

/// Hands a stream on while it comes.
async fn stream(
    job: &mut Job,
    place: Place<'_>,
    relay: Relay,
    (back, heard): (Back, Arc<Heard>),
    patience: Instant,
) -> Went {
    let dialect = job.ask.dialect;
    let writer = match back.way {
        Way::Same { without_usage, .. } => Writer::Same {
            cutter: Cutter::default(),
            dialect,
            without_usage,
        },
        Way::Across { include_usage, .. } => Writer::Across(Box::new(Translator::new(
            dialect,
            job.record.id().to_string(),
            job.ask.at_us.div_euclid(1_000_000),
            include_usage,
        ))),
    };
    let vendor_id = relay.request_id().map(str::to_owned);
    let mut live = Live::new(relay, back.dialect, writer, heard);
    let settings = &job.gateway.settings;
    let patience = patience.min(Instant::now() + settings.first_token_timeout);
    let idle = settings.idle_timeout;
    let first = match live.first(patience).await {
        Ok(first) => first,
        Err(failure) => {
            let ended = live.end(Some(failure));
            return over(job, place, ended.attempted, Some(&ended.response));
        }
    };
    let mut result = Ok(());
    let mut has_begun = false;
    if let Some(first) = first {
        begin(job, back.dialect, vendor_id.as_deref());
        has_begun = true;
        live.begun(idle);
        job.outlet.send(first).await;
        // What is there already of the rest must not keep the first token waiting: it goes out now.
        tokio::task::yield_now().await;
        result = loop {
            match live.next().await {
                Ok(Some(bytes)) => job.outlet.send(bytes).await,
                Ok(None) => break Ok(()),
                Err(failure) => break Err(failure),
            }
        };
    }
    let ended = live.end(result.err());
    match ended.last {
        Ok(last) => {
            if !has_begun {
                begin(job, back.dialect, vendor_id.as_deref());
            }
            let _went = over(job, place, ended.attempted, Some(&ended.response));
            job.outlet.send(last).await;
            Went::Answered
        }
        Err(_) if !has_begun => over(job, place, ended.attempted, Some(&ended.response)),
        Err(failure) => {
            let _went = over(job, place, ended.attempted, Some(&ended.response));
            let id = job.record.id().to_string();
            let event = Refusal::of_failure(&failure).event(dialect, &id);
            job.outlet.send(event).await;
            // The event leaves the house before the connection is broken off.
            tokio::task::yield_now().await;
            Went::Broken(failure)
        }
    }
}

fn begin(job: &mut Job, upstream: Dialect, vendor_id: Option<&str>) {
    job.record.shown();
    let candidate = job.record.candidate().to_owned();
    let vendor_id = vendor_id.map(|id| (upstream, id));
    job.outlet.head(Head {
        status: StatusCode::OK,
        headers: answer::headers(
            Kind::Events,
            &job.record,
            (job.ask.dialect, &candidate),
            vendor_id,
        ),
        whole: None,
    });
}

/// The attempt is over: the lane and the record learn how it went.
fn over(
    job: &mut Job,
    place: Place<'_>,
    mut attempted: Attempted,
    response: Option<&ChatResponse>,
) -> Went {
    job.name_impatience(&mut attempted);
    place.leave.settle(&attempted, &job.lanes);
    job.record.settle(place.ticket, &attempted, response);
    match attempted.attempt.failure {
        Some(failure) => Went::failed(failure),
        None => Went::Answered,
    }
}

/// A vendor's own error says more to a client that speaks its dialect than our words.
fn with_vendors_words(went: Went, client: Dialect, upstream: Dialect, body: Bytes) -> Went {
    let Went::Failed(failure, mut refusal) = went else {
        return went;
    };
    let is_the_requests = matches!(failure.kind, FailureKind::BadRequest);
    let is_json = body.trim_ascii_start().first() == Some(&b'{');
    let is_understood = client == upstream || (is_openais(client) && is_openais(upstream));
    if is_the_requests && is_json && is_understood {
        refusal.body = Some(body);
    }
    Went::Failed(failure, refusal)
}

/// Whether errors come in OpenAI's form.
fn is_openais(dialect: Dialect) -> bool {
    match dialect {
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => true,
        Dialect::Anthropic | Dialect::Gemini => false,
    }
}

/// No leave in time is a limit of rate or concurrency, not a lost call.
fn no_leave(failure: Failure) -> Failure {
    if failure.kind != FailureKind::Deadline {
        return failure;
    }
    Failure::new(
        FailureKind::RateLimited,
        FaultSource::Us,
        Retry::Backoff,
        "the upstream takes no more calls for now",
    )
}
