//! Replies of pipelines: any JSON, read by places that the project names.
//!
//! In: a [`ReplyShape`] and the bytes of a reply. Out: a [`ChatResponse`] and the cost that the reply
//! states. A figure that is missing, negative or no number is unknown, never 0; a missing answer is a
//! failure that is not repeated, because the same reply would have to be paid for again.

use serde_json::Value;
use trilemma_domain::{
    ChatResponse, Failure, FailureKind, FaultSource, NanoUsd, ReplyShape, Retry, Usage,
    UsageSource, Usd,
};

use super::fault::excerpt;

/// What a pipeline's reply says.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineReply {
    /// The answer, with the usage that the pipeline reports.
    pub response: ChatResponse,
    /// What the pipeline says that the call cost; `None` = it does not say.
    pub cost: Option<NanoUsd>,
}

/// Reads a reply.
///
/// # Errors
/// [`FailureKind::Malformed`] when the reply is no JSON or has no answer where one is said to be.
pub fn decode_pipeline(shape: &ReplyShape, body: &[u8]) -> Result<PipelineReply, Failure> {
    let Some(place) = &shape.answer else {
        return Ok(PipelineReply {
            response: ChatResponse {
                text: String::from_utf8_lossy(body).into_owned(),
                ..ChatResponse::default()
            },
            cost: None,
        });
    };
    let reply: Value = serde_json::from_slice(body)
        .map_err(|error| unreadable(&format!("the reply is no JSON ({error})"), body))?;
    let text = match at(&reply, place) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => {
            return Err(unreadable(
                &format!("there is no answer at `{place}`"),
                body,
            ));
        }
        Some(other) => other.to_string(),
    };
    Ok(PipelineReply {
        response: ChatResponse {
            text,
            served_model: word(&reply, shape.model.as_deref()),
            usage: usage(shape, &reply),
            ..ChatResponse::default()
        },
        cost: dollars(&reply, shape.cost_usd.as_deref()),
    })
}

/// Says whether a place can be written so.
#[must_use]
pub fn is_place(place: &str) -> bool {
    match place.strip_prefix('/') {
        Some(_) => true,
        None => !place.is_empty() && place.split('.').all(|step| !step.is_empty()),
    }
}

fn at<'a>(reply: &'a Value, place: &str) -> Option<&'a Value> {
    if place.starts_with('/') {
        return reply.pointer(place);
    }
    place.split('.').try_fold(reply, |value, step| match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(list) => list.get(step.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

fn count(reply: &Value, place: Option<&str>) -> Option<u64> {
    let value = at(reply, place?)?;
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        // Whole numbers below 2^53 are exact; some programs write `12.0`.
        let is_count = number.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&number);
        is_count.then_some(number as u64)
    })
}

/// Token counts; `None` unless both input and output are told.
fn usage(shape: &ReplyShape, reply: &Value) -> Option<Usage> {
    let input = count(reply, shape.input_tokens.as_deref())?;
    let output = count(reply, shape.output_tokens.as_deref())?;
    let cache_read = count(reply, shape.cache_read_tokens.as_deref());
    Some(Usage {
        input_uncached: input.saturating_sub(cache_read.unwrap_or(0)),
        cache_read,
        output,
        reasoning: count(reply, shape.reasoning_tokens.as_deref()),
        source: UsageSource::Reported,
        ..Usage::default()
    })
}

fn dollars(reply: &Value, place: Option<&str>) -> Option<NanoUsd> {
    let text = match at(reply, place?)? {
        Value::String(text) => text.trim().trim_start_matches('$').to_owned(),
        // The shortest text that stands for the same number, so `0.1` stays `0.1`.
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let amount: Usd = text.parse().ok()?;
    if amount < Usd::ZERO {
        return None;
    }
    amount.settle().ok()
}

fn word(reply: &Value, place: Option<&str>) -> Option<String> {
    let text = at(reply, place?)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn unreadable(problem: &str, body: &[u8]) -> Failure {
    let message = match excerpt(body) {
        text if text.is_empty() => format!("{problem}; the reply is empty"),
        text => format!("{problem}; the reply begins with `{text}`"),
    };
    Failure::new(
        FailureKind::Malformed,
        FaultSource::Vendor,
        Retry::No,
        &message,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> ReplyShape {
        let place = |text: &str| Some(text.to_owned());
        ReplyShape {
            answer: place("result.0.answer"),
            input_tokens: place("usage.in"),
            cache_read_tokens: place("/usage/cached"),
            output_tokens: place("usage.out"),
            reasoning_tokens: None,
            cost_usd: place("cost"),
            model: place("model"),
        }
    }

    #[test]
    fn answer_usage_and_cost_stand_where_the_project_says() {
        let check = |body: &str, text: &str, usage: Option<(u64, Option<u64>, u64)>, cost| {
            let reply = decode_pipeline(&shape(), body.as_bytes()).unwrap();
            assert_eq!(reply.response.text, text, "{body}");
            let found = reply
                .response
                .usage
                .map(|usage| (usage.input_uncached, usage.cache_read, usage.output));
            assert_eq!(found, usage, "{body}");
            assert_eq!(reply.cost, cost, "{body}");
        };
        check(
            r#"{"result":[{"answer":"42"}],"usage":{"in":10,"cached":4,"out":3.0},"cost":0.0021}"#,
            "42",
            Some((6, Some(4), 3)),
            Some(NanoUsd(2_100_000)),
        );
        check(
            r#"{"result":[{"answer":{"a":1}}],"usage":{"in":10},"cost":"$1.5"}"#,
            r#"{"a":1}"#,
            None,
            Some(NanoUsd(1_500_000_000)),
        );
        check(
            r#"{"result":[{"answer":""}],"usage":{"in":-1,"out":"3"},"cost":-1}"#,
            "",
            None,
            None,
        );
        check(
            r#"{"result":[{"answer":1}],"cost":"free"}"#,
            "1",
            None,
            None,
        );
    }

    #[test]
    fn a_reply_without_an_answer_is_a_failure_that_is_not_repeated() {
        for body in [
            "",
            "oops",
            "{}",
            r#"{"result":[{"answer":null}]}"#,
            r#"{"result":"x"}"#,
        ] {
            let failure = decode_pipeline(&shape(), body.as_bytes()).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Malformed);
            assert_eq!(failure.retry, Retry::No);
        }
        let plain = decode_pipeline(&ReplyShape::default(), b"just \xff text").unwrap();
        assert_eq!(plain.response.text, "just \u{fffd} text");
        assert_eq!(plain.response.usage, None);
    }

    #[test]
    fn places_have_no_empty_steps() {
        assert!(is_place("a.0.b") && is_place("/a/0") && is_place("a"));
        assert!(!is_place("") && !is_place("a..b") && !is_place(".a"));
    }
}
