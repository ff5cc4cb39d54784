//! Whole answers, by dialect.
//!
//! In: a neutral answer. Out: the body of a 200. A fact that the dialect cannot express is left
//! out (Anthropic and Gemini have no fingerprint of the back end).

use trilemma_domain::{ChatResponse, Dialect};

use super::{anthropic, gemini, openai, responses};

/// How an answer that the model declined says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Withheld {
    /// A text says it.
    InWords,
    /// Nothing but the reason to stop says it.
    Silently,
}

impl Withheld {
    /// Of an answer with this text of a refusal.
    pub(super) fn of(refusal: Option<&str>) -> Self {
        match refusal {
            Some(text) if !text.is_empty() => Self::InWords,
            Some(_) | None => Self::Silently,
        }
    }
}

/// Writes the body of a whole answer; `created_unix_s` is the date that OpenAI's body carries.
#[must_use]
pub fn encode_response(dialect: Dialect, response: &ChatResponse, created_unix_s: i64) -> Vec<u8> {
    match dialect {
        Dialect::OpenAi | Dialect::Azure => openai::response(response, created_unix_s),
        Dialect::Anthropic => anthropic::response(response),
        Dialect::Gemini => gemini::response(response),
        Dialect::Responses => responses::response(response, created_unix_s),
    }
}
