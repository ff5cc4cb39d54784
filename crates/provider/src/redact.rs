//! Removes a secret from what came back, should a server repeat it.
//!
//! Vendors mask keys in their error texts; other servers behind a base URL may not, and some repeat
//! the request's headers. In: what is about to be recorded, and the secret. Out: the same with `***`
//! in its place. A secret that a server encodes (Base64, percent signs) is not recognised.

use serde_json::Value;
use trilemma_domain::{Attempt, ChatResponse, Failure};

use crate::secret::Secret;

pub(crate) const MASK: &str = "***";
/// Shorter ones would mask ordinary words.
const MIN_CHARS: usize = 6;
/// Least part of a secret that is taken for it where a message was cut short, in bytes.
const MIN_PART: usize = 8;

/// Masks the secret in a failure's message, also where an excerpt ends in the middle of it.
pub(crate) fn failure(failure: &mut Failure, secret: Option<&Secret>) {
    if let Some(secret) = worth_masking(secret) {
        failure_text(failure, secret);
    }
}

/// Masks a text in a failure's message.
pub(crate) fn failure_text(failure: &mut Failure, secret: &str) {
    let part = secret.get(..MIN_PART).unwrap_or(secret);
    if !failure.message.contains(part) {
        return;
    }
    let mut masked = String::with_capacity(failure.message.len());
    let mut rest = failure.message.as_str();
    while let Some((before, after)) = rest.split_once(part) {
        masked.push_str(before);
        masked.push_str(MASK);
        let tail = secret.get(part.len()..).unwrap_or_default();
        let n_same = after
            .bytes()
            .zip(tail.bytes())
            .take_while(|(ours, theirs)| ours == theirs)
            .count();
        // Secrets are visible ASCII, so that every length of a match is a boundary.
        rest = after.get(n_same..).unwrap_or_default();
    }
    masked.push_str(rest);
    failure.message = masked;
}

/// Masks the secret in what is recorded of an attempt besides its failure.
pub(crate) fn attempt(attempt: &mut Attempt, secret: Option<&Secret>) {
    if let Some(secret) = worth_masking(secret) {
        attempt_text(attempt, secret);
    }
}

/// Masks a text in what is recorded of an attempt besides its failure.
pub(crate) fn attempt_text(attempt: &mut Attempt, secret: &str) {
    if let Some(id) = &mut attempt.request_id {
        text(id, secret);
    }
    if let Some(raw) = &mut attempt.raw_body {
        body(raw, secret);
    }
}

/// Masks the secret in an answer.
pub(crate) fn response(response: &mut ChatResponse, secret: Option<&Secret>) {
    if let Some(secret) = worth_masking(secret) {
        response_text(response, secret);
    }
}

/// Masks a text in an answer.
pub(crate) fn response_text(response: &mut ChatResponse, secret: &str) {
    text(&mut response.text, secret);
    let others = [
        &mut response.reasoning,
        &mut response.refusal,
        &mut response.served_model,
        &mut response.system_fingerprint,
        &mut response.response_id,
    ];
    for other in others.into_iter().flatten() {
        text(other, secret);
    }
    for call in &mut response.tool_calls {
        text(&mut call.id, secret);
        text(&mut call.name, secret);
        value(&mut call.arguments, secret);
    }
    if let Some(usage) = &mut response.raw_usage {
        value(usage, secret);
    }
    for place in &mut response.first_tokens {
        let all = std::iter::once(&mut place.taken).chain(&mut place.likely);
        for one in all {
            text(&mut one.token, secret);
        }
    }
}

/// Masks the secret in what an answer's pieces were joined to; each piece has been masked by itself.
pub(crate) fn joined(response: &mut ChatResponse, secret: Option<&Secret>) {
    let Some(secret) = worth_masking(secret) else {
        return;
    };
    text(&mut response.text, secret);
    let others = [&mut response.reasoning, &mut response.refusal];
    for other in others.into_iter().flatten() {
        text(other, secret);
    }
    for call in &mut response.tool_calls {
        value(&mut call.arguments, secret);
    }
}

/// Masks the secret in bytes as received.
pub(crate) fn bytes(bytes: &mut Vec<u8>, secret: Option<&Secret>) {
    if let Some(secret) = worth_masking(secret) {
        body(bytes, secret);
    }
}

/// The bytes with the secret masked; `None` = it does not occur.
pub(crate) fn masked(bytes: &[u8], secret: Option<&Secret>) -> Option<Vec<u8>> {
    let secret = worth_masking(secret)?;
    memchr::memmem::find(bytes, secret.as_bytes())?;
    let mut bytes = bytes.to_vec();
    body(&mut bytes, secret);
    Some(bytes)
}

fn text(text: &mut String, secret: &str) {
    if text.contains(secret) {
        *text = text.replace(secret, MASK);
    }
}

/// Masks by way of the JSON text, so that names of fields are covered too.
fn value(value: &mut Value, secret: &str) {
    let json = value.to_string();
    if json.contains(secret) {
        *value = serde_json::from_str(&json.replace(secret, MASK)).unwrap_or_default();
    }
}

fn body(body: &mut Vec<u8>, secret: &str) {
    let mut masked: Vec<u8> = Vec::new();
    let mut rest: &[u8] = body;
    while let Some((before, after)) = split_once(rest, secret.as_bytes()) {
        masked.extend_from_slice(before);
        masked.extend_from_slice(MASK.as_bytes());
        rest = after;
    }
    if !masked.is_empty() {
        masked.extend_from_slice(rest);
        *body = masked;
    }
}

/// The text of a secret that is looked for; `None` = there is none, or it is too short.
pub(crate) fn worth_masking(secret: Option<&Secret>) -> Option<&str> {
    secret
        .map(Secret::text)
        .filter(|text| text.len() >= MIN_CHARS)
}

fn split_once<'a>(bytes: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes
        .windows(needle.len())
        .position(|window| window == needle)?;
    Some((bytes.get(..at)?, bytes.get(at + needle.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::{FailureKind, FaultSource, Retry};
    use trilemma_wire::client::KeyKind;

    #[test]
    fn a_repeated_key_is_masked_everywhere() {
        let secret = Secret::new("sk-123456", KeyKind::ApiKey, "https://a.example").unwrap();
        let mut broken = Failure::new(
            FailureKind::Auth,
            FaultSource::Caller,
            Retry::No,
            "bad key sk-123456!",
        );
        failure(&mut broken, Some(&secret));
        assert_eq!(broken.message, "bad key ***!");
        let mut raw = b"sk-123456 and sk-123456".to_vec();
        body(&mut raw, secret.text());
        assert_eq!(raw, b"*** and ***");
    }

    #[test]
    fn a_part_of_a_key_is_masked_in_messages() {
        let secret = Secret::new("sk-0123456789", KeyKind::ApiKey, "https://a.example").unwrap();
        let check = |message: &str, masked: &str| {
            let mut broken = Failure::new(
                FailureKind::Malformed,
                FaultSource::Vendor,
                Retry::No,
                message,
            );
            failure(&mut broken, Some(&secret));
            assert_eq!(broken.message, masked);
        };
        check("it begins with `sk-01234567`", "it begins with `***`");
        check("sk-01234, sk-0123456789é", "***, ***é");
        check("keys begin with sk-0", "keys begin with sk-0");
    }

    #[test]
    fn an_answer_that_repeats_a_key_is_masked() {
        let secret = Secret::new("sk-0123456789", KeyKind::ApiKey, "https://a.example").unwrap();
        let mut answer = ChatResponse {
            text: "it is sk-0123456789".to_owned(),
            served_model: Some("sk-0123456789".to_owned()),
            tool_calls: vec![trilemma_domain::ToolCall {
                id: String::new(),
                name: "call".to_owned(),
                arguments: serde_json::json!({"sk-0123456789": ["sk-0123456789", 1]}),
            }],
            ..ChatResponse::default()
        };
        let mut whole = answer.clone();
        joined(&mut whole, None);
        assert_eq!(whole.text, "it is sk-0123456789");
        joined(&mut whole, Some(&secret));
        assert_eq!(whole.text, "it is ***");
        assert_eq!(
            whole.tool_calls[0].arguments,
            serde_json::json!({"***": ["***", 1]})
        );
        response(&mut answer, Some(&secret));
        assert_eq!(answer.text, "it is ***");
        assert_eq!(answer.served_model.as_deref(), Some("***"));
        assert_eq!(
            answer.tool_calls[0].arguments,
            serde_json::json!({"***": ["***", 1]})
        );
    }
}
