//! Response heads.
//!
//! In: status, headers, body. Out: responses of the HTTP library.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, SERVER};
use http::{HeaderMap, Response, StatusCode};
use tokio::time::Instant;
use trilemma_domain::Dialect;
use trilemma_wire::server::{ErrorReply, encode_error, retry_after_headers};

use super::body::{CallBody, Cut};
use super::plan::Plan;
use crate::tap::Tap;

/// A response, or a cut connection.
pub(crate) type Answered = Result<Response<CallBody>, Cut>;

/// Content type of bodies that are no streams.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Sets a header; a value that cannot be one is left out.
pub(crate) fn push(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Sets the headers that ask the client to wait.
pub(crate) fn push_retry_after(dialect: Dialect, error: &ErrorReply, headers: &mut HeaderMap) {
    if let Some(wait) = error.retry_after {
        for (name, value) in retry_after_headers(dialect, wait) {
            push(headers, name, &value);
        }
    }
}

/// Makes a response that says it is simulated.
pub(crate) fn response(status: u16, mut headers: HeaderMap, body: CallBody) -> Response<CallBody> {
    headers.insert(SERVER, HeaderValue::from_static("trilemma-sim"));
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

/// Makes a response of one JSON body, at once.
pub(crate) fn respond(tap: &Tap, status: u16, mut headers: HeaderMap, body: Bytes) -> Answered {
    headers.insert(CONTENT_TYPE, JSON);
    let n_bytes = body.len();
    let plan = Plan::body(body, Instant::now());
    Ok(response(
        status,
        headers,
        CallBody::whole(tap.clone(), plan, n_bytes),
    ))
}

/// Makes an error that is not a chat call's, and so is not logged.
pub(crate) fn plain_error(tap: &Tap, dialect: Dialect, error: &ErrorReply) -> Answered {
    let body = encode_error(dialect, error);
    respond(tap, error.status, HeaderMap::new(), body.into())
}
