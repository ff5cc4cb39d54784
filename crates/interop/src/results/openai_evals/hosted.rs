//! The hosted product's output items, and the rows that promptfoo's exporter makes of them.

use serde_json::{Map, Value};
use trilemma_golden::Problem;

use crate::results::row::{ItemBody, ItemKey, Named, NamedScore, ResultRow, RowOutcome};
use crate::results::take::{Claim, Claimed};
use crate::results::values;

/// Reads an output item of the API.
pub(super) fn output_item(
    value: &Value,
    line: u64,
    wanted: Option<&str>,
) -> Result<ResultRow, Problem> {
    let row = Hosted::of(value, "datasource_item").map_err(|problem| problem.at(line))?;
    Ok(row.result(line, wanted, results(value)))
}

/// Reads a row that promptfoo's exporter made of one.
pub(super) fn exported(
    value: &Value,
    line: u64,
    wanted: Option<&str>,
) -> Result<ResultRow, Problem> {
    let row = Hosted::of(value, "item").map_err(|problem| problem.at(line))?;
    Ok(row.result(line, wanted, grades(value)))
}

/// What OpenAI itself counted in a run; nothing while the run is not finished.
pub(super) fn counts(run: &Value) -> Option<Claim> {
    let count = |key: &str| values::at(run, &["result_counts", key]).and_then(values::count);
    let is_done = values::at(run, &["status"]).and_then(Value::as_str) == Some("completed");
    Some(Claim {
        candidate: values::at(run, &["id"]).and_then(values::name)?,
        what: Claimed::Counts {
            passed: count("passed")?,
            failed: count("failed")?,
            errors: count("errored")?,
        },
    })
    .filter(|_| is_done)
}

/// What both shapes hold.
struct Hosted<'a> {
    run: String,
    item: &'a Map<String, Value>,
    sample: &'a Value,
}

impl<'a> Hosted<'a> {
    fn of(value: &'a Value, item: &str) -> Result<Self, Problem> {
        let missing = |field: &str| Problem::new("is missing").field(field.to_owned());
        Ok(Self {
            run: values::at(value, &["run_id"])
                .and_then(values::name)
                .ok_or_else(|| missing("run_id"))?,
            item: values::at(value, &[item])
                .and_then(Value::as_object)
                .ok_or_else(|| missing(item))?,
            sample: values::at(value, &["sample"]).unwrap_or(&Value::Null),
        })
    }

    fn result(self, line: u64, wanted: Option<&str>, scores: Vec<NamedScore>) -> ResultRow {
        let model = values::at(self.sample, &["model"]).and_then(values::name);
        let name = wanted.map(str::to_owned).or_else(|| model.clone());
        let outcome = match failure(self.sample) {
            Some(message) => RowOutcome::Failed { message },
            None => RowOutcome::Answered {
                output: sample_text(self.sample),
                scores,
            },
        };
        let tokens = |key: &str| values::at(self.sample, &["usage", key]).and_then(values::count);
        let usage = tokens("prompt_tokens").zip(tokens("completion_tokens"));
        ResultRow {
            line,
            candidate: Named {
                name: name.unwrap_or_else(|| self.run.clone()),
                model,
                run: Some(self.run),
            },
            item: ItemKey::Content(Value::Object(self.item.clone()).to_string()),
            repeat: None,
            body: body(self.item, self.sample),
            outcome,
            usage: usage
                .map(|(input, output)| values::usage(input, tokens("cached_tokens"), output)),
            latency: None,
            ttft: None,
            cost: None,
        }
    }
}

/// Keys under which an item says what was asked.
const ASKED: [&str; 4] = ["input", "question", "prompt", "query"];
/// Keys under which an item says what is right.
const EXPECTED: [&str; 7] = [
    "ideal",
    "expected",
    "reference",
    "answer",
    "ground_truth",
    "expected_output",
    "correct_label",
];

fn body(item: &Map<String, Value>, sample: &Value) -> ItemBody {
    let asked = ASKED.iter().find_map(|key| values::input(item.get(*key)?));
    ItemBody {
        input: asked.or_else(|| values::at(sample, &["input"]).and_then(values::input)),
        expected: EXPECTED
            .iter()
            .find_map(|key| values::expected(item.get(*key)?)),
        metadata: item.clone(),
        ..ItemBody::default()
    }
}

/// Why there is no answer; an error object without words is none.
fn failure(sample: &Value) -> Option<String> {
    let error = values::at(sample, &["error"])?;
    match error {
        Value::Object(_) => ["message", "code"]
            .iter()
            .find_map(|key| values::at(error, &[key]).and_then(values::name)),
        other => values::name(other),
    }
}

/// Whether all graders passed comes first; then what each of them gave.
fn results(value: &Value) -> Vec<NamedScore> {
    let results = values::at(value, &["results"])
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let passed = |result: &Value| values::at(result, &["passed"]).and_then(Value::as_bool);
    let mut scores = Vec::new();
    if results.iter().any(|result| passed(result).is_some()) {
        let all = results.iter().all(|result| passed(result) == Some(true));
        scores.push(NamedScore::new("pass", f64::from(u8::from(all))));
    }
    for result in results {
        let name = values::at(result, &["name"]).and_then(values::name);
        if let Some(name) = name {
            scores.push(NamedScore {
                name: plain(&name).to_owned(),
                value: values::at(result, &["score"]).and_then(values::score),
                explanation: None,
            });
        }
    }
    scores
}

/// A grader's name without the UUID that the product puts behind it, which differs by evaluation.
fn plain(name: &str) -> &str {
    let is_uuid = |tail: &str| {
        tail.len() == 36
            && tail.char_indices().all(|(at, c)| match at {
                8 | 13 | 18 | 23 => c == '-',
                _ => c.is_ascii_hexdigit(),
            })
    };
    let cut = name
        .len()
        .checked_sub(37)
        .and_then(|at| name.split_at_checked(at));
    match cut {
        Some((head, tail)) if !head.is_empty() && tail.strip_prefix('-').is_some_and(is_uuid) => {
            head
        }
        _ => name,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_graders_lose_their_uuid_only() {
        let check = |name: &str, expected: &str| assert_eq!(plain(name), expected);
        check("Match-a2486074-d803-4445-b431-ad2262e85d47", "Match");
        check("a-b-a2486074-d803-4445-b431-ad2262e85d47", "a-b");
        check(
            "-a2486074-d803-4445-b431-ad2262e85d47",
            "-a2486074-d803-4445-b431-ad2262e85d47",
        );
        check("Match-a2486074", "Match-a2486074");
        check(
            "é-a2486074-d803-4445-b431-ad2262e85d4é",
            "é-a2486074-d803-4445-b431-ad2262e85d4é",
        );
    }

    #[test]
    fn errors_without_words_are_none() {
        let check = |error: Value, expected: Option<&str>| {
            let sample = serde_json::json!({ "error": error });
            assert_eq!(failure(&sample).as_deref(), expected);
        };
        check(Value::Null, None);
        check(serde_json::json!({ "code": "", "message": null }), None);
        check(
            serde_json::json!({ "code": "rate_limit", "message": "" }),
            Some("rate_limit"),
        );
        check(
            serde_json::json!({ "message": "too fast" }),
            Some("too fast"),
        );
    }
}
