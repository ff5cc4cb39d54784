//! The shapes of error bodies.
//!
//! In: any bytes. Out: [`ErrorInfo`], empty where nothing was recognised. Read: OpenAI
//! `{"error":{message,type,param,code}}`, Anthropic `{"type":"error","error":{type,message}}`,
//! Gemini `{"error":{code,message,status,details}}` and the same inside a list, older vLLM and
//! SGLang `{"object":"error","message","type","code"}`, OpenRouter's numeric codes and
//! `metadata.raw`, Responses' `{"type":"error",code,message}` and `{"response":{"error":…}}`, FastAPI `{"detail":…}`, plain `{"error":"text"}`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::lenient::{Word, parse_repaired};
use crate::client::reset::seconds;

/// What an error body says; empty text = it does not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ErrorInfo {
    /// For people.
    pub(crate) message: String,
    /// `type` (OpenAI, Anthropic) or `status` (Gemini).
    pub(crate) kind: String,
    /// `code`, when it is a word.
    pub(crate) code: String,
    /// `code`, when it is an HTTP status.
    pub(crate) status: Option<u16>,
    /// `reason` of Gemini's ErrorInfo detail.
    pub(crate) reason: String,
    /// `retryDelay` of Gemini's RetryInfo detail.
    pub(crate) retry_delay: Option<Duration>,
}

#[derive(Debug, Default, Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, borrow)]
    x_groq: Option<&'a RawValue>,
    /// Where the events of Responses have it.
    #[serde(default, borrow)]
    response: Option<&'a RawValue>,
    #[serde(default, borrow)]
    detail: Option<&'a RawValue>,
    #[serde(default, borrow)]
    message: Word<'a>,
    #[serde(default, borrow, rename = "type")]
    kind: Word<'a>,
    #[serde(default, borrow)]
    code: Word<'a>,
    #[serde(default, borrow)]
    status: Word<'a>,
    #[serde(default, borrow)]
    details: Option<&'a RawValue>,
    #[serde(default, borrow)]
    metadata: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct Detail<'a> {
    #[serde(default, borrow, rename = "retryDelay")]
    retry_delay: Word<'a>,
    #[serde(default, borrow)]
    reason: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata<'a> {
    #[serde(default, borrow)]
    raw: Word<'a>,
    #[serde(default, borrow)]
    provider_name: Word<'a>,
}

/// Reads an error body; what is not recognised is left empty.
pub(crate) fn read(body: &[u8]) -> ErrorInfo {
    parse_repaired(body, &mut |bytes| {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(&b'[') {
            let list: Vec<Envelope<'_>> = serde_json::from_slice(bytes)?;
            Ok(list.first().map(open).unwrap_or_default())
        } else {
            let envelope: Envelope<'_> = serde_json::from_slice(bytes)?;
            Ok(open(&envelope))
        }
    })
    .unwrap_or_default()
}

/// Looks into an envelope: the error lies inside it, or is it.
fn open(envelope: &Envelope<'_>) -> ErrorInfo {
    if let Some(inner) = envelope.error {
        return inner_error(inner.get());
    }
    for around in [envelope.x_groq, envelope.response].into_iter().flatten() {
        let inner: Envelope<'_> = serde_json::from_str(around.get()).unwrap_or_default();
        if let Some(error) = inner.error {
            return inner_error(error.get());
        }
    }
    let mut info = flat(envelope);
    if info.message.is_empty()
        && let Some(detail) = envelope.detail
    {
        info.message = word_or_json(detail.get());
    }
    info
}

fn inner_error(json: &str) -> ErrorInfo {
    match serde_json::from_str::<Envelope<'_>>(json) {
        Ok(inner) if json.trim_start().starts_with('{') => flat(&inner),
        Ok(_) | Err(_) => ErrorInfo {
            message: word_or_json(json),
            ..ErrorInfo::default()
        },
    }
}

fn flat(object: &Envelope<'_>) -> ErrorInfo {
    let code = object.code.or_empty();
    let status: Option<u16> = code.parse().ok();
    let mut info = ErrorInfo {
        message: object.message.or_empty().to_owned(),
        kind: object
            .kind
            .text()
            .or(object.status.text())
            .unwrap_or_default()
            .to_owned(),
        code: if status.is_none() { code } else { "" }.to_owned(),
        status,
        ..ErrorInfo::default()
    };
    read_details(object, &mut info);
    info
}

fn read_details(object: &Envelope<'_>, info: &mut ErrorInfo) {
    let details = object.details.map_or("[]", RawValue::get);
    let details: Vec<Detail<'_>> = serde_json::from_str(details).unwrap_or_default();
    for detail in &details {
        let delay = detail.retry_delay.text();
        let delay = delay.and_then(|text| seconds(text.strip_suffix('s')?));
        info.retry_delay = info.retry_delay.or(delay);
        if info.reason.is_empty() {
            detail.reason.or_empty().clone_into(&mut info.reason);
        }
    }
    let metadata = object.metadata.map_or("{}", RawValue::get);
    let metadata: Metadata<'_> = serde_json::from_str(metadata).unwrap_or_default();
    for text in [metadata.provider_name.text(), metadata.raw.text()]
        .into_iter()
        .flatten()
    {
        info.message.push_str(": ");
        info.message.push_str(text);
    }
}

/// A JSON string as its text, any other value as its JSON.
fn word_or_json(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: (&str, &str, &str, Option<u16>)) {
        let info = read(body.as_bytes());
        let found = (
            info.message.as_str(),
            info.kind.as_str(),
            info.code.as_str(),
            info.status,
        );
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn every_known_shape_is_read() {
        check(
            r#"{"error":{"message":"No such model","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
            (
                "No such model",
                "invalid_request_error",
                "model_not_found",
                None,
            ),
        );
        check(
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Busy"},"request_id":"req_1"}"#,
            ("Busy", "overloaded_error", "", None),
        );
        check(
            r#"[{"error":{"code":429,"message":"Slow down","status":"RESOURCE_EXHAUSTED"}}]"#,
            ("Slow down", "RESOURCE_EXHAUSTED", "", Some(429)),
        );
        check(
            r#"{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}"#,
            ("too long", "BadRequestError", "", Some(400)),
        );
        check(
            r#"{"error":{"code":502,"message":"Provider returned error","metadata":{"raw":"upstream down","provider_name":"Acme"}}}"#,
            (
                "Provider returned error: Acme: upstream down",
                "",
                "",
                Some(502),
            ),
        );
        check(
            r#"{"error":"model is loading"}"#,
            ("model is loading", "", "", None),
        );
        check(r#"{"detail":"Not Found"}"#, ("Not Found", "", "", None));
        check(
            r#"{"detail":[{"loc":["body"]}]}"#,
            (r#"[{"loc":["body"]}]"#, "", "", None),
        );
        check(
            r#"{"type":"error","code":"server_error","message":"Sorry","param":null,"sequence_number":3}"#,
            ("Sorry", "error", "server_error", None),
        );
        check(
            r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow"}}}"#,
            ("Slow", "", "rate_limit_exceeded", None),
        );
        check("<html>502</html>", ("", "", "", None));
        check("[]", ("", "", "", None));
    }

    #[test]
    fn gemini_details_hold_delay_and_reason() {
        let body = r#"{"error":{"code":429,"details":[
            {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{}]},
            {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT"},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"46.5s"}]}}"#;
        let info = read(body.as_bytes());
        assert_eq!(info.retry_delay, Some(Duration::from_millis(46_500)));
        assert_eq!(info.reason, "RATE_LIMIT");
    }
}
