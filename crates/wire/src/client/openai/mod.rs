//! OpenAI chat completions, compatible servers, and Azure.
//!
//! `request` encodes, `body` is its JSON; `chunk` reads bodies and stream events, which share one shape,
//! `logprobs` what they say of single tokens; `usage` normalises token counts. Sources: types of the openai Python package 3.54.0 and the vendors'
//! pages, 2026-11.

mod body;
mod chunk;
mod logprobs;
mod request;
mod usage;

pub(crate) use body::{Address, JsonText};
pub(crate) use chunk::absorb;
pub(crate) use request::{azure_path, encode};
pub(crate) use usage::normalise;
