//! Reading a client's request: who calls, how much it sends, how long it takes.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};
use trilemma_domain::Dialect;
use trilemma_wire::server::ErrorKind;

use crate::ask::{Ask, Facts};
use crate::gateway::Gateway;
use crate::peek::peek;
use crate::refusal::Refusal;

/// Headers of a client that are the vendor's business, where both speak Anthropic's dialect.
const VENDOR_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static("anthropic-version"),
    HeaderName::from_static("anthropic-beta"),
];
/// Longest wait for a body that has been announced.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Reads a request that wants an answer of a model.
pub(crate) async fn read(
    gateway: &Gateway,
    dialect: Dialect,
    request: Request<Incoming>,
) -> Result<Ask, Refusal> {
    let began = Instant::now();
    let at_us = gateway.clock.now_us();
    let (head, body) = request.into_parts();
    let client = gateway.clients.identify(&head.headers)?;
    client.admit()?;
    if gateway.ledger.is_full() {
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Overloaded,
            "requests are recorded slower than they come; the ledger must catch up first",
        )
        .after(Duration::from_secs(1)));
    }
    let body = whole_body(gateway, &head.headers, body).await?;
    let peek = peek(&body).map_err(Refusal::bad_request)?;
    let mut vendor_headers = HeaderMap::new();
    if dialect == Dialect::Anthropic {
        for name in VENDOR_HEADERS {
            if let Some(value) = head.headers.get(&name) {
                vendor_headers.insert(name, value.clone());
            }
        }
    }
    Ok(Ask {
        dialect,
        body,
        peek,
        client: client.name.clone(),
        facts: facts(&head.headers),
        vendor_headers,
        began,
        at_us,
    })
}

/// What the caller says of a request beside its body.
fn facts(headers: &HeaderMap) -> Facts {
    let text = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    Facts {
        task: text("x-trilemma-task"),
        user_tier: text("x-trilemma-user-tier"),
        tags: text("x-trilemma-tags")
            .map(|tags| tags.split(',').map(|tag| tag.trim().to_owned()).collect())
            .unwrap_or_default(),
    }
}

/// Reads a body of at most the settings' size.
pub(crate) async fn whole_body(
    gateway: &Gateway,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<Bytes, Refusal> {
    let max_bytes = gateway.settings.max_request_bytes;
    let too_large = || {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::BadRequest,
            format!("the request exceeds {max_bytes} bytes"),
        )
    };
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|announced| announced > max_bytes) {
        return Err(too_large());
    }
    let limited = Limited::new(body, usize::try_from(max_bytes).unwrap_or(usize::MAX));
    let collected = timeout(BODY_TIMEOUT, limited.collect())
        .await
        .map_err(|_| {
            Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                ErrorKind::BadRequest,
                "the request's body did not come in time",
            )
        })?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Refusal::bad_request("the request's body broke off")),
    }
}
