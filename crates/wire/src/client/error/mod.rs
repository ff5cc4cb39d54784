//! What a vendor's error means: kind, fault, and whether to try again.
//!
//! In: status, headers and body of a refused call, or an error object inside a body that began
//! with HTTP 200. Out: a [`Failure`](trilemma_domain::Failure). `body` reads the many shapes of
//! error objects, `retry` the vendor's advice, `classify` puts them together.

mod body;
mod classify;
mod retry;

pub use classify::decode_error;
pub(crate) use classify::in_stream;
