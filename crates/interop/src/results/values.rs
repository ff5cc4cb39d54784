//! From loosely typed cells to values of ours: texts, numbers, money, times, tokens.
//!
//! `None` = not there or no such value; nothing becomes zero because it is missing.

use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::Value;
use trilemma_domain::{Expected, Input, Message, NanoUsd, Role, Usage, Usd};

/// A value as text; numbers and booleans as written, `None` for null.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(value.to_string())
        }
    }
}

/// A value as a name: no white space around it, and not empty.
pub(crate) fn name(value: &Value) -> Option<String> {
    let text = text(value)?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A number, also in a text.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// A score: a number, a truth value, or one of the words that tools use for them.
pub(crate) fn score(value: &Value) -> Option<f64> {
    if let Some(number) = number(value) {
        return Some(number);
    }
    match value {
        Value::Bool(holds) => Some(f64::from(u8::from(*holds))),
        Value::String(word) => match word.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "pass" | "passed" | "correct" | "c" => Some(1.0),
            "false" | "no" | "fail" | "failed" | "incorrect" | "i" | "n" => Some(0.0),
            "partial" | "p" => Some(0.5),
            _ => None,
        },
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A count, at least 0.
pub(crate) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
fn whole(number: f64) -> Option<u64> {
    ((0.0..9e15).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}

/// Dollars, exactly as written, settled to nano-dollars; at least 0.
pub(crate) fn usd(value: &Value) -> Option<NanoUsd> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().trim_start_matches('$').to_owned(),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let amount = text
        .parse::<Decimal>()
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()?;
    if amount.is_sign_negative() && !amount.is_zero() {
        return None;
    }
    Usd::new(amount).settle().ok()
}

/// A time in seconds; above 0.
pub(crate) fn seconds(value: &Value) -> Option<Duration> {
    positive(number(value)?)
}

/// A time in milliseconds; above 0.
pub(crate) fn millis(value: &Value) -> Option<Duration> {
    positive(number(value)? / 1_000.0)
}

fn positive(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| !time.is_zero())
}

/// Tokens of a call whose input counts include cached ones.
pub(crate) fn usage(input: u64, cache_read: Option<u64>, output: u64) -> Usage {
    Usage {
        input_uncached: input.saturating_sub(cache_read.unwrap_or(0)),
        cache_read,
        output,
        ..Usage::default()
    }
}

/// What was asked: a text, or a list of messages with `role` and `content`.
pub(crate) fn input(value: &Value) -> Option<Input> {
    let Value::Array(members) = value else {
        return text(value).map(Input::Text);
    };
    let messages: Option<Vec<Message>> = members.iter().map(message).collect();
    match messages.filter(|messages| !messages.is_empty()) {
        Some(messages) => Some(Input::Messages(messages)),
        None => text(value).map(Input::Text),
    }
}

fn message(value: &Value) -> Option<Message> {
    let role = match value.get("role")?.as_str()? {
        "system" | "developer" => Role::System,
        "user" => Role::User,
        "assistant" | "model" => Role::Assistant,
        "tool" => Role::Tool,
        _ => return None,
    };
    Some(Message::text(role, content_text(value.get("content")?)?))
}

/// The text of a message's content: a text, or the texts among its parts.
pub(crate) fn content_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(
            parts
                .iter()
                .filter_map(|part| part.get("text").and_then(Value::as_str).or(part.as_str()))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// An expected answer: a text, a list of texts, or JSON.
pub(crate) fn expected(value: &Value) -> Option<Expected> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Expected::Text(text.clone())),
        Value::Bool(_) | Value::Number(_) => text(value).map(Expected::Text),
        Value::Array(members) => {
            let texts: Option<Vec<String>> = members
                .iter()
                .map(|member| member.as_str().map(str::to_owned))
                .collect();
            match texts.as_deref() {
                Some([only]) => Some(Expected::Text(only.clone())),
                Some([]) => None,
                Some(_) => texts.map(Expected::List),
                None => Some(Expected::Json(value.clone())),
            }
        }
        Value::Object(_) => Some(Expected::Json(value.clone())),
    }
}

/// The member at a path of keys.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter()
        .try_fold(value, |value, key| value.get(*key))
        .filter(|value| !value.is_null())
}
