//! Langfuse: batch exports of traces and of observations.
//!
//! Every score is a column of its own name, a list of the values given. Columns that are not
//! Langfuse's own are scores. Experiments of its SDKs put `experiment_run_name` and
//! `dataset_item_id` into the metadata of the root. A trace's `latency` is in seconds, an
//! observation's `latencyMs` is not; its `level` is that of its worst step, so a trace with an
//! output has not failed. Traces have 0 tokens where none are known.
//! Source: langfuse/langfuse `worker/src/features/database-read-stream`, read on 2026-11-29.

use serde_json::Value;

use super::export::Told;
use super::row::Row;
use crate::container::table::Cells;
use crate::results::options::Field;
use crate::results::values;

/// Columns of its exports that are no scores.
const OWN: &str = "id timestamp name userId sessionId release version environment tags bookmarked public \
    input output metadata latency usage inputCost outputCost totalCost level errorCount warningCount \
    defaultCount debugCount observationCount inputTokens outputTokens totalTokens comments scores \
    projectId createdAt updatedAt externalId htmlPath traceId traceName type startTime endTime \
    completionStartTime statusMessage promptName promptId promptVersion modelId internalModelId \
    model providedModelName modelParameters usageDetails costDetails latencyMs timeToFirstToken \
    timeToFirstTokenMs parentObservationId promptTokens completionTokens unit inputPrice \
    outputPrice totalPrice inputUsage outputUsage totalUsage traceTags traceTimestamp \
    providedUsageDetails providedCostDetails toolDefinitions toolCalls toolCallNames \
    usagePricingTierId usagePricingTierName";

/// Whether these are its columns.
pub(super) fn is(cells: &Cells) -> bool {
    let has = |column: &str| cells.contains_key(column);
    has("observationCount") && has("bookmarked")
        || has("parentObservationId") && has("modelParameters")
}

/// What a row says.
pub(super) fn told(row: &Row<'_>) -> Option<Told> {
    let scores = scores(row.cells, row);
    // A step inside a trace counts only where it was scored itself.
    if row.any(&["parentObservationId"]).is_some() && scores.is_empty() {
        return None;
    }
    let mut told = Told::default();
    let meta = |key: &str| row.at(&["metadata", key]);
    told.note(
        Field::Candidate,
        meta("experiment_run_name").or_else(|| meta("experiment_name")),
    );
    told.note(Field::Model, row.any(&["providedModelName", "model"]));
    told.note(Field::Item, meta("dataset_item_id"));
    told.note(Field::Input, row.any(&["input"]));
    told.note(Field::Output, row.answer(&["output"]));
    told.note(Field::Tags, row.any(&["tags", "traceTags"]));
    told.note(Field::LatencyMs, row.any(&["latencyMs"]));
    told.note(Field::LatencyS, row.any(&["latency"]));
    told.note(Field::TtftMs, row.any(&["timeToFirstTokenMs"]));
    let (input, cached, output) = tokens(row);
    told.note_usage([
        (Field::InputTokens, input),
        (Field::CacheReadTokens, cached),
        (Field::OutputTokens, output),
        (Field::CostUsd, row.any(&["totalCost"])),
    ]);
    let is_error = row.any(&["level"]).is_some_and(|level| level == "ERROR");
    if is_error && !told.fields.contains_key(&Field::Output) {
        let words = row.any(&["statusMessage"]);
        let words = words.unwrap_or_else(|| "the trace ended in an error".into());
        told.note(Field::Error, Some(words));
    }
    told.note_scores(scores);
    Some(told)
}

/// Input in all, of it from a cache, output.
fn tokens(row: &Row<'_>) -> (Option<Value>, Option<Value>, Option<Value>) {
    let Some(Value::Object(details)) = row.any(&["usageDetails"]) else {
        let of = |columns: &[&str]| row.any(columns);
        return (
            of(&["inputTokens", "inputUsage", "promptTokens"]),
            None,
            of(&["outputTokens", "outputUsage", "completionTokens"]),
        );
    };
    // Langfuse sums the keys of a side, too; each of them is a part.
    let sum = |belongs: fn(&str) -> bool| {
        let parts = details.iter().filter(|(key, _)| belongs(key));
        let counts: Option<Vec<u64>> = parts.map(|(_, count)| values::count(count)).collect();
        counts
            .filter(|counts| !counts.is_empty())
            .map(|counts| Value::from(counts.iter().sum::<u64>()))
    };
    (
        sum(|key| key.contains("input")),
        sum(|key| key.contains("input") && key.contains("cache") && !key.contains("creat")),
        sum(|key| key.contains("output")),
    )
}

/// Every column that is not Langfuse's own; the mean where a trace got several values of a name.
fn scores(cells: &Cells, row: &Row<'_>) -> Cells {
    let own = |name: &str| OWN.split_ascii_whitespace().any(|known| known == name);
    let mut scores = Cells::new();
    for name in cells.keys().filter(|name| !own(name)) {
        if let Some(value) = row.any(&[name]).and_then(|value| one(&value)) {
            scores.insert(name.clone(), value);
        }
    }
    scores
}

#[expect(clippy::cast_precision_loss, reason = "a handful of values")]
fn one(value: &Value) -> Option<Value> {
    let Value::Array(given) = value else {
        return Some(value.clone());
    };
    let scores: Option<Vec<f64>> = given.iter().map(values::score).collect();
    match (scores, given.first()) {
        (Some(scores), Some(_)) => Some(Value::from(
            scores.iter().sum::<f64>() / scores.len() as f64,
        )),
        (None, Some(first)) => Some(first.clone()),
        (_, None) => None,
    }
}
