//! Braintrust: events of an experiment.
//!
//! `id input output expected error scores{} metrics{} metadata{} tags span_id root_span_id
//! experiment_id is_root`, as `GET /v1/experiment/{id}/fetch` and BTQL give them. Only the root of a
//! trace is a result. Braintrust itself joins experiments by `input`, and so do we. `start` and `end`
//! of a root span its scorers as well: no latency is read of them, but of `metrics.duration`, which
//! the user interface computes for the task.
//! Source: Braintrust's API reference and types of its Python SDK 0.48.1, read on 2026-11-29.

use serde_json::Value;

use super::export::Told;
use super::row::Row;
use crate::container::table::Cells;
use crate::results::options::Field;
use crate::results::values;

/// Whether these are its columns.
pub(super) fn is(cells: &Cells) -> bool {
    let has = |column: &str| cells.contains_key(column);
    has("root_span_id") && has("span_id") || has("experiment_id") && has("scores")
}

/// What a row says.
pub(super) fn told(row: &Row<'_>) -> Option<Told> {
    if is_step(row) {
        return None;
    }
    let mut told = Told {
        run: row
            .any(&["experiment_id", "experiment_name"])
            .as_ref()
            .and_then(values::name),
        ..Told::default()
    };
    let model = row.at(&["metadata", "model"]);
    let name = row.any(&["experiment_name"]).or_else(|| model.clone());
    told.note(
        Field::Candidate,
        name.or_else(|| told.run.clone().map(Value::String)),
    );
    told.note(Field::Model, model);
    told.note(Field::Input, row.any(&["input"]));
    told.note(Field::Output, row.answer(&["output"]));
    told.note(Field::Expected, row.any(&["expected"]));
    told.note(Field::Tags, row.any(&["tags"]));
    told.note(Field::Error, row.any(&["error"]));
    let metric = |name: &str| row.at(&["metrics", name]);
    told.note(Field::LatencyS, metric("duration"));
    told.note_usage([
        (Field::InputTokens, metric("prompt_tokens")),
        (Field::CacheReadTokens, metric("prompt_cached_tokens")),
        (Field::OutputTokens, metric("completion_tokens")),
        (Field::CostUsd, metric("estimated_cost")),
    ]);
    told.note_scores(scores(row));
    Some(told)
}

/// Whether the row is a span below the root of its trace.
fn is_step(row: &Row<'_>) -> bool {
    let text = |column: &str| row.any(&[column]).as_ref().and_then(values::name);
    match text("is_root").as_deref() {
        Some("true") => return false,
        Some("false") => return true,
        Some(_) | None => {}
    }
    match (text("span_id"), text("root_span_id")) {
        (Some(span), Some(root)) => span != root,
        _ => false,
    }
}

fn scores(row: &Row<'_>) -> Cells {
    let mut scores = match row.any(&["scores"]) {
        Some(Value::Object(scores)) => scores,
        Some(_) | None => Cells::new(),
    };
    for (column, value) in row.cells {
        if let Some(name) = column.strip_prefix("scores.") {
            scores.insert(name.to_owned(), value.clone());
        }
    }
    scores.retain(|_, value| !value.is_null());
    scores
}
