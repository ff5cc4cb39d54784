//! What is answered without a record: refusals before one exists, and what asks for no answer of a model.
//!
//! In: the answer, or why there is none. Out: a response that names the request as every other does, and for a refusal a
//! line of the log with that name, so that whoever is asked about it finds it. Neither has a word of the request: what the
//! client sent is in no log.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use trilemma_domain::Dialect;

use crate::answer::identified;
use crate::gateway::Gateway;
use crate::outlet::{self, Head, Reply};
use crate::refusal::Refusal;

/// Where a request came, in our words: paths are the client's.
pub(crate) const ELSEWHERE: &str = "elsewhere";

/// Answers a request that has no record; `place` is where it came.
pub(crate) fn respond(
    gateway: &Gateway,
    (dialect, place): (Dialect, &str),
    told: Result<Bytes, Refusal>,
) -> Response<Reply> {
    match told {
        Ok(body) => {
            let mut headers = HeaderMap::with_capacity(4);
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let id = gateway.ledger.next_id().to_string();
            identified(&mut headers, dialect, &id);
            outlet::whole(StatusCode::OK, headers, body)
        }
        Err(refusal) => {
            let head = refuse(gateway, (dialect, place), &refusal);
            outlet::whole(head.status, head.headers, head.whole.unwrap_or_default())
        }
    }
}

/// The head and body of a refusal without a record, which is told to the log.
pub(crate) fn refuse(
    gateway: &Gateway,
    (dialect, place): (Dialect, &str),
    refusal: &Refusal,
) -> Head {
    let id = gateway.ledger.next_id().to_string();
    if let Some(log) = &gateway.log {
        let line = serde_json::json!({
            "at_us": gateway.clock.now_us(),
            "request": id,
            "place": place,
            "status": refusal.reply.status,
            "refused": refusal.word(),
        });
        log(&line.to_string());
    }
    let mut head = refusal.head(dialect, &id);
    identified(&mut head.headers, dialect, &id);
    head
}
