//! Anthropic Messages.
//!
//! `request` encodes, `body` is its JSON; `response` reads bodies; `stream` reads events; `usage` normalises token
//! counts. Sources: types of the anthropic Python package 2.12.0 and the vendor's pages, 2026-11.

mod body;
mod request;
mod response;
mod stream;
mod usage;

pub use request::{DEFAULT_MAX_TOKENS, has_output_format};

pub(crate) use request::{encode, takes_format};
pub(crate) use response::absorb_body;
pub(crate) use stream::Blocks;
pub(crate) use usage::normalise;
