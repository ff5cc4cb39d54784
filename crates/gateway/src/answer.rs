//! Heads of answers: what the client learns of how it was served.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use trilemma_domain::Dialect;
use trilemma_wire::server::request_id_header;

use crate::record::Record;
use crate::words::for_header;

/// The gateway's name of the request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-trilemma-request-id");
/// The candidate that answers.
pub(crate) const MODEL: HeaderName = HeaderName::from_static("x-trilemma-model");
/// How many calls it took.
pub(crate) const ATTEMPTS: HeaderName = HeaderName::from_static("x-trilemma-attempts");
/// What the answering dialect could not be told, with commas.
pub(crate) const LOST: HeaderName = HeaderName::from_static("x-trilemma-lost");

/// What the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Events,
}

/// The headers of an answer.
pub(crate) fn headers(
    kind: Kind,
    record: &Record,
    (client, candidate): (Dialect, &str),
    vendor_id: Option<(Dialect, &str)>,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    match kind {
        Kind::Json => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Kind::Events => {
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("text/event-stream; charset=utf-8"),
            );
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
    }
    named(&mut headers, record, client);
    set(&mut headers, MODEL, candidate);
    if let Some((dialect, id)) = vendor_id {
        set(
            &mut headers,
            HeaderName::from_static(request_id_header(dialect)),
            id,
        );
    }
    headers
}

/// Which request this is: by the gateway's own header, and where the packages of the client's dialect look for it.
pub(crate) fn identified(headers: &mut HeaderMap, client: Dialect, id: &str) {
    set(headers, REQUEST_ID, id);
    set(
        headers,
        HeaderName::from_static(request_id_header(client)),
        id,
    );
}

/// Which request this is, how many calls it took, and what of it was lost.
pub(crate) fn named(headers: &mut HeaderMap, record: &Record, client: Dialect) {
    identified(headers, client, &record.id().to_string());
    headers.insert(ATTEMPTS, HeaderValue::from(record.n_calls()));
    // On errors, too: it may be why the vendor refused.
    if !record.evidence.lost.is_empty() {
        set(headers, LOST, &for_header(&record.evidence.lost.join(", ")));
    }
}

/// Sets a header as far as the text can stand in one.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
