//! From a method and a path to what is done about it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use trilemma_domain::Dialect;
use trilemma_store::ledger::{Feedback as Word, RequestId};
use trilemma_wire::server::{ErrorKind, encode_model, encode_models, percent_decode};

use crate::arrival::Spoken;
use crate::gateway::Gateway;
use crate::outlet::{self, Outlet, Reply};
use crate::peek::is_object;
use crate::refusal::Refusal;
use crate::{arrival, chat, decide, policy};

/// A client may be quicker to speak than its request is to end: its word waits so long, and so long once more.
const FEEDBACK_PAUSES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(100)];
/// Asks only for the decision.
const DRY_RUN: &str = "x-trilemma-dry-run";

/// Answers one request of a client.
pub(crate) async fn handle(
    gateway: Arc<Gateway>,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Infallible> {
    let path = request.uri().path().trim_end_matches('/');
    // A client may have been given the address with or without the version.
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let is_post = request.method() == Method::POST;
    let spoken = match path {
        "/chat/completions" if is_post => Spoken::Chat(Dialect::OpenAi),
        "/responses" if is_post => Spoken::Chat(Dialect::Responses),
        "/messages" if is_post => Spoken::Chat(Dialect::Anthropic),
        "/embeddings" if is_post => Spoken::Embeddings,
        "/feedback" if is_post => return Ok(feedback(&gateway, request).await),
        "/decide" if is_post => return Ok(decide::decide(&gateway, request).await),
        "/models" if request.method() == Method::GET => return Ok(models(&gateway, &request)),
        _ => {
            let name = path.strip_prefix("/models/").map(percent_decode);
            return Ok(match name {
                Some(name) if request.method() == Method::GET => model(&gateway, &request, &name),
                _ => nowhere(&request, path),
            });
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
            return Ok(refusal.response(spoken.dialect()));
        }
    };
    if is_dry {
        return Ok(decide::decision(&gateway, &ask));
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
async fn feedback(gateway: &Arc<Gateway>, request: Request<Incoming>) -> Response<Reply> {
    let dialect = dialect_of(&request);
    let (head, body) = request.into_parts();
    let taken = async {
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
        Ok::<_, Refusal>((is_recorded, is_counted))
    };
    match taken.await {
        Ok((is_recorded, is_counted)) => {
            let text = format!("{{\"recorded\":{is_recorded},\"counted\":{is_counted}}}");
            json(StatusCode::OK, Bytes::from(text))
        }
        Err(refusal) => refusal.response(dialect),
    }
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

fn models(gateway: &Gateway, request: &Request<Incoming>) -> Response<Reply> {
    if let Err(refusal) = gateway.clients.identify(request.headers()) {
        return refusal.response(dialect_of(request));
    }
    json(StatusCode::OK, Bytes::from(encode_models(&listed(gateway))))
}

/// One model of the list.
fn model(gateway: &Gateway, request: &Request<Incoming>, name: &str) -> Response<Reply> {
    let dialect = dialect_of(request);
    if let Err(refusal) = gateway.clients.identify(request.headers()) {
        return refusal.response(dialect);
    }
    if listed(gateway).contains(&name) {
        return json(StatusCode::OK, Bytes::from(encode_model(name)));
    }
    let shown: String = name.chars().take(100).collect();
    Refusal::new(
        StatusCode::NOT_FOUND,
        ErrorKind::NotFound,
        format!("no model is called `{shown}` here; hint: GET /v1/models lists them"),
    )
    .response(dialect)
}

/// Names of what can be asked for; `auto` where there is a policy.
fn listed(gateway: &Gateway) -> Vec<&str> {
    let routes = gateway.policy().map(|_| policy::AUTO);
    let candidates = gateway.listed.iter().map(String::as_str);
    routes.into_iter().chain(candidates).collect()
}

/// Answers what is asked in a way that there is not, or where nothing is.
fn nowhere(request: &Request<Incoming>, path: &str) -> Response<Reply> {
    let dialect = dialect_of(request);
    let allowed = match path {
        "/chat/completions" | "/responses" | "/messages" | "/embeddings" | "/feedback"
        | "/decide" => Some("POST"),
        "/models" => Some("GET"),
        _ if path.starts_with("/models/") => Some("GET"),
        _ => None,
    };
    let path: String = request.uri().path().chars().take(100).collect();
    if let Some(allowed) = allowed {
        let mut response = Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorKind::BadRequest,
            format!("{path} takes no {}; hint: {allowed}", request.method()),
        )
        .response(dialect);
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static(allowed));
        return response;
    }
    Refusal::new(
        StatusCode::NOT_FOUND,
        ErrorKind::NoSuchPath,
        format!(
            "there is no {} {path} here; hint: POST /v1/chat/completions, /v1/responses, /v1/messages or /v1/embeddings, or GET /v1/models",
            request.method()
        ),
    )
    .response(dialect)
}

/// A JSON response of our own.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response<Reply> {
    let headers =
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    outlet::whole(status, headers, body)
}
