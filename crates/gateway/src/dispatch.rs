//! From a method and a path to what is done about it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use trilemma_domain::{Dialect, FailureKind};
use trilemma_store::ledger::{Feedback as Word, RequestId};
use trilemma_wire::server::{ErrorKind, encode_model, encode_models, percent_decode};

use crate::arrival::Spoken;
use crate::gateway::Gateway;
use crate::outlet::{self, Outlet, Reply};
use crate::peek::is_object;
use crate::refusal::Refusal;
use crate::unrecorded::{ELSEWHERE, respond};
use crate::{arrival, chat, decide, listed};

/// A client may be quicker to speak than its request is to end: its word waits so long, and so long once more.
const FEEDBACK_PAUSES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(100)];
/// Asks only for the decision.
const DRY_RUN: &str = "x-trilemma-dry-run";

/// Answers one request of a client.
pub(crate) async fn handle(
    gateway: Arc<Gateway>,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Infallible> {
    let (dialect, is_get) = (dialect_of(&request), request.method() == Method::GET);
    let path = request.uri().path().trim_end_matches('/');
    // A client may have been given the address with or without the version.
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let is_post = request.method() == Method::POST;
    let spoken = match path {
        "/chat/completions" if is_post => Spoken::Chat(Dialect::OpenAi),
        "/responses" if is_post => Spoken::Chat(Dialect::Responses),
        "/messages" if is_post => Spoken::Chat(Dialect::Anthropic),
        "/embeddings" if is_post => Spoken::Embeddings,
        "/feedback" if is_post => {
            let told = feedback(&gateway, request).await;
            return Ok(respond(&gateway, (dialect, "/v1/feedback"), told));
        }
        "/decide" if is_post => {
            let (dialect, told) = decide::decide(&gateway, request).await;
            return Ok(respond(&gateway, (dialect, "/v1/decide"), told));
        }
        "/models" if is_get => {
            let told = models(&gateway, &request);
            return Ok(respond(&gateway, (dialect, "/v1/models"), told));
        }
        _ => {
            let name = path.strip_prefix("/models/").filter(|_| is_get);
            let Some(name) = name.map(percent_decode) else {
                return Ok(nowhere(&gateway, &request, path));
            };
            let told = model(&gateway, &request, &name);
            return Ok(respond(&gateway, (dialect, "/v1/models"), told));
        }
    };
    let is_dry = request
        .headers()
        .get(DRY_RUN)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    let ask = match arrival::read(&gateway, spoken, request).await {
        Ok(ask) => ask,
        Err(refusal) => {
            gateway.metrics.refused();
            let whence = (spoken.dialect(), spoken.place());
            return Ok(respond(&gateway, whence, Err(refusal)));
        }
    };
    if is_dry {
        let told = decide::decision(&gateway, &ask);
        return Ok(respond(&gateway, (ask.dialect, spoken.place()), told));
    }
    let outlet = Outlet::default();
    let job = Box::pin(chat::run(gateway, ask, outlet.clone()));
    Ok(outlet::respond(job, outlet).await)
}

/// What a client says of an answer.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Feedback {
    /// The answer's `x-trilemma-request-id`.
    request: String,
    /// In [0, 1].
    score: f64,
}

/// Takes a client's word for an answer: recorded for every request of its own, the last word counts; a canary
/// takes the first.
async fn feedback(gateway: &Arc<Gateway>, request: Request<Incoming>) -> Result<Bytes, Refusal> {
    let (head, body) = request.into_parts();
    let client = gateway.clients.identify(&head.headers)?;
    client.admit()?;
    let body = arrival::whole_body(gateway, &head.headers, body).await?;
    let wrong = "write {\"request\": the answer's x-trilemma-request-id, \"score\": 0 to 1}";
    let said = is_object(&body).then(|| serde_json::from_slice::<Feedback>(&body).ok());
    let said = said.flatten().ok_or_else(|| Refusal::bad_request(wrong))?;
    let id = RequestId::parse(&said.request).ok_or_else(|| Refusal::bad_request(wrong))?;
    if !(0.0..=1.0).contains(&said.score) {
        return Err(Refusal::bad_request(wrong));
    }
    let is_recorded = recorded(gateway, (id, &client.name), said.score).await?;
    let canary = gateway.canary();
    let is_counted = canary.is_some_and(|canary| canary.feedback(id, &client.name, said.score));
    let text = format!("{{\"recorded\":{is_recorded},\"counted\":{is_counted}}}");
    Ok(Bytes::from(text))
}

/// Records a client's word; false = it has no such request.
async fn recorded(
    gateway: &Arc<Gateway>,
    (id, client): (RequestId, &str),
    score: f64,
) -> Result<bool, Refusal> {
    let word = Word {
        id,
        client: client.to_owned(),
        score,
        at_us: gateway.clock.now_us(),
    };
    let mut is_recorded = false;
    for pause in FEEDBACK_PAUSES {
        tokio::time::sleep(pause).await;
        let heard = gateway.ledger.feedback(word.clone()).await;
        is_recorded = heard.map_err(|_| {
            Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorKind::Server,
                "the ledger cannot be written; say it again later",
            )
            .after(Duration::from_secs(1))
        })?;
        if is_recorded {
            break;
        }
    }
    Ok(is_recorded)
}

/// The dialect that a caller speaks where the path does not tell.
pub(crate) fn dialect_of(request: &Request<Incoming>) -> Dialect {
    if request.headers().contains_key("anthropic-version") {
        Dialect::Anthropic
    } else {
        Dialect::OpenAi
    }
}

fn models(gateway: &Gateway, request: &Request<Incoming>) -> Result<Bytes, Refusal> {
    gateway.clients.identify(request.headers())?;
    let names = listed::names(gateway);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(Bytes::from(encode_models(&names)))
}

/// One model of the list.
fn model(gateway: &Gateway, request: &Request<Incoming>, name: &str) -> Result<Bytes, Refusal> {
    gateway.clients.identify(request.headers())?;
    if listed::is_known(gateway, name) {
        return Ok(Bytes::from(encode_model(name)));
    }
    let shown: String = name.chars().take(100).collect();
    Err(Refusal::new(
        StatusCode::NOT_FOUND,
        ErrorKind::NotFound,
        format!("no model is called `{shown}` here; hint: GET /v1/models lists them"),
    )
    .quoting(FailureKind::NotFound))
}

/// Answers what is asked in a way that there is not, or where nothing is.
fn nowhere(gateway: &Gateway, request: &Request<Incoming>, path: &str) -> Response<Reply> {
    let dialect = match path.strip_prefix("/messages") {
        // Such as `/messages/count_tokens`: only Anthropic has them.
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Dialect::Anthropic,
        Some(_) | None => dialect_of(request),
    };
    let allowed = match path {
        "/chat/completions" | "/responses" | "/messages" | "/embeddings" | "/feedback"
        | "/decide" => Some("POST"),
        "/models" => Some("GET"),
        _ if path.starts_with("/models/") => Some("GET"),
        _ => None,
    };
    let path: String = request.uri().path().chars().take(100).collect();
    let method: String = request.method().as_str().chars().take(100).collect();
    let Some(allowed) = allowed else {
        let refusal = Refusal::new(
            StatusCode::NOT_FOUND,
            ErrorKind::NoSuchPath,
            format!(
                "there is no {method} {path} here; hint: POST /v1/chat/completions, /v1/responses, /v1/messages or /v1/embeddings, or GET /v1/models"
            ),
        )
        .quoting(FailureKind::NotFound);
        return respond(gateway, (dialect, ELSEWHERE), Err(refusal));
    };
    let refusal = Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::BadRequest,
        format!("{path} takes no {method}; hint: {allowed}"),
    )
    .quoting(FailureKind::BadRequest);
    let mut response = respond(gateway, (dialect, ELSEWHERE), Err(refusal));
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
