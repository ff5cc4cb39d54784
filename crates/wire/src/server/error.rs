//! Error bodies of each dialect.
//!
//! In: status, kind and words. Out: the JSON body. Retry delays also travel in headers
//! ([`super::retry_after_headers`]), which this does not write.

use std::time::Duration;

use serde::Serialize;
use trilemma_domain::Dialect;

use super::text::json;

/// What an error says, independent of a vendor's word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Too many requests or tokens for now.
    RateLimited,
    /// The account's quota is used up; waiting does not help.
    QuotaExceeded,
    /// Overloaded for everyone.
    Overloaded,
    /// The server failed.
    Server,
    /// The request is wrong.
    BadRequest,
    /// The prompt is longer than the model's context.
    ContextLength,
    /// The key is missing or wrong.
    Auth,
    /// No such model or path.
    NotFound,
    /// Nothing is served at the path.
    NoSuchPath,
}

/// One error to be told to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReply {
    /// HTTP status, also written into Gemini's body.
    pub status: u16,
    /// What it is.
    pub kind: ErrorKind,
    /// Words for people.
    pub message: String,
    /// When to come back; Gemini writes it into the body.
    pub retry_after: Option<Duration>,
}

/// Writes an error body that names no request.
#[must_use]
pub fn encode_error(dialect: Dialect, error: &ErrorReply) -> Vec<u8> {
    encode_error_of(dialect, error, None)
}

/// Writes an error body; `request_id` names the request where the dialect has a place for it, which is Anthropic's.
#[must_use]
pub fn encode_error_of(dialect: Dialect, error: &ErrorReply, request_id: Option<&str>) -> Vec<u8> {
    match dialect {
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => json(&OpenAiBody {
            error: openai_error(error),
        }),
        Dialect::Anthropic => json(&AnthropicBody {
            kind: "error",
            error: AnthropicError {
                kind: anthropic_type(error.kind),
                message: &error.message,
            },
            request_id,
        }),
        Dialect::Gemini => json(&GeminiBody {
            error: GeminiError {
                code: error.status,
                message: &error.message,
                status: gemini_status(error.kind),
                details: error.retry_after.map(|wait| {
                    [RetryInfo {
                        kind: "type.googleapis.com/google.rpc.RetryInfo",
                        retry_delay: format!("{}s", wait.as_secs_f64()),
                    }]
                }),
            },
        }),
    }
}

/// Writes the event of an error inside a stream that names no request.
#[must_use]
pub fn encode_error_event(dialect: Dialect, error: &ErrorReply) -> Vec<u8> {
    encode_error_event_of(dialect, error, None)
}

/// Writes the event of an error inside a stream; `request_id` as in [`encode_error_of`].
#[must_use]
pub fn encode_error_event_of(
    dialect: Dialect,
    error: &ErrorReply,
    request_id: Option<&str>,
) -> Vec<u8> {
    let body = || encode_error_of(dialect, error, request_id);
    let (start, data): (&[u8], _) = match dialect {
        Dialect::OpenAi | Dialect::Azure | Dialect::Gemini => (b"data: ", body()),
        Dialect::Anthropic => (b"event: error\ndata: ", body()),
        Dialect::Responses => (
            b"event: error\ndata: ",
            json(&ResponsesEvent {
                kind: "error",
                code: openai_code(error.kind).unwrap_or(openai_type(error.kind)),
                message: &error.message,
                param: None,
                error: openai_error(error),
            }),
        ),
    };
    [start, &data, b"\n\n"].concat()
}

fn openai_error(error: &ErrorReply) -> OpenAiError<'_> {
    OpenAiError {
        message: &error.message,
        kind: openai_type(error.kind),
        param: None,
        code: openai_code(error.kind),
    }
}

/// Responses' event, and OpenAI's error in it: official packages raise only at the latter.
#[derive(Serialize)]
struct ResponsesEvent<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    code: &'static str,
    message: &'a str,
    param: Option<&'static str>,
    error: OpenAiError<'a>,
}

#[derive(Serialize)]
struct OpenAiBody<'a> {
    error: OpenAiError<'a>,
}

#[derive(Serialize)]
struct OpenAiError<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'static str>,
    code: Option<&'static str>,
}

#[derive(Serialize)]
struct AnthropicBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: AnthropicError<'a>,
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct AnthropicError<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct GeminiBody<'a> {
    error: GeminiError<'a>,
}

#[derive(Serialize)]
struct GeminiError<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[RetryInfo; 1]>,
}

#[derive(Serialize)]
struct RetryInfo {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "retryDelay")]
    retry_delay: String,
}

fn openai_type(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimited => "requests",
        ErrorKind::QuotaExceeded => "insufficient_quota",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::Server => "server_error",
        ErrorKind::BadRequest
        | ErrorKind::ContextLength
        | ErrorKind::Auth
        | ErrorKind::NotFound
        | ErrorKind::NoSuchPath => "invalid_request_error",
    }
}

fn openai_code(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::RateLimited => Some("rate_limit_exceeded"),
        ErrorKind::QuotaExceeded => Some("insufficient_quota"),
        ErrorKind::ContextLength => Some("context_length_exceeded"),
        ErrorKind::Auth => Some("invalid_api_key"),
        ErrorKind::NotFound => Some("model_not_found"),
        ErrorKind::Overloaded
        | ErrorKind::Server
        | ErrorKind::BadRequest
        | ErrorKind::NoSuchPath => None,
    }
}

fn anthropic_type(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimited => "rate_limit_error",
        ErrorKind::QuotaExceeded => "billing_error",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::Server => "api_error",
        ErrorKind::BadRequest | ErrorKind::ContextLength => "invalid_request_error",
        ErrorKind::Auth => "authentication_error",
        ErrorKind::NotFound | ErrorKind::NoSuchPath => "not_found_error",
    }
}

fn gemini_status(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimited | ErrorKind::QuotaExceeded => "RESOURCE_EXHAUSTED",
        ErrorKind::Overloaded => "UNAVAILABLE",
        ErrorKind::Server => "INTERNAL",
        ErrorKind::BadRequest | ErrorKind::ContextLength => "INVALID_ARGUMENT",
        ErrorKind::Auth => "UNAUTHENTICATED",
        ErrorKind::NotFound | ErrorKind::NoSuchPath => "NOT_FOUND",
    }
}
