//! promptfoo's results: the JSON document of `-o results.json`, or its rows as JSONL.
//!
//! Shape: promptfoo 0.121.20, as it was seen to write it. A candidate is a column of its table
//! (provider and prompt, `promptIdx`); an item is what `vars` say, so that results of several files
//! pair as well. `success` decides, `score` and named scores are kept beside it. Rows that ended in
//! an error (`failureReason` 2) are failures, not scores. Cached answers keep no latency: it would be
//! that of the cache. A cost of 0 beside tokens is what promptfoo writes where it knows no price.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Map, Value};
use trilemma_domain::{Expected, Input, Usage};
use trilemma_golden::Problem;

use super::row::{ItemBody, ItemKey, Named, NamedScore, ResultRow, RowOutcome};
use super::take::{Claim, Claimed, Origin, Take, Tool};
use super::values;
use crate::container::table::{broken_json, json_problem};
use crate::container::{Bytes, Line, Lines, Meter, Visit, Want, visit};
use crate::error::InteropError;

/// Reads the document.
pub(crate) fn read_json(
    (path, bytes): (&Path, Bytes),
    meter: &Meter,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let mut document = Document {
        take,
        columns: BTreeMap::new(),
        origin: Origin::of(Tool::Promptfoo),
        n_rows: 0,
    };
    visit(bytes, meter, &mut document).map_err(|error| broken_json(path, &error))?;
    if document.n_rows == 0 {
        return Err(InteropError::broken(
            path,
            "it holds no rows under `results.results`",
            "write it with `promptfoo eval -o results.json` or `promptfoo export eval ID`",
        ));
    }
    Ok(document.origin)
}

/// Reads rows, one a line.
pub(crate) fn read_jsonl(
    (path, bytes): (&Path, Bytes),
    meter: &Meter,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let mut lines = Lines::new(bytes, meter.clone());
    let mut columns = BTreeMap::new();
    while let Some(line) = lines
        .next()
        .map_err(|error| InteropError::io(path, &error))?
    {
        match line {
            Line::Unusable(problem) => take.problem(problem),
            Line::Text(at, text) => {
                if take_row(take, &mut columns, at, text).is_break() {
                    break;
                }
            }
        }
    }
    Ok(Origin::of(Tool::Promptfoo))
}

struct Document<'a> {
    take: &'a mut dyn Take,
    columns: BTreeMap<u64, Named>,
    origin: Origin,
    n_rows: u64,
}

impl Visit for Document<'_> {
    fn want(&mut self, path: &[String]) -> Want {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match names.as_slice() {
            [] | ["results"] | ["config"] => Want::Members,
            ["results", "results"] => Want::Each,
            ["results", "prompts"] | ["metadata"] | ["config", "description"] => Want::Whole,
            _ => Want::Skip,
        }
    }

    fn whole(&mut self, path: &[String], json: &str) {
        let Ok(value) = serde_json::from_str::<Value>(json) else {
            return;
        };
        let is_description = path.last().is_some_and(|name| name == "description");
        if is_description {
            self.origin.title = values::name(&value);
            return;
        }
        if path.len() == 1 {
            self.origin.version = values::at(&value, &["promptfooVersion"]).and_then(values::name);
            return;
        }
        let prompts = value.as_array().map(Vec::as_slice).unwrap_or_default();
        self.columns = columns(prompts);
        for (idx, prompt) in (0..).zip(prompts) {
            let claim = self
                .columns
                .get(&idx)
                .and_then(|named| claim(named, prompt));
            self.origin.claims.extend(claim);
        }
    }

    fn element(&mut self, _: &[String], line: u64, json: &str) -> ControlFlow<()> {
        self.n_rows += 1;
        take_row(self.take, &mut self.columns, line, json)
    }
}

/// Names of the columns, which are unique: a prompt's label is added where one provider has several.
fn columns(prompts: &[Value]) -> BTreeMap<u64, Named> {
    let provider = |prompt: &Value| {
        values::at(prompt, &["provider"])
            .and_then(values::name)
            .unwrap_or_else(|| "unnamed".to_owned())
    };
    let providers: Vec<String> = prompts.iter().map(provider).collect();
    let mut columns: BTreeMap<u64, Named> = BTreeMap::new();
    for ((idx, prompt), provider) in (0_u64..).zip(prompts).zip(&providers) {
        let n_same = providers.iter().filter(|other| *other == provider).count();
        let name = if n_same > 1 {
            let label = values::at(prompt, &["label"]).and_then(values::name);
            let label = label.map(|label| shortened(&label));
            let name = format!(
                "{provider} / {}",
                label.unwrap_or_else(|| format!("prompt {idx}"))
            );
            if columns.values().any(|other| other.name == name) {
                format!("{name} {idx}")
            } else {
                name
            }
        } else {
            provider.clone()
        };
        let model = Some(provider.clone());
        columns.insert(
            idx,
            Named {
                name,
                model,
                run: None,
            },
        );
    }
    columns
}

fn shortened(label: &str) -> String {
    let line = label.lines().next().unwrap_or_default();
    line.chars().take(40).collect()
}

fn claim(named: &Named, prompt: &Value) -> Option<Claim> {
    let metrics = values::at(prompt, &["metrics"])?;
    let count = |key: &str| values::at(metrics, &[key]).and_then(values::count);
    Some(Claim {
        candidate: named.name.clone(),
        what: Claimed::Counts {
            passed: count("testPassCount")?,
            failed: count("testFailCount")?,
            errors: count("testErrorCount").unwrap_or(0),
        },
    })
}

fn take_row(
    take: &mut dyn Take,
    columns: &mut BTreeMap<u64, Named>,
    line: u64,
    json: &str,
) -> ControlFlow<()> {
    match serde_json::from_str::<Value>(json) {
        Err(error) => take.problem(json_problem(&error).at(line)),
        Ok(value) => match row(&value, columns, line) {
            Ok(row) => return take.row(row),
            Err(problem) => take.problem(problem.at(line)),
        },
    }
    ControlFlow::Continue(())
}

fn row(value: &Value, columns: &mut BTreeMap<u64, Named>, line: u64) -> Result<ResultRow, Problem> {
    let missing = |field: &str| Problem::new("is missing").field(field.to_owned());
    let column = values::at(value, &["promptIdx"])
        .and_then(values::count)
        .ok_or_else(|| missing("promptIdx"))?;
    let candidate = candidate(value, columns, column).ok_or_else(|| missing("provider"))?;
    let body = body(value);
    let is_cached = values::at(value, &["response", "cached"]).and_then(Value::as_bool);
    let usage = usage(value);
    Ok(ResultRow {
        line,
        candidate,
        item: key(value, &body).ok_or_else(|| missing("vars"))?,
        repeat: None,
        outcome: outcome(value)?,
        latency: values::at(value, &["latencyMs"])
            .filter(|_| is_cached != Some(true))
            .and_then(values::millis),
        ttft: None,
        cost: values::at(value, &["cost"])
            .and_then(values::usd)
            .filter(|cost| cost.0 > 0),
        usage,
        body,
    })
}

/// The column's name where the document told it; else the provider of the row.
fn candidate(value: &Value, columns: &mut BTreeMap<u64, Named>, column: u64) -> Option<Named> {
    let id = match values::at(value, &["provider"])? {
        Value::String(id) => Some(id.clone()),
        provider => values::at(provider, &["id"]).and_then(values::name),
    };
    if let Some(named) = columns.get_mut(&column) {
        // Prompts tell the label, rows the model behind it.
        if id.is_some() {
            named.model.clone_from(&id);
        }
        return Some(named.clone());
    }
    let label = values::at(value, &["provider", "label"]).and_then(values::name);
    let mut name = label.or_else(|| id.clone())?;
    if columns.values().any(|other| other.name == name) {
        let label = values::at(value, &["prompt", "label"]).and_then(values::name);
        name = format!(
            "{name} / {}",
            shortened(&label.unwrap_or_else(|| format!("prompt {column}")))
        );
    }
    if columns.values().any(|other| other.name == name) {
        name = format!("{name} {column}");
    }
    let named = Named {
        name,
        model: id,
        run: None,
    };
    columns.insert(column, named.clone());
    Some(named)
}

/// An item is its variables and what is asserted of it; without variables, the prompt itself.
fn key(value: &Value, body: &ItemBody) -> Option<ItemKey> {
    let asserts = values::at(value, &["testCase", "assert"]);
    let asserts = asserts.map(Value::to_string).unwrap_or_default();
    if body.metadata.is_empty() {
        let test = values::at(value, &["testIdx"]).and_then(values::count)?;
        return Some(ItemKey::Content(format!("test {test} {asserts}")));
    }
    let vars = Value::Object(body.metadata.clone());
    Some(ItemKey::Content(format!("{vars} {asserts}")))
}

/// Variables become metadata, which prompts of ours can name; a single text is the input as well.
fn body(value: &Value) -> ItemBody {
    let vars: Map<String, Value> = values::at(value, &["vars"])
        .or_else(|| values::at(value, &["testCase", "vars"]))
        .and_then(Value::as_object)
        .map(|vars| {
            let own = vars.iter().filter(|(name, _)| !name.starts_with('_'));
            own.map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        })
        .unwrap_or_default();
    let expected = expected(value, &vars);
    let asked: Vec<&Value> = vars
        .iter()
        .filter(|(_, value)| Some(*value) != expected.as_ref().map(|(raw, _)| raw))
        .map(|(_, value)| value)
        .collect();
    let input = match asked.as_slice() {
        [Value::String(only)] => Some(Input::Text(only.clone())),
        _ => values::at(value, &["prompt", "raw"])
            .and_then(Value::as_str)
            .map(|raw| Input::Text(raw.to_owned())),
    };
    ItemBody {
        input,
        expected: expected.map(|(_, expected)| expected),
        metadata: vars,
        ..ItemBody::default()
    }
}

/// What `equals` compares with; a lone `{{name}}` stands for that variable.
fn expected(value: &Value, vars: &Map<String, Value>) -> Option<(Value, Expected)> {
    let asserts = values::at(value, &["testCase", "assert"])?.as_array()?;
    let equals = asserts
        .iter()
        .find(|assert| assert.get("type").and_then(Value::as_str) == Some("equals"))?;
    let written = values::at(equals, &["value"])?;
    let name = written
        .as_str()
        .and_then(|text| text.trim().strip_prefix("{{")?.strip_suffix("}}"))
        .map(str::trim);
    let meant = match name {
        Some(name) => vars.get(name)?,
        None => written,
    };
    // Other templates say what they mean only when they are rendered.
    if meant.as_str().is_some_and(|text| text.contains("{{")) {
        return None;
    }
    Some((meant.clone(), values::expected(meant)?))
}

fn outcome(value: &Value) -> Result<RowOutcome, Problem> {
    let reason = values::at(value, &["failureReason"]).and_then(values::count);
    let has_output = values::at(value, &["response", "output"]).is_some();
    let told = values::at(value, &["response", "error"]).or_else(|| values::at(value, &["error"]));
    if reason == Some(2) || (reason.is_none() && !has_output && told.is_some()) {
        let message = told
            .and_then(values::text)
            .unwrap_or_else(|| "promptfoo names no reason".to_owned());
        return Ok(RowOutcome::Failed { message });
    }
    let success = values::at(value, &["success"])
        .and_then(Value::as_bool)
        .ok_or_else(|| Problem::new("is missing").field("success"))?;
    let explanation = values::at(value, &["gradingResult", "reason"]).and_then(values::name);
    let mut scores = vec![NamedScore {
        explanation,
        ..NamedScore::new("pass", f64::from(u8::from(success)))
    }];
    let score = values::at(value, &["score"]).and_then(values::number);
    scores.extend(score.map(|score| NamedScore::new("score", score)));
    if let Some(named) = values::at(value, &["namedScores"]).and_then(Value::as_object) {
        let scored = named.iter().filter_map(|(name, value)| {
            let is_free = name != "pass" && name != "score";
            Some(NamedScore::new(
                name.clone(),
                values::number(value).filter(|_| is_free)?,
            ))
        });
        scores.extend(scored);
    }
    let output = values::at(value, &["response", "output"]).and_then(values::text);
    Ok(RowOutcome::Answered { output, scores })
}

/// Tokens of the call; promptfoo counts those that its own cache saved apart, as `cached`.
fn usage(value: &Value) -> Option<Usage> {
    let tokens = values::at(value, &["response", "tokenUsage"])
        .or_else(|| values::at(value, &["tokenUsage"]))?;
    let count = |path: &[&str]| values::at(tokens, path).and_then(values::count);
    let (input, output) = (count(&["prompt"])?, count(&["completion"])?);
    if input == 0 && output == 0 {
        return None;
    }
    let details = |key: &str| count(&["completionDetails", key]).filter(|count| *count > 0);
    let mut usage = values::usage(input, details("cacheReadInputTokens"), output);
    usage.reasoning = details("reasoning");
    Some(usage)
}
