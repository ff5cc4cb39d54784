//! MLflow: results of `mlflow.genai.evaluate`, traces, and the table of the older `mlflow.evaluate`.
//!
//! `trace_id NAME/value … state execution_duration request response trace_metadata tags assessments`:
//! `result_df` and `search_traces` as CSV, JSON or JSONL. `assessments` tells scores from
//! expectations; CSV holds it as text of Python, so there columns `NAME/value` that read as scores
//! count. Tokens and cost are JSON texts in `trace_metadata`. A run of MLflow is a candidate.
//! The older table has columns `NAME/vN/score` beside the user's own, and latency in seconds.
//! Source: mlflow 3.17.2, whose files are among the tests.

use serde_json::Value;

use super::export::Told;
use super::row::Row;
use crate::container::table::Cells;
use crate::results::options::Field;
use crate::results::values;

/// Whether these are its columns.
pub(super) fn is(cells: &Cells) -> bool {
    let has = |column: &str| cells.contains_key(column);
    has("trace_id") && has("trace_metadata") || cells.keys().any(|column| legacy(column).is_some())
}

/// What a row says.
pub(super) fn told(row: &Row<'_>) -> Option<Told> {
    // A judge's own call leaves a trace, too.
    if row.at(&["tags", "mlflow.trace.sourceScorer"]).is_some() {
        return None;
    }
    let meta = |key: &str| row.at(&["trace_metadata", key]);
    let mut told = Told {
        run: meta("mlflow.sourceRun").as_ref().and_then(values::name),
        ..Told::default()
    };
    told.note(Field::Candidate, told.run.clone().map(Value::String));
    told.note(Field::Input, row.any(&["request", "inputs"]));
    told.note(
        Field::Output,
        row.answer(&["response", "outputs", "predictions"]),
    );
    told.note(
        Field::LatencyMs,
        row.any(&["execution_duration", "execution_time_ms"]),
    );
    // Of the older table: the evaluator's own stopwatch, in seconds.
    told.note(Field::LatencyS, row.any(&["latency"]));
    let usage = |key: &str| row.at(&["trace_metadata", "mlflow.trace.tokenUsage", key]);
    told.note_usage([
        (Field::InputTokens, usage("input_tokens")),
        (Field::CacheReadTokens, usage("cache_read_input_tokens")),
        (Field::OutputTokens, usage("output_tokens")),
        (
            Field::CostUsd,
            row.at(&["trace_metadata", "mlflow.trace.cost", "total_cost"]),
        ),
    ]);
    let (scores, expected) = assessed(row);
    told.note(Field::Expected, expected);
    if state(row).as_deref() == Some("ERROR") {
        told.note(Field::Error, Some("the trace ended in an error".into()));
    }
    told.note_scores(scores);
    Some(told)
}

fn state(row: &Row<'_>) -> Option<String> {
    let state = row
        .any(&["state", "status"])
        .as_ref()
        .and_then(values::name)?;
    Some(state.trim_start_matches("TraceState.").to_owned())
}

/// Scores by name, and what the answer should have been.
fn assessed(row: &Row<'_>) -> (Cells, Option<Value>) {
    match row.any(&["assessments"]) {
        Some(Value::Array(assessments)) => sorted(&assessments),
        Some(_) | None => (columns(row), expected(row.any(&["expectations"]))),
    }
}

fn sorted(assessments: &[Value]) -> (Cells, Option<Value>) {
    let (mut scores, mut wanted) = (Cells::new(), Cells::new());
    for one in assessments {
        let Some(name) = values::at(one, &["assessment_name"]).and_then(values::name) else {
            continue;
        };
        if let Some(feedback) = values::at(one, &["feedback"]) {
            // A scorer that broke gives no value: told as a score that is missing.
            let value = values::at(feedback, &["value"]).cloned();
            scores.insert(name, value.unwrap_or_default());
        } else if let Some(value) = values::at(one, &["expectation", "value"]) {
            wanted.insert(name, value.clone());
        }
    }
    let wanted = (!wanted.is_empty()).then_some(Value::Object(wanted));
    (scores, expected(wanted))
}

/// Of several expectations the one that is an answer; the only one, whatever its name.
fn expected(wanted: Option<Value>) -> Option<Value> {
    let Some(Value::Object(mut wanted)) = wanted else {
        return wanted;
    };
    let answer = [
        "expected_response",
        "expected_output",
        "expected_answer",
        "answer",
    ]
    .iter()
    .find_map(|name| wanted.remove(*name));
    match (answer, wanted.len()) {
        (None, 1) => wanted.into_iter().next().map(|(_, value)| value),
        (None, 0) => None,
        (None, _) => Some(Value::Object(wanted)),
        (answer, _) => answer,
    }
}

/// Columns that hold what a scorer gave.
fn columns(row: &Row<'_>) -> Cells {
    let mut scores = Cells::new();
    for (column, value) in row.cells {
        let Some(name) = column.strip_suffix("/value").or_else(|| legacy(column)) else {
            continue;
        };
        // Expectations have such columns as well.
        if values::score(value).is_some() {
            scores.insert(name.to_owned(), value.clone());
        }
    }
    scores
}

/// The metric of a column of the older table: `toxicity/v1/score` is of `toxicity`.
fn legacy(column: &str) -> Option<&str> {
    let (name, version) = column.strip_suffix("/score")?.rsplit_once('/')?;
    let is_version = version
        .strip_prefix('v')
        .is_some_and(|number| number.parse::<u32>().is_ok());
    is_version.then_some(name)
}
