//! Requests.
//!
//! In: where to call and what to ask. Out: path, headers and body of one HTTP POST. What a vendor
//! has no word for is an error, never dropped in silence, with two exceptions that cannot change
//! the meaning: cache breakpoints outside Anthropic, and `seed` where none is taken (Anthropic,
//! Responses).

use serde::Serialize;
use serde_json::{Map, Value};
use trilemma_domain::{ChatRequest, Dialect, Part, ResponseFormat, Role, Target};

use super::extra::merge;
use super::{anthropic, gemini, openai, responses};

/// One HTTP POST, without key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// Appended to the target's `base_url`; begins with `/`.
    pub path_and_query: String,
    /// Content type and what the dialect demands; never the key.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// Why a request cannot be put into a dialect's words.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A part stands in a message of a role that cannot hold it.
    #[error(
        "encode the conversation: {part} in a message of role `{role}`; hint: move it to a message of the right role"
    )]
    Misplaced {
        /// The part.
        part: &'static str,
        /// The message's role.
        role: &'static str,
    },
    /// The dialect has no word for something.
    #[error("encode the request: {what} in dialect `{dialect}`; hint: {hint}")]
    Unsupported {
        /// The dialect.
        dialect: Dialect,
        /// What it has no word for.
        what: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// An image has no source, two sources, or bytes without type.
    #[error(
        "encode an image: it needs either `url`, or `data` with `media_type`; hint: correct the item"
    )]
    ImageSource,
    /// A file's bytes are not base64 of what its type says.
    #[error(
        "encode a file of type `{media_type}`: its data is not base64 of such a text; hint: correct the item"
    )]
    FileData {
        /// The file's type.
        media_type: String,
    },
    /// Arguments of an earlier tool call are no JSON object where the vendor takes nothing else.
    #[error(
        "encode an earlier call of tool `{tool}`: its arguments are no JSON object; hint: correct the item, or leave this dialect out"
    )]
    ToolArguments {
        /// The tool.
        tool: String,
    },
    /// A tool result belongs to no call of the conversation, so that the tool is unknown.
    #[error(
        "encode the tool result `{id}`: no earlier call has this id; hint: add the assistant's call to the conversation"
    )]
    OrphanResult {
        /// The result's id.
        id: String,
    },
    /// A parameter is infinite or no number.
    #[error(
        "encode parameter `{param}`: it is not a finite number; hint: correct the candidate's `params`"
    )]
    NotFinite {
        /// The parameter.
        param: &'static str,
    },
    /// An Azure target without version.
    #[error(
        "build the address of an Azure deployment: `api_version` is missing; hint: set it at the provider"
    )]
    MissingApiVersion,
    /// The JSON could not be written.
    #[error("write the request as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Encodes a request for a target.
///
/// The model's name comes from the target where the path carries it (Azure, Gemini), else from
/// the request, or from the target when the request names none. `params.extra_body` is merged
/// into the body last, object by object, and wins.
///
/// Lengths: Anthropic demands one; without `max_output_tokens` it is
/// [`ANTHROPIC_DEFAULT_MAX_TOKENS`](super::ANTHROPIC_DEFAULT_MAX_TOKENS), plus the reasoning
/// budget where one is set. OpenAI's reasoning models take `max_completion_tokens`, everything
/// else `max_tokens`; either in `extra_body` replaces our choice.
///
/// # Errors
///
/// [`EncodeError`] when the dialect has no word for what is asked, or the request is inconsistent.
pub fn encode_request(target: &Target, request: &ChatRequest) -> Result<WireRequest, EncodeError> {
    for (param, value) in [
        ("temperature", request.params.temperature),
        ("top_p", request.params.top_p),
    ] {
        if value.is_some_and(|value| !value.is_finite()) {
            return Err(EncodeError::NotFinite { param });
        }
    }
    match target.dialect {
        Dialect::OpenAi | Dialect::Azure => openai::encode(target, request),
        Dialect::Anthropic => anthropic::encode(target, request),
        Dialect::Gemini => gemini::encode(target, request),
        Dialect::Responses => responses::encode(target, request),
    }
}

/// Whether a target sees to it that the answer keeps to the schema that is asked for; `None` = none is asked for.
///
/// OpenAI's dialects do so if they are told (`strict`), Gemini always, Anthropic where the schema goes into
/// `output_config.format`.
#[must_use]
pub fn holds_to_schema(target: &Target, request: &ChatRequest) -> Option<bool> {
    let Some(ResponseFormat::JsonSchema { strict, .. }) = &request.response_format else {
        return None;
    };
    Some(match target.dialect {
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => strict.unwrap_or(true),
        Dialect::Anthropic => anthropic::takes_format(&target.model, request),
        Dialect::Gemini => true,
    })
}

/// Puts a request together from its typed body.
pub(crate) fn assemble<B: Serialize>(
    path_and_query: String,
    request: &ChatRequest,
    body: &B,
) -> Result<WireRequest, EncodeError> {
    let extra = &request.params.extra_body;
    let body = if extra.is_empty() {
        serde_json::to_vec(body)?
    } else {
        let mut fields = match serde_json::to_value(body)? {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        merge(&mut fields, extra);
        serde_json::to_vec(&fields)?
    };
    let accept = if request.stream {
        "text/event-stream"
    } else {
        "application/json"
    };
    Ok(WireRequest {
        path_and_query,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("accept", accept.to_owned()),
        ],
        body,
    })
}

/// The model's name for dialects that carry it in the body.
pub(crate) fn model_name<'a>(target: &'a Target, request: &'a ChatRequest) -> &'a str {
    if request.model.is_empty() {
        &target.model
    } else {
        &request.model
    }
}

/// The error for a part that its message's role cannot hold.
pub(crate) fn misplaced(part: &Part, role: Role) -> EncodeError {
    EncodeError::Misplaced {
        part: match part {
            Part::Text { .. } => "text",
            Part::Image { .. } => "an image",
            Part::File { .. } => "a file",
            Part::FileUrl { .. } => "a document by its address",
            Part::ToolCall(_) => "a tool call",
            Part::ToolResult { .. } => "a tool result",
            Part::CacheBreakpoint => "a cache breakpoint",
        },
        role: match role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        },
    }
}

/// Where an image comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ImageSource<'a> {
    /// An address.
    Url(&'a str),
    /// Base64 bytes of a type.
    Inline {
        /// Such as `image/png`.
        media_type: &'a str,
        /// Base64.
        data: &'a str,
    },
}

/// Reads the source of an image part.
pub(crate) fn image_source<'a>(
    url: Option<&'a str>,
    data: Option<&'a str>,
    media_type: Option<&'a str>,
) -> Result<ImageSource<'a>, EncodeError> {
    match (url, data, media_type) {
        (Some(url), None, _) => Ok(ImageSource::Url(url)),
        (None, Some(data), Some(media_type)) => Ok(ImageSource::Inline { media_type, data }),
        _ => Err(EncodeError::ImageSource),
    }
}

/// Escapes what may not stand in one segment of a path.
pub(crate) fn path_segment(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'@') {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = HEX.get(usize::from(digit)).copied().unwrap_or(b'0');
                escaped.push(char::from(digit));
            }
        }
    }
    escaped
}
