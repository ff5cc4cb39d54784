//! Embeddings in OpenAI's words, which several vendors share.
//!
//! In: a target, texts, or the body of an answer. Out: where and how to ask, who answered, how many tokens it took, and
//! the vectors, where they are not just passed from the vendor to whoever asked.
//!
//! Source: types of the openai Python package 3.54.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
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

/// Vectors of some texts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vectors {
    /// One per text, in the order of the texts; all of one length, all numbers finite.
    pub vectors: Vec<Vec<f32>>,
    /// Name of the model that answered; `None` = not said.
    pub served_model: Option<String>,
    /// Tokens; `None` = not said.
    pub usage: Option<Usage>,
}

/// Longest vector that is read.
const MAX_DIMENSIONS: usize = 8_192;

#[derive(Deserialize)]
struct WireVector {
    #[serde(default)]
    index: Option<usize>,
    embedding: Numbers,
}

/// Numbers, or their four bytes each, the lowest first, in Base64: some servers give nothing else.
#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    Plain(Vec<f32>),
    Packed(String),
}

/// The body of a request for vectors of some texts.
#[must_use]
pub fn encode_texts(target: &Target, texts: &[&str]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Ask<'a> {
        model: &'a str,
        input: &'a [&'a str],
        encoding_format: &'a str,
    }
    let ask = Ask {
        model: &target.model,
        input: texts,
        encoding_format: "float",
    };
    // Texts alone: nothing in it can fail.
    serde_json::to_vec(&ask).unwrap_or_default()
}

/// Reads vectors of so many texts.
///
/// # Errors
///
/// As [`decode_embeddings`]; also `Malformed` where texts lack a vector, or vectors are empty, of several lengths, longer
/// than 8,192, or hold numbers that are not finite.
pub fn decode_vectors(body: &[u8], n_texts: usize) -> Result<Vectors, Failure> {
    #[derive(Deserialize)]
    struct Data {
        data: Vec<WireVector>,
    }
    let head = decode_embeddings(body)?;
    let read: Data = serde_json::from_slice(body)
        .map_err(|error| malformed(&format!("the vectors cannot be read ({error})"), body))?;
    let mut slots: Vec<Option<Vec<f32>>> = vec![None; n_texts];
    for (place, one) in read.data.into_iter().enumerate() {
        let slot = slots.get_mut(one.index.unwrap_or(place));
        let vector = one.embedding.numbers();
        match (slot, vector) {
            (Some(slot @ None), Some(vector)) => *slot = Some(vector),
            _ => return Err(malformed("a vector cannot be read, or stands twice", body)),
        }
    }
    let vectors: Option<Vec<Vec<f32>>> = slots.into_iter().collect();
    let vectors =
        vectors.ok_or_else(|| malformed(&format!("there are not {n_texts} vectors"), body))?;
    let n_numbers = vectors.first().map_or(1, Vec::len);
    let is_sound = |one: &Vec<f32>| one.len() == n_numbers && one.iter().all(|x| x.is_finite());
    if n_numbers == 0 || n_numbers > MAX_DIMENSIONS || !vectors.iter().all(is_sound) {
        let problem = "vectors are empty, too long, of several lengths or not finite";
        return Err(malformed(problem, body));
    }
    Ok(Vectors {
        vectors,
        served_model: head.served_model,
        usage: head.usage,
    })
}

impl Numbers {
    fn numbers(self) -> Option<Vec<f32>> {
        let packed = match self {
            Self::Plain(numbers) => return Some(numbers),
            Self::Packed(packed) => packed,
        };
        let bytes = STANDARD.decode(packed).ok()?;
        let (whole, rest) = bytes.as_chunks::<4>();
        rest.is_empty()
            .then(|| whole.iter().map(|four| f32::from_le_bytes(*four)).collect())
    }
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
    fn vectors_come_in_the_order_of_the_texts() {
        let body = br#"{"model":"e","data":[{"index":1,"embedding":[0.5,-1]},
            {"index":0,"embedding":"AACAPwAAAEA="}],"usage":{"prompt_tokens":7}}"#;
        let read = decode_vectors(body, 2).unwrap();
        assert_eq!(read.vectors, [vec![1.0, 2.0], vec![0.5, -1.0]]);
        assert_eq!(read.usage.unwrap().input_uncached, 7);
        assert_eq!(read.served_model.as_deref(), Some("e"));
        let bare = br#"{"data":[{"embedding":[1]},{"embedding":[2]}]}"#;
        assert_eq!(decode_vectors(bare, 2).unwrap().vectors, [[1.0], [2.0]]);
    }

    #[test]
    fn what_are_no_vectors_is_refused() {
        let one =
            |embedding: &str| format!(r#"{{"data":[{{"index":0,"embedding":{embedding}}}]}}"#);
        let long = format!("[{}1]", "1,".repeat(MAX_DIMENSIONS));
        for embedding in [
            "[]", "[1e39]", "\"AAA=\"", "\"?\"", "null", "{}", "[\"1\"]", &long,
        ] {
            let error = decode_vectors(one(embedding).as_bytes(), 1);
            assert!(error.is_err(), "{embedding}");
        }
        let fine = one("[1]");
        assert!(decode_vectors(fine.as_bytes(), 1).is_ok());
        for broken in [
            fine.replace("\"index\":0", "\"index\":1"),
            fine.replace("}]", "},{\"index\":0,\"embedding\":[1]}]"),
            r#"{"data":[]}"#.to_owned(),
            "[".to_owned(),
        ] {
            assert!(decode_vectors(broken.as_bytes(), 1).is_err(), "{broken}");
        }
        let two = r#"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#;
        assert!(decode_vectors(two.as_bytes(), 2).is_err());
    }

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
