//! Every request of a load test as a row, for whoever works out figures of their own.
//!
//! In: a recorded test. Out: a CSV table, or JSON lines that also hold the stamp of every chunk. Times are
//! milliseconds, `intended_ms` and `begun_ms` from the start of the stage, all others from the moment at
//! which the request was sent, unless their name says otherwise. Empty or `null` = did not happen, unknown;
//! never 0. It computes no figure.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;
use serde::Serialize;
use trilemma_domain::{LoadPlan, LoadSample, LoadTestId, Usage};
use trilemma_store::Store;

use crate::context::InputError;
use crate::places;
use crate::printer::{JsonOutlet, Printer};

/// One request.
#[derive(Debug, Serialize)]
struct Row<'a> {
    /// JSON lines only.
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_version: Option<u32>,
    test: &'a str,
    candidate: String,
    stage: u32,
    arrivals: &'a str,
    number: u64,
    warmup: bool,
    intended_ms: f64,
    begun_ms: f64,
    client_wait_ms: f64,
    connect_ms: Option<f64>,
    sent_ms: Option<f64>,
    first_byte_ms: Option<f64>,
    first_token_ms: Option<f64>,
    ttft_ms: Option<f64>,
    e2e_ms: Option<f64>,
    ttft_from_schedule_ms: Option<f64>,
    e2e_from_schedule_ms: Option<f64>,
    n_chunks: usize,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
    cost_usd: Option<String>,
    status: Option<u16>,
    error: Option<&'static str>,
    error_text: Option<String>,
    served_model: Option<String>,
    simulated: bool,
    /// JSON lines only.
    #[serde(skip_serializing_if = "Option::is_none")]
    chunk_ms: Option<Vec<f64>>,
}

/// A format of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Jsonl,
}

/// Refuses a file whose name says no format, before anything is sent.
///
/// # Errors
/// [`InputError`].
pub(super) fn check(path: Option<&Path>) -> anyhow::Result<()> {
    path.map_or(Ok(()), |path| format_of(path).map(|_| ()))
}

fn format_of(path: &Path) -> anyhow::Result<Format> {
    let extension = path.extension().map(|end| end.to_string_lossy());
    match extension.as_deref() {
        Some("csv") => Ok(Format::Csv),
        Some("jsonl") => Ok(Format::Jsonl),
        _ => Err(anyhow!(InputError(format!(
            "failed to write {}: its name says no format; hint: end it in .csv or .jsonl",
            path.display()
        )))),
    }
}

/// Writes all requests of a test, the warm-up too, in the order in which they were recorded.
///
/// # Errors
/// As the store and the file system give them.
pub(super) fn write(
    store: &Store,
    test: &LoadTestId,
    path: &Path,
    printer: Printer,
) -> anyhow::Result<()> {
    let format = format_of(path)?;
    let tests = store.load_tests()?;
    let plan = tests.into_iter().find(|info| info.plan.test == *test);
    let plan = plan
        .ok_or_else(|| anyhow!("find load test `{test}` in the store"))?
        .plan;
    let out = BufWriter::new(places::create_file(path)?);
    let n = match format {
        Format::Csv => {
            let mut table = csv::Writer::from_writer(out);
            let n = each(store, &plan, |row, _| Ok(table.serialize(harmless(row))?))?;
            table.flush()?;
            n
        }
        Format::Jsonl => {
            let mut lines = JsonOutlet::new(out);
            let n = each(store, &plan, |row, chunk_us| {
                let chunks = chunk_us.iter().map(|us| f64::from(*us) / 1e3);
                let line = Row {
                    schema_version: Some(1),
                    chunk_ms: Some(chunks.collect()),
                    ..row
                };
                let mut text = serde_json::to_string(&line)?;
                text.push('\n');
                Ok(lines.write_all(text.as_bytes())?)
            })?;
            lines.finish()?;
            n
        }
    };
    printer.say(&format!("wrote {}: {n} requests", path.display()));
    Ok(())
}

/// Hands on every request of a test; gives how many there are.
fn each(
    store: &Store,
    plan: &LoadPlan,
    mut see: impl FnMut(Row<'_>, &[u32]) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let mut n = 0;
    let stages = store.load_stages(&plan.test)?;
    for (stage_idx, (stage, _)) in (0_u32..).zip(&stages) {
        let arrivals = stage.arrivals.to_string();
        let mut failed = None;
        store.load_samples(&plan.test, stage_idx, |sample| {
            if failed.is_none() {
                n += 1;
                let row = row(plan, &arrivals, &sample);
                failed = see(row, &sample.attempt.timing.chunk_us).err();
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(n)
}

fn row<'a>(plan: &'a LoadPlan, arrivals: &'a str, sample: &LoadSample) -> Row<'a> {
    let attempt = &sample.attempt;
    let timing = &attempt.timing;
    let tokens = |of: fn(&Usage) -> Option<u64>| attempt.usage.as_ref().and_then(of);
    let candidate = plan.candidates.get(sample.candidate_idx as usize);
    Row {
        schema_version: None,
        test: plan.test.as_str(),
        candidate: candidate.map_or_else(String::new, |one| one.id.to_string()),
        stage: sample.stage_idx,
        arrivals,
        number: sample.number,
        warmup: sample.is_warmup,
        intended_ms: millis(sample.intended),
        begun_ms: millis(sample.begun),
        client_wait_ms: millis(sample.client_wait()),
        connect_ms: timing.connect.map(millis),
        sent_ms: sample.sent.map(millis),
        first_byte_ms: timing.first_byte.map(millis),
        first_token_ms: timing.first_token.map(millis),
        ttft_ms: timing.first_visible.map(millis),
        e2e_ms: timing.end.map(millis),
        ttft_from_schedule_ms: sample.from_schedule(timing.first_visible).map(millis),
        e2e_from_schedule_ms: sample.from_schedule(timing.end).map(millis),
        n_chunks: timing.chunk_us.len(),
        input_tokens: tokens(|usage| Some(usage.input_total())),
        output_tokens: tokens(|usage| Some(usage.output)),
        reasoning_tokens: tokens(|usage| usage.reasoning),
        cost_usd: attempt
            .cost
            .map(|cost| cost.to_usd().decimal().normalize().to_string()),
        status: attempt.status,
        error: attempt.failure.as_ref().map(|failure| failure.kind.name()),
        error_text: attempt
            .failure
            .as_ref()
            .map(|failure| failure.message.clone()),
        served_model: sample.served_model.clone(),
        simulated: sample.simulated,
        chunk_ms: None,
    }
}

/// Texts of others, so that no spreadsheet takes them for a formula.
fn harmless(row: Row<'_>) -> Row<'_> {
    let safe = |text: String| trilemma_interop::harmless_cell(&text);
    Row {
        candidate: safe(row.candidate),
        error_text: row.error_text.map(safe),
        served_model: row.served_model.map(safe),
        ..row
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
