//! OpenAI Evals: rows of the hosted product, and event logs of the open-source tool.
//!
//! Hosted rows: `run_id data_source_idx item{} sample{} grades{} passes{}`, as promptfoo's importer
//! reads them (promptfoo 0.121.20); a candidate is the run's model, an item the content of `item`.
//! Event logs: a `spec` line, then events of a sample each; `match` and `metrics` hold the scores.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};
use trilemma_golden::Problem;

use super::lines::json_lines;
use super::options::ReadOptions;
use super::row::{ItemBody, ItemKey, Named, NamedScore, ResultRow, RowOutcome};
use super::take::{Claim, Claimed, Origin, Take, Tool};
use super::values;
use crate::container::{Bytes, Lines, Meter};
use crate::error::InteropError;

/// Reads the file.
pub(crate) fn read(
    (path, bytes): (&Path, Bytes),
    meter: &Meter,
    options: &ReadOptions,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let mut rows = Rows {
        wanted: options.candidate.clone(),
        spec: None,
        runs: BTreeMap::new(),
        asked: BTreeMap::new(),
        origin: Origin::of(Tool::OpenaiEvals),
    };
    let lines = Lines::new(bytes, meter.clone());
    json_lines((path, lines), take, |value, at| rows.line(value, at))?;
    Ok(rows.origin)
}

struct Rows {
    wanted: Option<String>,
    /// The model of an event log.
    spec: Option<String>,
    /// Names by hosted run.
    runs: BTreeMap<String, Named>,
    /// What was asked and answered for a sample whose score has not come yet.
    asked: BTreeMap<String, (Option<Value>, Option<String>)>,
    origin: Origin,
}

impl Rows {
    fn line(&mut self, value: &Value, line: u64) -> Result<Option<ResultRow>, Problem> {
        if let Some(spec) = values::at(value, &["spec"]) {
            let names = values::at(spec, &["completion_fns"]).and_then(Value::as_array);
            self.spec = names.and_then(|names| names.first()).and_then(values::name);
            return Ok(None);
        }
        if let Some(report) = values::at(value, &["final_report"]) {
            let accuracy = values::at(report, &["accuracy"]).and_then(values::number);
            if let (Some(value), Some(candidate)) = (accuracy, self.model()) {
                self.origin.claims.push(Claim {
                    candidate,
                    what: Claimed::Mean {
                        score: "correct".to_owned(),
                        value,
                    },
                });
            }
            return Ok(None);
        }
        if values::at(value, &["data_source_idx"]).is_some() {
            return self.hosted(value, line).map(Some);
        }
        self.event(value, line)
    }

    fn model(&self) -> Option<String> {
        self.wanted.clone().or_else(|| self.spec.clone())
    }

    fn event(&mut self, value: &Value, line: u64) -> Result<Option<ResultRow>, Problem> {
        let kind = values::at(value, &["type"]).and_then(Value::as_str);
        let sample = values::at(value, &["sample_id"]).and_then(values::name);
        let data = values::at(value, &["data"]).unwrap_or(&Value::Null);
        let (Some(kind), Some(sample)) = (kind, sample) else {
            return Ok(None);
        };
        if kind == "sampling" {
            let prompt = values::at(data, &["prompt"]).cloned();
            let answer = match values::at(data, &["sampled"]) {
                Some(Value::Array(members)) => members.first().and_then(values::text),
                Some(one) => values::text(one),
                None => None,
            };
            self.asked.insert(sample, (prompt, answer));
            return Ok(None);
        }
        let scores = match kind {
            "match" => correct(data),
            "metrics" => metrics(data),
            _ => return Ok(None),
        };
        let name = self.model().ok_or_else(|| {
            Problem::new("no `spec` line names the model")
                .at(line)
                .hint("`--candidate NAME`")
        })?;
        let (prompt, sampled) = self.asked.remove(&sample).unwrap_or_default();
        let output = values::at(data, &["sampled"])
            .and_then(values::text)
            .or(sampled);
        Ok(Some(ResultRow {
            line,
            candidate: Named {
                model: self.spec.clone().or_else(|| Some(name.clone())),
                name,
            },
            item: ItemKey::Id(sample),
            repeat: None,
            body: ItemBody {
                input: prompt.as_ref().and_then(values::input),
                expected: values::at(data, &["expected"]).and_then(values::expected),
                ..ItemBody::default()
            },
            outcome: RowOutcome::Answered { output, scores },
            usage: None,
            latency: None,
            ttft: None,
            cost: None,
        }))
    }

    fn hosted(&mut self, value: &Value, line: u64) -> Result<ResultRow, Problem> {
        let missing = |field: &str| Problem::new("is missing").at(line).field(field.to_owned());
        let run = values::at(value, &["run_id"])
            .and_then(values::name)
            .ok_or_else(|| missing("run_id"))?;
        let item = values::at(value, &["item"])
            .and_then(Value::as_object)
            .ok_or_else(|| missing("item"))?;
        let sample = values::at(value, &["sample"]).unwrap_or(&Value::Null);
        let model = values::at(sample, &["model"]).and_then(values::name);
        let candidate = self.run_named(&run, model);
        let failed = values::at(sample, &["error"])
            .map(|error| values::at(error, &["message"]).unwrap_or(error))
            .and_then(values::name);
        let outcome = match failed {
            Some(message) => RowOutcome::Failed { message },
            None => RowOutcome::Answered {
                output: sample_text(sample),
                scores: grades(value),
            },
        };
        let tokens = |key: &str| values::at(sample, &["usage", key]).and_then(values::count);
        let usage = tokens("prompt_tokens").zip(tokens("completion_tokens"));
        let asked = ["input", "question", "prompt", "query"]
            .iter()
            .find_map(|key| item.get(*key));
        Ok(ResultRow {
            line,
            candidate,
            item: ItemKey::Content(Value::Object(item.clone()).to_string()),
            repeat: None,
            body: ItemBody {
                input: asked.and_then(values::input),
                expected: ["ideal", "expected", "reference", "answer"]
                    .iter()
                    .find_map(|key| values::expected(item.get(*key)?)),
                metadata: item.clone(),
                ..ItemBody::default()
            },
            outcome,
            usage: usage
                .map(|(input, output)| values::usage(input, tokens("cached_tokens"), output)),
            latency: None,
            ttft: None,
            cost: None,
        })
    }

    /// A run goes by its model; where two runs have the same one, by its id too.
    fn run_named(&mut self, run: &str, model: Option<String>) -> Named {
        if let Some(named) = self.runs.get(run) {
            return named.clone();
        }
        let wished = model.clone().unwrap_or_else(|| run.to_owned());
        let is_taken = self.runs.values().any(|other| other.name == wished);
        let named = Named {
            name: if is_taken {
                format!("{wished} / {run}")
            } else {
                wished
            },
            model,
        };
        self.runs.insert(run.to_owned(), named.clone());
        named
    }
}

fn correct(data: &Value) -> Vec<NamedScore> {
    let value = values::at(data, &["correct"]).and_then(values::score);
    vec![NamedScore {
        name: "correct".to_owned(),
        value,
        explanation: None,
    }]
}

fn metrics(data: &Value) -> Vec<NamedScore> {
    let named = data.as_object().into_iter().flatten();
    named
        .filter_map(|(name, value)| Some(NamedScore::new(name.clone(), values::score(value)?)))
        .collect()
}

/// Whether all graders passed comes first; grades follow under their names.
fn grades(value: &Value) -> Vec<NamedScore> {
    let empty = Map::new();
    let of = |key: &str| {
        values::at(value, &[key])
            .and_then(Value::as_object)
            .unwrap_or(&empty)
    };
    let passes = of("passes");
    let mut scores = Vec::new();
    if !passes.is_empty() {
        let all = passes.values().all(|passed| passed.as_bool() == Some(true));
        scores.push(NamedScore::new("pass", f64::from(u8::from(all))));
    }
    for (name, grade) in of("grades") {
        if name != "pass" {
            scores.push(NamedScore {
                name: name.clone(),
                value: values::score(grade),
                explanation: None,
            });
        }
    }
    scores
}

fn sample_text(sample: &Value) -> Option<String> {
    if let Some(text) = values::at(sample, &["output_text"]).and_then(Value::as_str) {
        return Some(text.to_owned());
    }
    match values::at(sample, &["output"])? {
        Value::String(text) => Some(text.clone()),
        Value::Array(messages) => messages
            .iter()
            .rev()
            .find_map(|message| values::content_text(message.get("content")?)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
