//! Client side: encode requests, decode responses, streams, errors, limits.
//!
//! In: a neutral [`ChatRequest`](trilemma_domain::ChatRequest) and the bytes that a vendor sends
//! back. Out: bytes to send, a neutral [`ChatResponse`](trilemma_domain::ChatResponse) or a
//! [`Failure`](trilemma_domain::Failure) that says whose fault it was and whether to try again.
//! No I/O, no clock, no keys. Facts about the vendors' formats were read in their official client
//! packages (openai 3.54.0, anthropic 2.12.0, google-genai 3.4.0) and documentation, 2026-11;
//! each module names what it relies on.

mod answer;
mod anthropic;
mod auth;
mod embeddings;
mod error;
mod extra;
mod fault;
mod frames;
mod gemini;
mod headers;
mod lenient;
mod limits;
mod openai;
mod pipeline;
mod request;
mod reset;
mod response;
mod responses;
mod schema;
mod stream;

pub use answer::Piece;
pub use anthropic::{DEFAULT_MAX_TOKENS as ANTHROPIC_DEFAULT_MAX_TOKENS, has_output_format};
pub use auth::{AuthHeader, KeyKind, auth_header};
pub use embeddings::{Vectors, decode_embeddings, decode_vectors, encode_embeddings, encode_texts};
pub use error::decode_error;
pub use headers::{Headers, request_id, service_tier};
pub use limits::{RateLimits, Window, rate_limits};
pub use pipeline::{PipelineReply, decode_pipeline, is_place};
pub use request::{EncodeError, WireRequest, encode_request, holds_to_schema};
pub use response::decode_response;
pub use stream::{Progress, StreamDecoder, StreamEnd};
