//! A row of a table with one candidate a row.

use std::collections::BTreeMap;

use serde_json::Value;
use trilemma_golden::Problem;

use super::columns::{Plan, cell, shown};
use crate::container::table::Cells;
use crate::results::exports::RUN;
use crate::results::options::Field;
use crate::results::row::{ItemBody, ItemKey, Named, NamedScore, ResultRow, RowOutcome};
use crate::results::values;

/// Reads the row.
pub(super) fn row(plan: &Plan, line: u64, cells: &Cells) -> Result<ResultRow, Problem> {
    let named = plan.cell(cells, Field::Candidate).and_then(values::name);
    let name = named.or_else(|| plan.candidate.clone()).ok_or_else(|| {
        Problem::new("is empty")
            .at(line)
            .field(column(plan, Field::Candidate))
    })?;
    result(plan, &plan.shared, line, (cells, name))
}

/// Reads what one candidate did in a row; `own` are the columns of its results.
pub(super) fn result(
    plan: &Plan,
    own: &BTreeMap<Field, String>,
    line: u64,
    (cells, name): (&Cells, String),
) -> Result<ResultRow, Problem> {
    let of = |field: Field| cell(cells, own.get(&field)?);
    let body = body(plan, cells);
    let whole = |field: Field| match of(field) {
        None => Ok(None),
        Some(value) => values::count(value)
            .map(Some)
            .ok_or_else(|| not_a("a whole number", value, own, field).at(line)),
    };
    let input_tokens = whole(Field::InputTokens)?;
    let output_tokens = whole(Field::OutputTokens)?;
    let cache_read = whole(Field::CacheReadTokens)?;
    let cost = match of(Field::CostUsd) {
        None => None,
        Some(value) => Some(
            values::usd(value)
                .ok_or_else(|| not_a("an amount in USD", value, own, Field::CostUsd).at(line))?,
        ),
    };
    let latency = of(Field::LatencyMs)
        .and_then(values::millis)
        .or_else(|| of(Field::LatencyS).and_then(values::seconds));
    let repeat = match plan.cell(cells, Field::Repeat) {
        None => None,
        Some(value) => Some(repeat(value).ok_or_else(|| {
            not_a("a repeat's number", value, &plan.shared, Field::Repeat).at(line)
        })?),
    };
    Ok(ResultRow {
        line,
        candidate: Named {
            model: of(Field::Model).and_then(values::name),
            // A name that the user gave goes for every run of the file.
            run: cells
                .get(RUN)
                .filter(|_| plan.candidate.is_none())
                .and_then(values::name),
            name,
        },
        item: key(plan, cells, &body).map_err(|problem| problem.at(line))?,
        repeat,
        outcome: outcome(own, cells).map_err(|problem| problem.at(line))?,
        usage: input_tokens
            .zip(output_tokens)
            .map(|(input, output)| values::usage(input, cache_read, output)),
        latency,
        ttft: of(Field::TtftMs).and_then(values::millis),
        cost,
        body,
    })
}

fn repeat(value: &Value) -> Option<u32> {
    values::count(value).and_then(|repeat| u32::try_from(repeat).ok())
}

fn column(plan: &Plan, field: Field) -> String {
    let column = plan.shared.get(&field).map_or(field.name(), String::as_str);
    shown(column).to_owned()
}

fn not_a(what: &str, value: &Value, own: &BTreeMap<Field, String>, field: Field) -> Problem {
    let mut text: String = value.to_string().chars().take(40).collect();
    text.retain(|c| !c.is_control());
    let column = own.get(&field).map_or(field.name(), String::as_str);
    Problem::new(format!("`{text}` is not {what}")).field(shown(column).to_owned())
}

fn key(plan: &Plan, cells: &Cells, body: &ItemBody) -> Result<ItemKey, Problem> {
    if let Some(value) = plan.cell(cells, Field::Item) {
        return values::name(value)
            .map(ItemKey::Id)
            .ok_or_else(|| Problem::new("is empty").field(column(plan, Field::Item)));
    }
    if plan.shared.contains_key(&Field::Item) {
        return Err(Problem::new("is empty").field(column(plan, Field::Item)));
    }
    let asked = body
        .input
        .as_ref()
        .and_then(|input| serde_json::to_string(input).ok());
    let expected = body
        .expected
        .as_ref()
        .and_then(|expected| serde_json::to_string(expected).ok());
    asked
        .map(|asked| ItemKey::Content(format!("{asked} {}", expected.unwrap_or_default())))
        .ok_or_else(|| Problem::new("is empty").field(column(plan, Field::Input)))
}

fn body(plan: &Plan, cells: &Cells) -> ItemBody {
    let tags = match plan.cell(cells, Field::Tags) {
        Some(Value::Array(tags)) => tags.iter().filter_map(values::name).collect(),
        Some(one) => values::name(one).into_iter().collect(),
        None => Vec::new(),
    };
    let task = plan.cell(cells, Field::Task).and_then(values::name);
    let task = task.map(|task| (Field::Task.name().to_owned(), Value::String(task)));
    ItemBody {
        input: plan
            .cell(cells, Field::Input)
            .and_then(structured)
            .and_then(|value| values::input(&value)),
        expected: plan.cell(cells, Field::Expected).and_then(values::expected),
        tags,
        cluster: plan.cell(cells, Field::Cluster).and_then(values::name),
        metadata: task.into_iter().collect(),
    }
}

/// An object with one text in it, such as MLflow's `inputs`, is that text.
fn structured(value: &Value) -> Option<Value> {
    match value {
        Value::Object(members) => {
            let mut texts = members.values();
            match (texts.next(), texts.next()) {
                (Some(only), None) => Some(only.clone()),
                _ => Some(Value::String(value.to_string())),
            }
        }
        other => Some(other.clone()),
    }
}

fn outcome(own: &BTreeMap<Field, String>, cells: &Cells) -> Result<RowOutcome, Problem> {
    let of = |field: Field| cell(cells, own.get(&field)?);
    let output = of(Field::Output).and_then(values::text);
    let scores = match of(Field::Score) {
        None => Vec::new(),
        Some(Value::Object(named)) => named
            .iter()
            .map(|(name, value)| NamedScore {
                name: name.clone(),
                value: values::score(values::at(value, &["score"]).unwrap_or(value)),
                explanation: None,
            })
            .collect(),
        Some(value) => {
            let score =
                values::score(value).ok_or_else(|| not_a("a score", value, own, Field::Score))?;
            vec![NamedScore::new("score", score)]
        }
    };
    let error = of(Field::Error).and_then(values::name);
    match error {
        Some(message) if scores.is_empty() => Ok(RowOutcome::Failed { message }),
        Some(_) | None => Ok(RowOutcome::Answered { output, scores }),
    }
}
