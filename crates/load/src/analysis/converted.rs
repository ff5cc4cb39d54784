//! Our stamps in the words of other tools, so that their figures can be laid beside ours.
//!
//! guidellm 0.8 (`schemas/request_stats.py`) and vLLM's `bench serve` (`benchmarks/serve.py` and
//! `backend_request_func.py`, 2026): both count from before the connection is made, not from the last byte
//! sent, and both divide by *all* output tokens, reasoning included. They give plain sample percentiles, and
//! so do we here (type 7, as NumPy). Checked against guidellm by `benchmarks/guidellm_agrees.py`.

use trilemma_domain::{LoadConverted, LoadPercentiles};
use trilemma_stats::quantile::{Sorted, interpolated};

use super::gaps::Gaps;
use super::point::Point;

type Work = fn(&Point) -> Option<f64>;

const FIGURES: [(&str, &str, &str, Work); 7] = [
    (
        "guidellm 0.8",
        "time_to_first_token_ms",
        "request start (before connecting) to the first token of any kind",
        |point| point.from_begin[1],
    ),
    (
        "guidellm 0.8",
        "inter_token_latency_ms",
        "(last token - first token) ÷ (output tokens - 1), per request",
        |point| Some((point.from_begin[2]? - point.from_begin[1]?) / less_one(point)?),
    ),
    (
        "guidellm 0.8",
        "time_per_output_token_ms",
        "(last token - request start) ÷ output tokens: includes the first",
        |point| Some(point.from_begin[2]? / (less_one(point)? + 1.0)),
    ),
    (
        "guidellm 0.8",
        "request_latency",
        "request start to the end of the answer (guidellm prints seconds)",
        |point| point.from_begin[3],
    ),
    (
        "vLLM bench serve",
        "ttft_ms",
        "start of the call (before connecting) to the first chunk of any kind",
        |point| point.from_begin[0],
    ),
    (
        "vLLM bench serve",
        "tpot_ms",
        "(last chunk - first chunk) ÷ (output tokens - 1), per request",
        |point| Some((point.from_begin[2]? - point.from_begin[0]?) / less_one(point)?),
    ),
    (
        "vLLM bench serve",
        "e2el_ms",
        "start of the call (before connecting) to the last chunk with content",
        |point| point.from_begin[2],
    ),
];

/// Works the figures of other tools out; those without values are left out.
pub(crate) fn converted(points: &[&Point], gaps: &Gaps) -> Vec<LoadConverted> {
    let mut all: Vec<LoadConverted> = FIGURES
        .iter()
        .filter_map(|(tool, figure, definition, work)| {
            let values: Vec<f64> = points
                .iter()
                .filter(|point| point.is_answered)
                .filter_map(|point| work(point))
                .collect();
            one((tool, figure, definition), values)
        })
        .collect();
    if let (Some(found), Some(mean_ms)) = (gaps.percentiles(), gaps.mean_ms()) {
        let LoadPercentiles {
            n,
            p50_ms,
            p95_ms,
            p99_ms,
        } = found;
        all.push(LoadConverted {
            tool: "vLLM bench serve".to_owned(),
            figure: "itl_ms".to_owned(),
            definition: "gaps between chunks, of all requests together".to_owned(),
            n,
            mean_ms,
            p50_ms,
            p95_ms,
            p99_ms,
        });
    }
    all
}

#[expect(
    clippy::cast_precision_loss,
    reason = "token counts are far below 2^52"
)]
fn one((tool, figure, definition): (&str, &str, &str), values: Vec<f64>) -> Option<LoadConverted> {
    let sorted = Sorted::new(values).ok()?;
    let n = sorted.n();
    let at = |p: f64| interpolated(&sorted, p).ok();
    Some(LoadConverted {
        tool: tool.to_owned(),
        figure: figure.to_owned(),
        definition: definition.to_owned(),
        n: n as u64,
        mean_ms: sorted.values().iter().sum::<f64>() / n as f64,
        p50_ms: at(0.5)?,
        p95_ms: at(0.95)?,
        p99_ms: at(0.99)?,
    })
}

/// Output tokens less one; `None` below two.
#[expect(
    clippy::cast_precision_loss,
    reason = "token counts are far below 2^52"
)]
fn less_one(point: &Point) -> Option<f64> {
    let n = point.output_tokens?.checked_sub(1)?;
    (n > 0).then_some(n as f64)
}
