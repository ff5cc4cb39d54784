//! What the simulator says when it does not answer.
//!
//! In: the reason. Out: neutral errors; each dialect writes them in its own words. All of them say
//! that they are simulated.

use std::time::Duration;

use trilemma_wire::server::{ErrorKind, ErrorReply};

use crate::model::ModelState;
use crate::scenario::{FaultKind, FaultRule};

/// The error of a fault that has a status.
pub(crate) fn status_error(rule: &FaultRule) -> Option<ErrorReply> {
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

/// The scenario's rate limits turn a call away.
pub(crate) fn too_many(wait: Duration) -> ErrorReply {
    ErrorReply {
        retry_after: Some(wait),
        ..error(
            429,
            ErrorKind::RateLimited,
            "simulated: requests or tokens per minute are used up".to_owned(),
        )
    }
}

/// Nothing is served at this path.
pub(crate) fn no_route(path: &str) -> ErrorReply {
    let path: String = path.chars().take(200).collect();
    let message = format!("simulated: no such path or method: {path}");
    error(404, ErrorKind::NotFound, message)
}

/// The body is not the dialect's.
pub(crate) fn unreadable(problem: &str) -> ErrorReply {
    let message = format!("simulated: the request cannot be read: {problem}");
    error(400, ErrorKind::BadRequest, message)
}

/// The key is not let in.
pub(crate) fn bad_key() -> ErrorReply {
    let message = "simulated: missing or wrong key".to_owned();
    error(401, ErrorKind::Auth, message)
}

/// The scenario has no such model.
pub(crate) fn no_model(name: &str) -> ErrorReply {
    let name: String = name.chars().take(200).collect();
    let message = format!("simulated: the scenario has no model `{name}`");
    error(404, ErrorKind::NotFound, message)
}

/// There is no answer to the prompt.
pub(crate) fn no_answer(model: &ModelState, is_joined: bool) -> ErrorReply {
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

/// The error that comes after a status of 200.
pub(crate) fn after_200() -> ErrorReply {
    ErrorReply {
        status: 500,
        kind: ErrorKind::Overloaded,
        message: "simulated: the model failed while it answered".to_owned(),
        retry_after: None,
    }
}
