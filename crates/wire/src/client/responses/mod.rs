//! OpenAI Responses, without stored state.
//!
//! `request` encodes, `body` is its JSON; `response` reads bodies; `stream` reads events; `usage`
//! normalises token counts. Sources: types of the openai Python package 3.54.0 and the vendor's pages, 2026-11.

mod body;
mod request;
mod response;
mod stream;
mod usage;

pub(crate) use request::encode;
pub(crate) use response::absorb_body;
pub(crate) use stream::absorb_event;
pub(crate) use usage::normalise;
