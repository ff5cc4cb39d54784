//! Whole requests, by dialect.
//!
//! In: a body, and the model where the path named it. Out: a neutral request. What the neutral
//! words cannot say is kept in `params.extra_body` as it came (top-level fields), or is an error
//! (parts of messages), so that nothing is dropped in silence.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use thiserror::Error;
use trilemma_domain::{ChatRequest, Dialect, Message, Part, Role};

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
    /// What only the dialect's own vendor can do, such as a tool that runs there; without it the answer would be
    /// another one. `None` = any vendor can answer. The neutral words leave it out.
    pub vendor_only: Option<String>,
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
    // A record could be read from a list of its fields, too, which no vendor takes.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(RequestError::Json {
            message: "it is no JSON object".to_owned(),
        });
    }
    serde_json::from_slice(body).map_err(|error| RequestError::Json {
        message: plain_words(&error),
    })
}

/// What a parser's error says, in the words of JSON instead of those of a program's types.
#[must_use]
pub fn plain_words(error: &serde_json::Error) -> String {
    const WORDS: [(&str, &str); 16] = [
        ("expected u64", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected usize", "expected a whole number"),
        ("expected i64", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected f32", "expected a number"),
        ("expected any valid JSON value", "expected a value"),
        ("expected a boolean", "expected true or false"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("expected a string", "expected a text"),
        ("invalid type: sequence", "wrong type: a list"),
        ("invalid type: map", "wrong type: an object"),
        ("invalid type: unit value", "wrong type: null"),
        ("invalid type:", "wrong type:"),
        ("invalid value:", "wrong value:"),
    ];
    let mut text = error.to_string();
    for (theirs, ours) in WORDS {
        text = text.replace(theirs, ours);
    }
    // The name of a type is nobody's business.
    if let Some(start) = text.find("expected struct ") {
        let rest = text
            .get(start + "expected struct ".len()..)
            .unwrap_or_default();
        let tail = rest
            .find(' ')
            .and_then(|end| rest.get(end..))
            .unwrap_or_default();
        text = format!(
            "{}expected an object{tail}",
            text.get(..start).unwrap_or_default()
        );
    }
    text
}

/// Arguments of an earlier call as JSON; none at all are an empty object, and what is no JSON stays text.
pub(super) fn arguments(text: String) -> Value {
    if text.trim().is_empty() {
        return Value::Object(Map::new());
    }
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// A result of a tool: its text, and what cannot be text behind it in the same message.
pub(super) fn tool_result(id: String, parts: Vec<Part>) -> Vec<Part> {
    let message = Message {
        role: Role::Tool,
        parts,
    };
    let text = message.joined_text();
    let media = message.parts.into_iter().filter(Part::is_attachment);
    std::iter::once(Part::ToolResult { id, text })
        .chain(media)
        .collect()
}

/// Makes the error of a field.
pub(super) fn field(field: &'static str, problem: impl Into<String>) -> RequestError {
    RequestError::Field {
        field,
        problem: problem.into(),
    }
}

/// Checks the address of a document, which some vendor is to fetch: one of the web.
pub(super) fn web_address(name: &'static str, url: String) -> Result<String, RequestError> {
    let is_web = |scheme: &str| {
        let (front, rest) = url.split_at_checked(scheme.len()).unwrap_or_default();
        front.eq_ignore_ascii_case(scheme) && !rest.is_empty()
    };
    if is_web("https://") || is_web("http://") {
        return Ok(url);
    }
    Err(field(name, "not an address that begins with `https://`"))
}

/// Splits a `data:MEDIA;base64,DATA` address into media type and data.
pub(super) fn split_data_url(url: &str) -> Option<(&str, &str)> {
    url.strip_prefix("data:")?.split_once(";base64,")
}
