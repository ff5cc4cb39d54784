//! Embeddings in OpenAI's words, which several vendors share.
//!
//! In: a target, or the body of an answer. Out: where and how to ask, or who answered and how many
//! tokens it took. The vectors are not read: they pass from the vendor to whoever asked.
//!
//! Source: types of the openai Python package 3.54.0.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use trilemma_domain::{ChatResponse, Dialect, Failure, Target, Usage};

use super::error::in_stream;
use super::fault::malformed;
use super::lenient::{Count, Word, from_object};
use super::openai::azure_path;
use super::request::{EncodeError, WireRequest};

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(default, borrow)]
    model: Word<'a>,
    #[serde(default)]
    data: Option<Vec<IgnoredAny>>,
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct WireUsage {
    #[serde(default)]
    prompt_tokens: Count,
    #[serde(default)]
    total_tokens: Count,
}

/// Path and headers of a request for embeddings; its body is the caller's own.
///
/// # Errors
///
/// [`EncodeError`] for dialects that ask for embeddings in words of their own.
pub fn encode_embeddings(target: &Target) -> Result<WireRequest, EncodeError> {
    let path_and_query = match target.dialect {
        Dialect::OpenAi | Dialect::Responses => "/embeddings".to_owned(),
        Dialect::Azure => azure_path(target, "embeddings")?,
        Dialect::Anthropic | Dialect::Gemini => {
            return Err(EncodeError::Unsupported {
                dialect: target.dialect,
                what: "embeddings as OpenAI asks for them".to_owned(),
                hint: "use a provider of dialect openai or azure",
            });
        }
    };
    let json = || "application/json".to_owned();
    Ok(WireRequest {
        path_and_query,
        headers: vec![("content-type", json()), ("accept", json())],
        body: Vec::new(),
    })
}

/// Reads who answered and how many tokens it took; the answer has no text.
///
/// # Errors
///
/// [`Malformed`](trilemma_domain::FailureKind::Malformed) when there are no vectors in the body,
/// [`InStream`](trilemma_domain::FailureKind::InStream) when it is an error in spite of its status.
pub fn decode_embeddings(body: &[u8]) -> Result<ChatResponse, Failure> {
    let read: Body<'_> = from_object(body)
        .map_err(|error| malformed(&format!("the body holds no embeddings ({error})"), body))?;
    if read.error.is_some() {
        return Err(in_stream(Dialect::OpenAi, body));
    }
    if read.data.is_none() {
        return Err(malformed("there are no embeddings in the body", body));
    }
    let raw = read.usage.map(RawValue::get);
    Ok(ChatResponse {
        served_model: read.model.text().map(str::to_owned),
        usage: raw.and_then(usage),
        raw_usage: raw.and_then(|raw| serde_json::from_str(raw).ok()),
        ..ChatResponse::default()
    })
}

fn usage(json: &str) -> Option<Usage> {
    let wire: WireUsage = serde_json::from_str(json).ok()?;
    Some(Usage {
        input_uncached: wire.prompt_tokens.0.or(wire.total_tokens.0)?,
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_input_is_counted() {
        let body = br#"{"object":"list","model":"e-1","data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":8,"total_tokens":8}}"#;
        let answer = decode_embeddings(body).unwrap();
        let usage = answer.usage.unwrap();
        assert_eq!((usage.input_uncached, usage.output), (8, 0));
        assert_eq!(answer.served_model.as_deref(), Some("e-1"));
        assert_eq!(decode_embeddings(br#"{"data":[]}"#).unwrap().usage, None);
        for broken in [
            "",
            "[]",
            "{}",
            r#"{"data":1}"#,
            r#"{"error":{"message":"no"}}"#,
        ] {
            assert!(decode_embeddings(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
