//! Complete answers.
//!
//! In: the body of an answer with HTTP 200. Out: a [`ChatResponse`], or why it is none.

use trilemma_domain::{ChatResponse, Dialect, Failure, Usage};

use super::answer::{Answer, Marks};
use super::error::in_stream;
use super::fault::malformed;
use super::lenient::parse_repaired;
use super::{anthropic, gemini, openai, responses};

/// Reads a complete answer.
///
/// Bytes that are no UTF-8 and halves of surrogate pairs become U+FFFD; they are no error.
///
/// # Errors
///
/// [`Malformed`](trilemma_domain::FailureKind::Malformed) when the body is not what the dialect
/// says, [`InStream`](trilemma_domain::FailureKind::InStream) when it is an error in spite of its
/// status, with fault and retry advice from the error inside.
pub fn decode_response(dialect: Dialect, body: &[u8]) -> Result<ChatResponse, Failure> {
    let mut answer = Answer::default();
    match absorb_body(dialect, body, &mut answer) {
        Ok(marks) if marks.is_error => Err(in_stream(dialect, body)),
        Ok(marks) if !marks.has_content => Err(malformed("there is no answer in the body", body)),
        Ok(_) => Ok(answer.into_response(normaliser(dialect))),
        Err(error) => Err(malformed(&not_json(dialect, &error), body)),
    }
}

/// Reads one complete body into an answer.
pub(crate) fn absorb_body(
    dialect: Dialect,
    body: &[u8],
    answer: &mut Answer,
) -> Result<Marks, serde_json::Error> {
    let absorb = match dialect {
        Dialect::OpenAi | Dialect::Azure => openai::absorb,
        Dialect::Anthropic => anthropic::absorb_body,
        Dialect::Gemini => gemini::absorb,
        Dialect::Responses => responses::absorb_body,
    };
    parse_repaired(body, &mut |json| absorb(json, answer))
}

/// The dialect's reading of token counts.
pub(crate) fn normaliser(dialect: Dialect) -> fn(&str) -> Option<Usage> {
    match dialect {
        Dialect::OpenAi | Dialect::Azure => openai::normalise,
        Dialect::Anthropic => anthropic::normalise,
        Dialect::Gemini => gemini::normalise,
        Dialect::Responses => responses::normalise,
    }
}

/// What to say when the JSON cannot be read.
pub(crate) fn not_json(dialect: Dialect, error: &serde_json::Error) -> String {
    format!("the body is no {dialect} answer ({error})")
}
