//! The few fields of a client's body that the gateway reads and replaces, found in place.
//!
//! In: the body as it came. Out: values with their places, and the body with some of them replaced
//! and others put in front. Everything else stays byte for byte.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use trilemma_wire::server::plain_words;

/// What was read of a body.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Peek {
    /// The model that the client names.
    pub(crate) model: String,
    model_at: Range<usize>,
    /// Whether a stream is asked for.
    pub(crate) stream: bool,
    /// OpenAI: whether the client wants usage at the end of a stream.
    pub(crate) include_usage: bool,
    options: Option<(Range<usize>, Map<String, Value>)>,
    /// Answers asked for at once.
    pub(crate) n_answers: u64,
    /// Responses: the first field that needs what the vendor stores.
    pub(crate) stored: Option<&'static str>,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(borrow, default, deserialize_with = "as_written")]
    stream_options: Option<&'a RawValue>,
    #[serde(default)]
    n: Option<u64>,
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    previous_response_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    conversation: Option<&'a RawValue>,
    #[serde(borrow, default)]
    prompt: Option<&'a RawValue>,
    #[serde(borrow, default)]
    background: Option<&'a RawValue>,
    #[serde(borrow, default)]
    store: Option<&'a RawValue>,
}

/// What a body is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Chat completions or Messages.
    Messages,
    /// Responses.
    Responses,
    /// Embeddings.
    Embeddings,
}

impl Fields<'_> {
    /// The form of a body whose path does not tell.
    fn form(&self) -> Form {
        if self.messages.is_none() && self.input.is_some() {
            Form::Responses
        } else {
            Form::Messages
        }
    }

    fn stored(&self) -> Option<&'static str> {
        let says_yes = |raw: Option<&RawValue>| raw.is_some_and(|raw| raw.get() == "true");
        if says_yes(self.background) {
            Some("background")
        } else if self.previous_response_id.is_some() {
            Some("previous_response_id")
        } else if self.conversation.is_some() {
            Some("conversation")
        } else if self.prompt.is_some() {
            Some("prompt")
        } else if says_yes(self.store) {
            Some("store")
        } else {
            None
        }
    }
}

/// A value that is there, also where it is null.
fn as_written<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads a body; without a `form` its fields tell.
///
/// # Errors
/// What is wrong with it, for the client.
pub(crate) fn peek(body: &[u8], form: Option<Form>) -> Result<(Peek, Form), String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    if !is_object(body) {
        return Err("the body is no JSON object".to_owned());
    }
    let fields: Fields<'_> = serde_json::from_str(text)
        .map_err(|error| format!("the body is no request: {}", plain_words(&error)))?;
    let model = fields.model.ok_or("the body names no `model`".to_owned())?;
    let form = form.unwrap_or(fields.form());
    match form {
        Form::Messages if fields.messages.is_none() => {
            return Err("the body has no `messages`".to_owned());
        }
        Form::Embeddings if fields.input.is_none() => {
            return Err("the body has no `input`".to_owned());
        }
        // A stored prompt or conversation may hold all the input there is.
        Form::Responses if fields.input.is_none() && fields.stored().is_none() => {
            return Err("the body has no `input`".to_owned());
        }
        Form::Messages | Form::Embeddings | Form::Responses => {}
    }
    let options = match fields.stream_options {
        None => None,
        Some(raw) => {
            let map: Option<Map<String, Value>> = serde_json::from_str(raw.get())
                .map_err(|_| "`stream_options` is no object".to_owned())?;
            Some((place(text, raw), map.unwrap_or_default()))
        }
    };
    let include_usage = options
        .as_ref()
        .and_then(|(_, map)| map.get("include_usage"))
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let peek = Peek {
        model_at: place(text, model),
        model: serde_json::from_str(model.get()).map_err(|_| "`model` is no text".to_owned())?,
        stream: fields.stream.unwrap_or(false),
        include_usage,
        options,
        n_answers: fields.n.unwrap_or(1).max(1),
        stored: (form == Form::Responses).then(|| fields.stored()).flatten(),
    };
    Ok((peek, form))
}

/// Whether a body begins as an object does: records could be read from a list of their fields, too.
pub(crate) fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

/// Names of the fields of a body that has been read before; of those that say `null`, which is as if they were left
/// out, also where it stands.
pub(crate) fn field_names(body: &[u8]) -> BTreeMap<String, Option<Range<usize>>> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
    let null_at = |raw: &RawValue| (raw.get() == "null").then(|| place(text, raw));
    fields
        .into_iter()
        .map(|(name, raw)| (name, null_at(raw)))
        .collect()
}

/// A field that the client has left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing<'a> {
    pub(crate) name: &'a str,
    /// What it is to say, as JSON.
    pub(crate) json: &'a str,
    /// Where the client says `null` instead.
    pub(crate) null_at: Option<Range<usize>>,
}

/// Where a value stands in the text that it was borrowed from.
pub(crate) fn place(text: &str, raw: &RawValue) -> Range<usize> {
    let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
    start..start + raw.get().len()
}

impl Peek {
    /// The body with another model's name; `with_usage` also asks for usage at a stream's end;
    /// `missing` are fields that the client has left out.
    pub(crate) fn spliced(
        &self,
        body: &Bytes,
        model: Option<&str>,
        with_usage: WithUsage,
        missing: &[Missing<'_>],
    ) -> Bytes {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut front = String::new();
        if let Some(model) = model.filter(|model| *model != self.model) {
            edits.push((self.model_at.clone(), Value::from(model).to_string()));
        }
        if with_usage == WithUsage::Asked && self.stream && !self.include_usage {
            match &self.options {
                Some((at, map)) => {
                    let mut map = map.clone();
                    map.insert("include_usage".to_owned(), Value::Bool(true));
                    edits.push((at.clone(), Value::Object(map).to_string()));
                }
                None => front.push_str("\"stream_options\":{\"include_usage\":true},"),
            }
        }
        for field in missing {
            if let Some(at) = &field.null_at {
                edits.push((at.clone(), field.json.to_owned()));
                continue;
            }
            front.push_str(&Value::from(field.name).to_string());
            front.push(':');
            front.push_str(field.json);
            front.push(',');
        }
        if edits.is_empty() && front.is_empty() {
            return body.clone();
        }
        edits.sort_by_key(|(at, _)| at.start);
        let grown: usize = edits.iter().map(|(_, text)| text.len()).sum();
        let mut out = Vec::with_capacity(body.len() + grown + front.len());
        // The body is an object with at least the model in it: a comma after what stands in front
        // is right.
        let brace = memchr::memchr(b'{', body).map_or(0, |at| at + 1);
        out.extend_from_slice(body.get(..brace).unwrap_or_default());
        out.extend_from_slice(front.as_bytes());
        let mut from = brace;
        for (at, text) in edits {
            out.extend_from_slice(body.get(from..at.start).unwrap_or_default());
            out.extend_from_slice(text.as_bytes());
            from = at.end;
        }
        out.extend_from_slice(body.get(from..).unwrap_or_default());
        Bytes::from(out)
    }
}

/// Whether a stream must end with its token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WithUsage {
    /// The dialect has to be asked for them.
    Asked,
    /// It always tells them.
    Always,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, model: &str, with_usage: WithUsage, expected: &str) {
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let spliced = peek(&bytes, None)
            .unwrap()
            .0
            .spliced(&bytes, Some(model), with_usage, &[]);
        assert_eq!(std::str::from_utf8(&spliced).unwrap(), expected);
    }

    #[test]
    fn only_what_must_change_changes() {
        use WithUsage::{Always, Asked};
        let odd = "{ \"x\": 1e400 , \"messages\":[{\"model\":\"y\"}],\t\"model\" : \"a\\u0062\"}";
        check(odd, "ab", Always, odd);
        check(
            odd,
            "new",
            Always,
            "{ \"x\": 1e400 , \"messages\":[{\"model\":\"y\"}],\t\"model\" : \"new\"}",
        );
        check(
            r#"{"model":"a","messages":[],"stream":true}"#,
            "b",
            Asked,
            r#"{"stream_options":{"include_usage":true},"model":"b","messages":[],"stream":true}"#,
        );
        check(
            r#"{"stream_options":{"x":1},"stream":true,"messages":[],"model":"a"}"#,
            "a",
            Asked,
            r#"{"stream_options":{"include_usage":true,"x":1},"stream":true,"messages":[],"model":"a"}"#,
        );
        check(
            r#"{"stream_options":null,"stream":true,"messages":[],"model":"a"}"#,
            "a",
            Asked,
            r#"{"stream_options":{"include_usage":true},"stream":true,"messages":[],"model":"a"}"#,
        );
        check(
            r#"{"model":"a","messages":[]}"#,
            "a",
            Asked,
            r#"{"model":"a","messages":[]}"#,
        );
    }

    #[test]
    fn what_says_null_is_written_over_in_place() {
        let body = r#"{"model":"a","temperature" : null ,"seed":7,"messages":[{"stop":null}],"stop":null}"#;
        let names = field_names(body.as_bytes());
        assert_eq!(names["seed"], None);
        let null = |name: &str| names[name].clone().map(|at| &body[at]);
        assert_eq!([null("temperature"), null("stop")], [Some("null"); 2]);
        let field = |name: &'static str, json: &'static str| Missing {
            name,
            json,
            null_at: names.get(name).cloned().flatten(),
        };
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let missing = [
            field("stop", r#"["x"]"#),
            field("temperature", "0.5"),
            field("top_p", "1"),
        ];
        let read = peek(&bytes, None).unwrap().0;
        let spliced = read.spliced(&bytes, Some("b"), WithUsage::Always, &missing);
        assert_eq!(
            std::str::from_utf8(&spliced).unwrap(),
            r#"{"top_p":1,"model":"b","temperature" : 0.5 ,"seed":7,"messages":[{"stop":null}],"stop":["x"]}"#
        );
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for body in [
            "",
            "[]",
            r#"["mock",false,null,1,[{"role":"user","content":"hi"}]]"#,
            " [\"mock\",false,null,1,[]]",
            "{",
            "{}",
            r#"{"model":"a"}"#,
            r#"{"model":1,"messages":[]}"#,
            r#"{"model":"a","model":"b","messages":[]}"#,
            r#"{"model":"a","messages":[],"stream_options":3}"#,
            "{\"model\":\"a\",\"messages\":[]} x",
        ] {
            assert!(peek(body.as_bytes(), None).is_err(), "{body}");
        }
        assert!(peek(b"{\"model\":\"\xff\",\"messages\":[]}", None).is_err());
        assert!(peek(br#"{"model":"a","messages":[]}"#, Some(Form::Embeddings)).is_err());
    }

    #[test]
    fn what_the_vendor_must_have_stored_is_seen() {
        let stored = |more: &str| {
            let body = format!(r#"{{"model":"a","input":"b"{more}}}"#);
            let (peek, form) = peek(body.as_bytes(), None).unwrap();
            assert_eq!(form, Form::Responses);
            peek.stored
        };
        assert_eq!(stored(""), None);
        assert_eq!(
            stored(r#","store":false,"previous_response_id":null,"background":false"#),
            None
        );
        assert_eq!(stored(r#","store": true"#), Some("store"));
        assert_eq!(
            stored(r#","store":true,"previous_response_id":"resp_1""#),
            Some("previous_response_id")
        );
        assert_eq!(
            stored(r#","conversation":{"id":"c"}"#),
            Some("conversation")
        );
        assert_eq!(
            stored(r#","background":true,"conversation":"c""#),
            Some("background")
        );
    }
}
