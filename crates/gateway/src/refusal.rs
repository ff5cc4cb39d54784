//! What a client is told when it gets no answer, in its dialect.
//!
//! In: what went wrong. Out: status, headers and body of an error, or the event of one in the middle
//! of a stream. A request that the gateway has tried itself is marked `x-should-retry: false`, which
//! the official packages obey: retries do not multiply.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use trilemma_domain::{Dialect, Failure, FailureKind, Retry};
use trilemma_wire::server::{
    ErrorKind, ErrorReply, encode_error_event_of, encode_error_of, retry_after_headers,
};

use crate::outlet::Head;
use crate::words::kept;

/// Why a client gets no answer.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) reply: ErrorReply,
    /// The vendor's own error, for a client that speaks its dialect.
    pub(crate) body: Option<Bytes>,
    /// Whether another try by the client is worth it; `None` = its own judgement.
    pub(crate) is_worth_retrying: Option<bool>,
    /// What the record says where the message may quote the request; `None` = the message.
    noted: Option<&'static str>,
}

impl Refusal {
    /// A refusal of our own.
    pub(crate) fn new(status: StatusCode, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            reply: ErrorReply {
                status: status.as_u16(),
                kind,
                message: message.into(),
                retry_after: None,
            },
            body: None,
            is_worth_retrying: Some(false),
            noted: None,
        }
    }

    /// The request is wrong.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, ErrorKind::BadRequest, message);
        refusal.noted = Some(FailureKind::BadRequest.name());
        refusal
    }

    /// Asks the client to come back.
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.reply.retry_after = Some(wait);
        self.is_worth_retrying = None;
        self
    }

    /// What an upstream's failure means to the client.
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        let (status, kind) = kind_of(failure);
        let message = match ours_to_know(failure) {
            Some(message) => message.to_owned(),
            None => failure.message.clone(),
        };
        let mut refusal = Self::new(status, kind, message);
        refusal.noted = Some(failure.kind.name());
        if let Retry::After(wait) = failure.retry {
            refusal.reply.retry_after = Some(wait);
        }
        refusal
    }

    /// What went wrong, without a word of the request or the vendor.
    pub(crate) fn word(&self) -> &str {
        self.noted.unwrap_or(&self.reply.message)
    }

    /// Its message quotes what the client sent: records and logs get this word instead.
    pub(crate) fn quoting(mut self, kind: FailureKind) -> Self {
        self.noted = Some(kind.name());
        self
    }

    /// Status, headers and body; `id` is the gateway's name of the request.
    pub(crate) fn head(&self, dialect: Dialect, id: &str) -> Head {
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(is_worth) = self.is_worth_retrying {
            let word = if is_worth { "true" } else { "false" };
            headers.insert("x-should-retry", HeaderValue::from_static(word));
        }
        if let Some(wait) = self.reply.retry_after {
            for (name, value) in retry_after_headers(dialect, wait) {
                if let Ok(value) = HeaderValue::try_from(value) {
                    headers.insert(HeaderName::from_static(name), value);
                }
            }
        }
        let body = match &self.body {
            Some(body) if !body.is_empty() => body.clone(),
            _ => Bytes::from(encode_error_of(dialect, &self.reply, Some(id))),
        };
        Head {
            status: StatusCode::from_u16(self.reply.status).unwrap_or(StatusCode::BAD_GATEWAY),
            headers,
            whole: Some(body),
        }
    }

    /// The event of an error in the middle of a stream; `id` is the gateway's name of the request.
    pub(crate) fn event(&self, dialect: Dialect, id: &str) -> Bytes {
        Bytes::from(encode_error_event_of(dialect, &self.reply, Some(id)))
    }
}

/// What a client is told of a failure whose own words name addresses of the operator's network; `None` = they may
/// be told as they are.
fn ours_to_know(failure: &Failure) -> Option<&'static str> {
    if is_redirect(failure) {
        return Some("the upstream sends callers elsewhere, which the gateway does not follow");
    }
    match failure.kind {
        FailureKind::Connect => Some("the upstream cannot be reached"),
        FailureKind::Unsendable => Some("the gateway cannot call the upstream as it is set up"),
        FailureKind::BreakerOpen => Some(match failure.retry {
            Retry::No => "the upstream is given up on after repeated failures",
            Retry::Backoff | Retry::After(_) => {
                "the upstream is left alone for now after repeated failures"
            }
        }),
        FailureKind::RateLimited
        | FailureKind::Overloaded
        | FailureKind::BadRequest
        | FailureKind::Auth
        | FailureKind::NotFound
        | FailureKind::Stalled
        | FailureKind::Deadline
        | FailureKind::Budget
        | FailureKind::Interrupted
        | FailureKind::ServerError
        | FailureKind::Cut
        | FailureKind::Truncated
        | FailureKind::Malformed
        | FailureKind::InStream
        | FailureKind::TooLarge => None,
    }
}

/// What the record keeps of a failure beside its kind: our own words, where the client was not told them.
pub(crate) fn detail(failure: &Failure) -> Option<String> {
    let is_about_us = ours_to_know(failure).is_some() && failure.kind != FailureKind::BreakerOpen;
    kept(is_about_us.then_some(failure.message.as_str()))
}

fn is_redirect(failure: &Failure) -> bool {
    let status = failure
        .status
        .and_then(|code| StatusCode::from_u16(code).ok());
    status.is_some_and(|status| status.is_redirection())
}

fn kind_of(failure: &Failure) -> (StatusCode, ErrorKind) {
    let caller_status = failure
        .status
        .and_then(|status| StatusCode::from_u16(status).ok())
        .filter(StatusCode::is_client_error)
        .unwrap_or(StatusCode::BAD_REQUEST);
    match failure.kind {
        FailureKind::RateLimited if failure.retry == Retry::No => {
            (StatusCode::TOO_MANY_REQUESTS, ErrorKind::QuotaExceeded)
        }
        FailureKind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, ErrorKind::RateLimited),
        FailureKind::Overloaded | FailureKind::BreakerOpen => {
            (StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Overloaded)
        }
        FailureKind::BadRequest => (caller_status, ErrorKind::BadRequest),
        // The gateway's key, name or address for the upstream is wrong, which is no fault of the client.
        FailureKind::Auth | FailureKind::NotFound | FailureKind::Unsendable => {
            (StatusCode::BAD_GATEWAY, ErrorKind::Server)
        }
        FailureKind::Stalled | FailureKind::Deadline => {
            (StatusCode::GATEWAY_TIMEOUT, ErrorKind::Server)
        }
        FailureKind::Budget => (StatusCode::TOO_MANY_REQUESTS, ErrorKind::QuotaExceeded),
        FailureKind::Interrupted => (StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Overloaded),
        FailureKind::ServerError
        | FailureKind::Connect
        | FailureKind::Cut
        | FailureKind::Truncated
        | FailureKind::Malformed
        | FailureKind::InStream
        | FailureKind::TooLarge => (StatusCode::BAD_GATEWAY, ErrorKind::Server),
    }
}
