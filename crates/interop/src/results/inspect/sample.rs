//! One sample of a log.
//!
//! Only the members that are needed are held; events and stores of long agent runs are passed over.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use trilemma_domain::{NanoUsd, Usage};
use trilemma_golden::Problem;

use super::header::Header;
use crate::results::row::{ItemBody, ItemKey, NamedScore, ResultRow, RowOutcome};
use crate::results::values;

#[derive(Deserialize)]
struct Sample<'a> {
    id: Value,
    #[serde(default)]
    epoch: Option<u32>,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    choices: Value,
    #[serde(default)]
    target: Value,
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    output: Value,
    #[serde(default)]
    scores: Option<Map<String, Value>>,
    #[serde(default)]
    model_usage: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    working_time: Option<f64>,
    #[serde(default)]
    total_time: Option<f64>,
    #[serde(default)]
    error: Value,
    #[serde(default, borrow)]
    messages: Option<&'a RawValue>,
}

/// Reads one sample.
pub(crate) fn sample(json: &str, header: &Header, line: u64) -> Result<ResultRow, Problem> {
    let sample: Sample<'_> = serde_json::from_str(json).map_err(|error| {
        let words = error.to_string();
        Problem::new(
            words
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned(),
        )
        .at(line)
        .hint("this is no sample of an Inspect log")
    })?;
    let id =
        values::name(&sample.id).ok_or_else(|| Problem::new("is missing").at(line).field("id"))?;
    let (usage, cost) = spent(&sample, header);
    let item = if header.task.is_empty() {
        id
    } else {
        format!("{}/{id}", header.task)
    };
    Ok(ResultRow {
        line,
        candidate: header.candidate.clone(),
        item: ItemKey::Id(item),
        repeat: sample.epoch.map(|epoch| epoch.saturating_sub(1)),
        latency: latency(&sample),
        ttft: None,
        usage,
        cost,
        outcome: outcome(&sample, header).map_err(|problem| problem.at(line))?,
        body: body(sample),
    })
}

fn body(sample: Sample<'_>) -> ItemBody {
    let mut metadata = match sample.metadata {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    if let Value::Array(choices) = sample.choices
        && !choices.is_empty()
    {
        metadata.insert("choices".to_owned(), Value::Array(choices));
    }
    ItemBody {
        input: values::input(&sample.input),
        expected: values::expected(&sample.target).filter(|_| sample.target != ""),
        metadata,
        ..ItemBody::default()
    }
}

fn outcome(sample: &Sample<'_>, header: &Header) -> Result<RowOutcome, Problem> {
    let scores = sample.scores.as_ref().filter(|scores| !scores.is_empty());
    let output = completion(&sample.output);
    if let (None, Some(message)) = (scores, error_message(&sample.error)) {
        return Ok(RowOutcome::Failed { message });
    }
    let mut named = Vec::new();
    for (name, score) in scores.into_iter().flatten() {
        push_score(&mut named, name, score);
    }
    // JSON objects of ours are sorted: the task's order tells which scorer comes first.
    let place = |name: &str| {
        header
            .scorers
            .iter()
            .position(|scorer| name == scorer || name.starts_with(&format!("{scorer}/")))
            .unwrap_or(usize::MAX)
    };
    named.sort_by_key(|score| place(&score.name));
    Ok(RowOutcome::Answered {
        output,
        scores: named,
    })
}

/// Adds a scorer's value; a value of several parts becomes several scores.
fn push_score(named: &mut Vec<NamedScore>, name: &str, score: &Value) {
    let explanation = values::at(score, &["explanation"]).and_then(values::name);
    let value = values::at(score, &["value"]).unwrap_or(&Value::Null);
    match value {
        Value::Object(parts) => {
            for (part, value) in parts {
                named.push(NamedScore {
                    name: format!("{name}/{part}"),
                    value: values::score(value),
                    explanation: explanation.clone(),
                });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            named.push(NamedScore {
                name: name.to_owned(),
                value: inspect_value(value),
                explanation,
            });
        }
    }
}

/// As Inspect's `value_to_float`: a word that it does not know is 0 there.
fn inspect_value(value: &Value) -> Option<f64> {
    match value {
        Value::String(word) if word.is_empty() => Some(0.0),
        Value::String(_) | Value::Bool(_) | Value::Number(_) => {
            Some(values::score(value).unwrap_or(0.0))
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn error_message(error: &Value) -> Option<String> {
    match error {
        Value::Null => None,
        error => values::at(error, &["message"])
            .and_then(values::name)
            .or_else(|| values::name(error)),
    }
}

fn completion(output: &Value) -> Option<String> {
    let told = values::at(output, &["completion"]).and_then(Value::as_str);
    if let Some(text) = told {
        return Some(text.to_owned());
    }
    let choice = values::at(output, &["choices"])?.as_array()?.first()?;
    values::content_text(values::at(choice, &["message", "content"])?)
}

/// The answer's own time where the sample asked the model once, else that of the whole sample.
fn latency(sample: &Sample<'_>) -> Option<Duration> {
    let n_answers = sample
        .messages
        .map_or(0, |messages| n_assistant(messages.get()));
    let answer = values::at(&sample.output, &["time"]).and_then(values::seconds);
    if n_answers <= 1 && answer.is_some() {
        return answer;
    }
    let seconds = sample.working_time.or(sample.total_time)?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| !time.is_zero())
}

fn n_assistant(messages: &str) -> usize {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(default, borrow)]
        role: Option<&'a RawValue>,
        #[serde(default, rename = "content")]
        _content: Option<IgnoredAny>,
    }
    let messages: Vec<Message<'_>> = serde_json::from_str(messages).unwrap_or_default();
    messages
        .iter()
        .filter(|message| {
            message
                .role
                .is_some_and(|role| role.get() == "\"assistant\"")
        })
        .count()
}

/// Tokens and cost of the candidate's own calls; judges are other models in `model_usage`.
fn spent(sample: &Sample<'_>, header: &Header) -> (Option<Usage>, Option<NanoUsd>) {
    let Some(all) = &sample.model_usage else {
        return (None, None);
    };
    let model = header.candidate.model.as_deref().unwrap_or_default();
    let Some(own) = all.get(model) else {
        return (None, None);
    };
    let count = |key: &str| values::at(own, &[key]).and_then(values::count);
    let usage = count("input_tokens").zip(count("output_tokens"));
    let usage = usage.map(|(input, output)| Usage {
        // Inspect's `input_tokens` leave out what came from or went into a cache.
        input_uncached: input,
        cache_read: count("input_tokens_cache_read"),
        cache_write_5m: count("input_tokens_cache_write"),
        output,
        reasoning: count("reasoning_tokens"),
        ..Usage::default()
    });
    let cost = values::at(own, &["total_cost"]).and_then(values::usd);
    (usage, cost)
}
