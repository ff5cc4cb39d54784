//! A load test of one's own server as the speed of a replica.
//!
//! In: what `trilemma latency --json` printed. Out: tokens per second, in and out, with the range of the
//! stage that carried most: its output rate × (input + output) ÷ output tokens of its requests. A
//! simulator's answer is refused: it says nothing of any server.

use std::path::Path;

use anyhow::anyhow;
use serde::Deserialize;
use trilemma_cost::assume::{Assumptions, Key, Origin, Span};
use trilemma_cost::decimal_of;

use crate::context::InputError;
use crate::layout::one_line;

/// What is read of a load test; the rest of the record may change.
#[derive(Deserialize)]
struct LoadTest {
    test: String,
    simulated: bool,
    candidates: Vec<Candidate>,
}

#[derive(Deserialize)]
struct Candidate {
    id: String,
    measured: String,
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
struct Stage {
    figures: Figures,
}

#[derive(Deserialize)]
struct Figures {
    output_tokens_per_s: Option<Rate>,
    input_tokens_mean: Option<f64>,
    output_tokens_mean: Option<f64>,
}

#[derive(Clone, Copy, Deserialize)]
struct Rate {
    per_s: f64,
    low: Option<f64>,
    high: Option<f64>,
}

/// States the measured speed.
///
/// # Errors
/// [`InputError`] for a file that is no load test, names no such candidate, or measured no speed.
pub(super) fn state(
    assumptions: &mut Assumptions,
    (path, candidate): (&Path, Option<&str>),
) -> anyhow::Result<()> {
    let fail = |text: String| anyhow!(InputError(text));
    let shown = one_line(&path.display().to_string());
    let text = fs_err::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    let report: LoadTest = serde_json::from_str(&text).map_err(|error| {
        let why = one_line(&error.to_string());
        fail(format!(
            "failed to read {shown} as a load test: {why}; hint: give what `trilemma latency --json` printed"
        ))
    })?;
    if report.simulated {
        return Err(fail(format!(
            "failed to use {shown}: a simulator answered, which says nothing of a server; hint: measure a replica of your own"
        )));
    }
    let one = chosen(&report, candidate).ok_or_else(|| {
        let names: Vec<String> = report
            .candidates
            .iter()
            .map(|one| one_line(&one.id))
            .collect();
        fail(format!(
            "failed to choose a candidate of {shown}; hint: --measured-candidate with one of {}",
            names.join(", ")
        ))
    })?;
    let span = speed(one).ok_or_else(|| {
        fail(format!(
            "failed to find a speed in {shown}: no stage says both tokens per second and tokens of a request; hint: measure again with answers that report usage"
        ))
    })?;
    let what = format!(
        "load test {} of {}, candidate {}",
        one_line(&report.test),
        one_line(&one.measured),
        one_line(&one.id)
    );
    assumptions.state(Key::TokensPerSecond, span, Origin::Measured(what));
    let problems = assumptions.problems();
    match problems.first() {
        None => Ok(()),
        Some(problem) => Err(fail(format!("failed to use {shown}: {problem}"))),
    }
}

/// The named candidate, or the only one.
fn chosen<'a>(report: &'a LoadTest, named: Option<&str>) -> Option<&'a Candidate> {
    match (named, report.candidates.as_slice()) {
        (Some(name), all) => all.iter().find(|one| one.id == name),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// Tokens per second of the stage that carried most: least, likely, most.
fn speed(one: &Candidate) -> Option<Span> {
    let stages = one.stages.iter().filter_map(|stage| {
        let figures = &stage.figures;
        let (input, output) = (figures.input_tokens_mean?, figures.output_tokens_mean?);
        let rate = figures.output_tokens_per_s?;
        let both = (input + output) / output;
        let is_usable = both.is_finite() && rate.per_s.is_finite() && rate.per_s > 0.0;
        is_usable.then_some((rate, both))
    });
    let (rate, both) = stages.max_by(|a, b| a.0.per_s.total_cmp(&b.0.per_s))?;
    let at = |per_s: f64| decimal_of((per_s * both * 1e3).round() / 1e3);
    let likely = at(rate.per_s)?;
    let low = rate.low.and_then(at).unwrap_or(likely);
    let high = rate.high.and_then(at).unwrap_or(likely);
    Span::new(low.min(likely), likely, high.max(likely)).ok()
}
