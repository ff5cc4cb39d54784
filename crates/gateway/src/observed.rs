//! What a caller of `/v1/decide` has seen already: answers in its hands, as a policy looks at them.
//!
//! In: the fields `observations` and `arm` of a request's body. Out: checked observations. They are a stranger's words:
//! so many at most, each either an answer, a vector or a failure, with figures that an answer can have.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use trilemma_domain::{CandidateId, FinishReason};
use trilemma_route::{Observation, Outcome};
use trilemma_wire::server::plain_words;

use crate::blocks::Arm;

/// Most observations: no policy asks so often.
const MAX_OBSERVATIONS: usize = 64;
/// Most numbers of a vector.
const MAX_NUMBERS: usize = 16_384;

/// What a caller says beside its request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said {
    /// In the order in which the candidates were asked.
    pub(crate) seen: Vec<Observation>,
    /// The canary's arm that it was told before; `None` = it was told none.
    pub(crate) arm: Option<Arm>,
}

/// At most `MOST` elements; one more is an error, before it is kept.
#[derive(Debug)]
struct AtMost<T, const MOST: usize>(Vec<T>);

impl<T, const MOST: usize> Default for AtMost<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for AtMost<T, MOST> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T, const MOST: usize>(Vec<T>);

        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Elements<T, MOST> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MOST}")
            }

            fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Vec<T>, A::Error> {
                while let Some(element) = list.next_element()? {
                    if self.0.len() == MOST {
                        return Err(A::Error::custom(format!("there are more than {MOST}")));
                    }
                    self.0.push(element);
                }
                Ok(self.0)
            }
        }

        deserializer
            .deserialize_seq(Elements::<T, MOST>(Vec::new()))
            .map(Self)
    }
}

/// A record that is written as an object: one could be read from a list of its fields, too.
#[derive(Debug)]
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields))
            }
        }

        deserializer.deserialize_map(Fields(PhantomData)).map(Self)
    }
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    observations: Option<AtMost<Object<Observed>, MAX_OBSERVATIONS>>,
    #[serde(default)]
    arm: Option<Arm>,
}

/// One answer, vector or failure, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Observed {
    /// Who was asked, by id.
    candidate: String,
    /// The visible text of an answer.
    #[serde(default)]
    text: Option<String>,
    /// Why the model stopped, in a vendor's word or ours.
    #[serde(default)]
    finish_reason: Option<String>,
    /// Mean log-probability of the first 8 tokens at most.
    #[serde(default)]
    logprob: Option<f64>,
    /// Output tokens, reasoning included.
    #[serde(default)]
    output_tokens: Option<u64>,
    /// The vector of the query's text.
    #[serde(default)]
    vector: Option<AtMost<f32, MAX_NUMBERS>>,
    /// Input tokens of the vector's text.
    #[serde(default)]
    input_tokens: Option<u64>,
    /// Whether there is no answer, after all retries.
    #[serde(default)]
    failed: Option<bool>,
}

impl Said {
    /// Reads a request's body.
    ///
    /// # Errors
    /// What is wrong with it, for the caller.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let fields: Fields = serde_json::from_slice(body).map_err(|error| {
            let told = plain_words(&error);
            format!("`observations` or `arm` cannot be read: {told}")
        })?;
        let seen = (fields
            .observations
            .unwrap_or_default()
            .0
            .into_iter()
            .enumerate())
        .map(|(idx, Object(one))| {
            one.checked()
                .map_err(|wrong| format!("`observations[{idx}]` {wrong}"))
        })
        .collect::<Result<_, _>>()?;
        Ok(Self {
            seen,
            arm: fields.arm,
        })
    }
}

impl Observed {
    fn checked(self) -> Result<Observation, &'static str> {
        let has_figures =
            self.finish_reason.is_some() || self.logprob.is_some() || self.output_tokens.is_some();
        let is_failed = self.failed == Some(true);
        let outcome = match (self.text, self.vector, is_failed) {
            (Some(text), None, false) if self.input_tokens.is_none() => {
                if self.logprob.is_some_and(|one| one > 0.0) {
                    return Err(
                        "has a `logprob` above 0; hint: it is the mean over the answer's first tokens",
                    );
                }
                Outcome::Answered {
                    text,
                    finish: self.finish_reason.map(finish_of),
                    output_tokens: self.output_tokens,
                    logprob: self.logprob,
                }
            }
            (None, Some(vector), false) if !has_figures => Outcome::Embedded {
                vector: vector.0,
                input_tokens: self.input_tokens,
            },
            (None, None, true) if !has_figures && self.input_tokens.is_none() => Outcome::Failed,
            _ => {
                return Err(
                    "is neither an answer, a vector nor a failure; hint: give `text` (with `finish_reason`, \
                     `logprob` and `output_tokens` where they are known), or `vector`, or `\"failed\": true`",
                );
            }
        };
        Ok(Observation {
            candidate: CandidateId::from(self.candidate),
            outcome,
        })
    }
}

/// Reads a reason to stop in the words of every dialect.
fn finish_of(word: String) -> FinishReason {
    match word.to_ascii_lowercase().as_str() {
        "stop" | "end_turn" | "stop_sequence" | "completed" => FinishReason::Stop,
        "length" | "max_tokens" | "max_output_tokens" | "model_context_window_exceeded" => {
            FinishReason::Length
        }
        "tool_calls" | "function_call" | "tool_use" => FinishReason::ToolCalls,
        "content_filter" | "safety" | "prohibited_content" | "blocklist" | "recitation" => {
            FinishReason::ContentFilter
        }
        "refusal" => FinishReason::Refusal,
        _ => FinishReason::Other(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &str, expected: Result<usize, &str>) {
        let found = Said::read(format!("{{\"model\":\"auto\",{fields}}}").as_bytes());
        match (found, expected) {
            (Ok(said), Ok(n)) => assert_eq!(said.seen.len(), n, "{fields}"),
            (Err(told), Err(part)) => assert!(told.contains(part), "{fields}: {told}"),
            (found, expected) => panic!("{fields}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn answers_vectors_and_failures_are_told_apart() {
        check(r#""x":1"#, Ok(0));
        check(r#""observations":[]"#, Ok(0));
        check(r#""observations":null"#, Ok(0));
        check(r#""observations":[["a","t"]]"#, Err("expected an object"));
        check(
            r#""observations":[{"candidate":"a","text":"","finish_reason":"MAX_TOKENS","logprob":-0.5,"output_tokens":3},{"candidate":"b","failed":true},{"candidate":"e","vector":[0.5,-1e-3],"input_tokens":3}]"#,
            Ok(3),
        );
        let said = Said::read(br#"{"arm":"challenger","observations":[{"candidate":"a","text":"t","finish_reason":"MAX_TOKENS"}]}"#);
        let expected = Observation {
            candidate: CandidateId::from("a"),
            outcome: Outcome::Answered {
                text: "t".to_owned(),
                finish: Some(FinishReason::Length),
                output_tokens: None,
                logprob: None,
            },
        };
        assert_eq!(
            said,
            Ok(Said {
                seen: vec![expected],
                arm: Some(Arm::Challenger)
            })
        );
    }

    #[test]
    fn what_no_call_can_bring_is_refused() {
        let neither = Err("`observations[0]` is neither");
        check(r#""observations":[{"candidate":"a"}]"#, neither);
        check(
            r#""observations":[{"candidate":"a","failed":false}]"#,
            neither,
        );
        check(
            r#""observations":[{"candidate":"a","text":"t","failed":true}]"#,
            neither,
        );
        check(
            r#""observations":[{"candidate":"a","failed":true,"logprob":-1}]"#,
            neither,
        );
        check(
            r#""observations":[{"candidate":"a","text":"t","vector":[1]}]"#,
            neither,
        );
        check(
            r#""observations":[{"candidate":"a","text":"t","input_tokens":1}]"#,
            neither,
        );
        check(
            r#""observations":[{"candidate":"a","text":"t","logprob":0.1}]"#,
            Err("above 0"),
        );
        check(
            r#""observations":[{"candidate":"a","text":"t","logprob":-1e999}]"#,
            Err("out of range"),
        );
        check(
            r#""observations":[{"candidate":"a","text":"t","output_tokens":-1}]"#,
            Err("whole number"),
        );
        check(r#""observations":[{"text":"t"}]"#, Err("missing field"));
        check(
            r#""observations":[{"candidate":"a","text":"t","score":1}]"#,
            Err("unknown field"),
        );
        check(r#""observations":{"candidate":"a"}"#, Err("a list"));
        check(r#""observations":[],"observations":[]"#, Err("duplicate"));
        check(r#""arm":"mine""#, Err("unknown variant"));
        let many = vec![r#"{"candidate":"a","failed":true}"#; MAX_OBSERVATIONS + 1].join(",");
        check(&format!(r#""observations":[{many}]"#), Err("more than 64"));
        let long = vec!["0"; MAX_NUMBERS + 1].join(",");
        check(
            &format!(r#""observations":[{{"candidate":"e","vector":[{long}]}}]"#),
            Err("more than 16384"),
        );
    }
}
