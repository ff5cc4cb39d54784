//! Server side of every dialect: what the simulator and the gateway speak to clients.
//!
//! In: the method, path and body of a request, or a neutral answer. Out: a neutral request, or the
//! bytes of a response, of stream events or of an error. [`route`] tells which dialect a path
//! belongs to, [`decode_request`] reads a whole request and [`peek_request`] only what a simulator
//! needs of it; [`encode_response`], [`StreamEncoder`] and [`encode_error`] write.
//! It opens no connection, knows no clock and checks no key.
//!
//! Source of the formats: the vendors' API references and the behaviour of their official SDKs
//! (openai 3.54, anthropic 2.12, google-genai 3.4 for Python), November 2026.

mod anthropic;
mod error;
mod gemini;
mod headers;
mod models;
mod object;
mod openai;
mod peek;
mod plain;
mod request;
mod response;
mod responses;
mod route;
mod stream;
mod text;

#[cfg(test)]
mod tests;

pub use error::{
    ErrorKind, ErrorReply, encode_error, encode_error_event, encode_error_event_of, encode_error_of,
};
pub use headers::{
    Bucket, RateState, USAGE_ESTIMATED, USAGE_HEADER, rate_headers, request_id_header,
    retry_after_headers,
};
pub use models::{encode_model, encode_models};
pub use peek::{Peek, peek_request};
pub use plain::plain_files;
pub use request::{RequestError, ServerRequest, decode_request, plain_words};
pub use response::encode_response;
pub use route::{Endpoint, Route, percent_decode, route};
pub use stream::{Framing, StreamEncoder, StreamHead};
