//! Log-probabilities: who is asked for them, and who gets them.
//!
//! In: a request and a candidate, which may have been measured with log-probabilities because a policy's judge
//! looks at them. Out: whether the upstream is asked for them, and whether the client gets them. A judge sees
//! what it was trained on, whatever the client says of it; a client gets them only if it asks. Where nobody looks
//! at them they are not asked for, which changes no word of an answer.

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use trilemma_domain::Dialect;

use crate::ask::{Ask, Manner};
use crate::peek::place;
use crate::upstream::Named;

/// The fields of chat completions that ask for them.
pub(crate) const FIELDS: [&str; 2] = ["logprobs", "top_logprobs"];

/// What a request has to do with log-probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Logprobs {
    /// Whether the candidate was measured with them.
    is_measured: bool,
    manner: Manner,
    /// What the client says; `None` = nothing.
    wish: Option<bool>,
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    logprobs: Option<bool>,
}

impl Logprobs {
    pub(crate) fn of(ask: &Ask, named: &Named, manner: Manner) -> Self {
        let measured = &named.upstream.parts.candidate.params.extra_body;
        let is_measured = named.is_candidate && measured.get(FIELDS[0]) == Some(&Value::Bool(true));
        let has_word = matches!(ask.dialect, Dialect::OpenAi | Dialect::Azure);
        let wish = (is_measured && has_word)
            .then(|| serde_json::from_slice::<Wish>(&ask.body).ok())
            .flatten();
        Self {
            is_measured,
            manner,
            wish: wish.and_then(|wish| wish.logprobs),
        }
    }

    /// Whether a judge looks at them.
    pub(crate) fn is_judged(self) -> bool {
        self.is_measured && self.manner == Manner::Judged
    }

    /// Whether the candidate's own wish for them is left out: nobody would look at them.
    pub(crate) fn are_left_out(self) -> bool {
        self.is_measured && self.manner == Manner::Given
    }

    /// Whether the client's body cannot pass as it is: it says no, or is in words that know of none.
    pub(crate) fn need_other_words(self, ask: &Ask, upstream: Dialect) -> bool {
        let is_foreign = ask.dialect == Dialect::Responses && upstream != Dialect::Responses;
        self.is_judged() && (self.wish == Some(false) || is_foreign)
    }

    /// Whether the client gets none of what comes back.
    pub(crate) fn are_kept_back(self) -> bool {
        self.is_judged() && self.wish != Some(true)
    }
}

#[derive(Deserialize)]
struct Choices<'a> {
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    logprobs: Option<&'a RawValue>,
}

/// A whole answer of chat completions without them; everything else stays byte for byte.
pub(crate) fn without(body: Bytes) -> Bytes {
    let Ok(text) = std::str::from_utf8(&body) else {
        return body;
    };
    let Ok(Choices { choices }) = serde_json::from_str(text) else {
        return body;
    };
    let mut out = BytesMut::with_capacity(body.len());
    let mut from = 0;
    for raw in choices.iter().filter_map(|choice| choice.logprobs) {
        let at = place(text, raw);
        out.extend_from_slice(body.get(from..at.start).unwrap_or_default());
        out.extend_from_slice(b"null");
        from = at.end;
    }
    if from == 0 {
        return body;
    }
    out.extend_from_slice(body.get(from..).unwrap_or_default());
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &str) {
        let found = without(Bytes::copy_from_slice(body.as_bytes()));
        assert_eq!(std::str::from_utf8(&found).unwrap(), expected);
    }

    #[test]
    fn only_they_are_left_out() {
        check(
            r#"{ "choices": [{"x":1e400, "logprobs" : {"content":[{"token":"}"}]} ,"y":[1]},{"logprobs":{}}],"logprobs":{}}"#,
            r#"{ "choices": [{"x":1e400, "logprobs" : null ,"y":[1]},{"logprobs":null}],"logprobs":{}}"#,
        );
        for same in [
            r#"{"choices":[{"logprobs":null}]}"#,
            r#"{"choices":[]}"#,
            r#"{"model":"m"}"#,
            "[1]",
            "no json",
        ] {
            check(same, same);
        }
    }
}
