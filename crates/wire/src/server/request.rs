//! Whole requests, by dialect.
//!
//! In: a body, and the model where the path named it. Out: a neutral request. What the neutral
//! words cannot say is kept in `params.extra_body` as it came (top-level fields), or is an error
//! (parts of messages), so that nothing is dropped in silence.

use serde::de::DeserializeOwned;
use thiserror::Error;
use trilemma_domain::{ChatRequest, Dialect};

use super::route::Route;
use super::{anthropic, gemini, openai, responses};

/// Why a request could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// Not JSON, or JSON of another shape.
    #[error(
        "read the request body: {message}; hint: send the JSON that the dialect's reference describes"
    )]
    Json {
        /// The parser's words, with line and column.
        message: String,
    },
    /// A piece that we do not understand.
    #[error(
        "read `{field}`: {problem}; hint: leave it out, or use the forms of the vendor's reference"
    )]
    Field {
        /// Where it is.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// No model in path or body.
    #[error(
        "find the model; hint: name it in the body's `model`, or in the path where the dialect has it there"
    )]
    NoModel,
}

/// A request, and what the server must know beyond it.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerRequest {
    /// The request in neutral words.
    pub chat: ChatRequest,
    /// Whether usage is wanted at the end of a stream; always so outside OpenAI's dialect.
    pub include_usage: bool,
}

/// Reads a request that came by `route`.
///
/// # Errors
/// [`RequestError`], by what the client can do about it.
pub fn decode_request(route: &Route, body: &[u8]) -> Result<ServerRequest, RequestError> {
    let mut request = match route.dialect {
        Dialect::OpenAi | Dialect::Azure => openai::decode(body)?,
        Dialect::Anthropic => anthropic::decode(body)?,
        Dialect::Gemini => gemini::decode(body)?,
        Dialect::Responses => responses::decode(body)?,
    };
    if let Some(model) = &route.model {
        request.chat.model.clone_from(model);
    }
    if let Some(stream) = route.stream {
        request.chat.stream = stream;
    }
    if request.chat.model.is_empty() {
        return Err(RequestError::NoModel);
    }
    Ok(request)
}

/// Reads JSON into a dialect's own records.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RequestError> {
    serde_json::from_slice(body).map_err(|error| RequestError::Json {
        message: error.to_string(),
    })
}

/// Makes the error of a field.
pub(super) fn field(field: &'static str, problem: impl Into<String>) -> RequestError {
    RequestError::Field {
        field,
        problem: problem.into(),
    }
}

/// Splits a `data:MEDIA;base64,DATA` address into media type and data.
pub(super) fn split_data_url(url: &str) -> Option<(&str, &str)> {
    url.strip_prefix("data:")?.split_once(";base64,")
}
