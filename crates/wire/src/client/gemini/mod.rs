//! Google Gemini `generateContent` and `streamGenerateContent`.
//!
//! `request` encodes, `body` is its JSON; `chunk` reads bodies and stream events, which share one shape; `usage`
//! normalises token counts. Sources: types of the google-genai Python package 3.4.0 and the
//! vendor's pages, 2026-11.

mod body;
mod chunk;
mod request;
mod usage;

pub(crate) use chunk::absorb;
pub(crate) use request::encode;
pub(crate) use usage::normalise;
