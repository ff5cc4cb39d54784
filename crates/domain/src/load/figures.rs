//! Figures of one candidate in one stage. A figure without interval says so; one that the requests cannot
//! support is absent and says how many it needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One percentile, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadQuantile {
    /// Which, in (0, 1).
    pub p: f64,
    /// Harrell-Davis point; `None` = too few values, or it lies among requests that never ended.
    pub ms: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low_ms: Option<f64>,
    /// Upper end of the 95 % interval; absent while `ms` is there = not bounded by what was seen.
    pub high_ms: Option<f64>,
    /// Values that it would take; `None` = enough.
    pub needs: Option<u64>,
}

/// How one time was distributed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LoadTimes {
    /// Requests with a value.
    pub n: u64,
    /// Requests that had no value because they never began or ran out of time: longer than any value.
    pub n_beyond: u64,
    /// As many independent requests as these are worth; `None` = they show no dependence in time.
    pub n_effective: Option<f64>,
    /// p50, p90, p95, p99 and p99.9.
    pub quantiles: Vec<LoadQuantile>,
    /// Sample quantiles at 0, 1, …, 100 %, of times that are drawn; empty for others.
    pub curve_ms: Vec<f64>,
}

impl LoadTimes {
    /// Finds a percentile.
    #[must_use]
    pub fn at(&self, p: f64) -> Option<&LoadQuantile> {
        let is_it = |one: &&LoadQuantile| (one.p - p).abs() < 1e-9;
        self.quantiles.iter().find(is_it)
    }
}

/// Percentiles of dependent values: points without interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LoadPercentiles {
    /// Values.
    pub n: u64,
    /// Median, in milliseconds.
    pub p50_ms: f64,
    /// 95th percentile, in milliseconds.
    pub p95_ms: f64,
    /// 99th percentile, in milliseconds.
    pub p99_ms: f64,
}

/// Something per second, with the 95 % interval over blocks of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LoadRate {
    /// Per second, over the measured window.
    pub per_s: f64,
    /// Lower end; `None` = the window is too short for one.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// What a reader waits when the answer is shown as it comes, and when it is shown whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadPerceived {
    /// Tokens per second that the reader takes in.
    pub reading_tokens_per_s: f64,
    /// Streamed: first visible token, and every later pause in which the reader has nothing left to read.
    pub streamed: LoadTimes,
    /// Not streamed: the whole answer.
    pub whole: LoadTimes,
}

/// Times as another tool defines them, plain sample figures without intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadConverted {
    /// The tool, and its version where definitions changed.
    pub tool: String,
    /// Its name of the figure.
    pub figure: String,
    /// What it measures, in its terms.
    pub definition: String,
    /// Values.
    pub n: u64,
    /// Mean, in milliseconds.
    pub mean_ms: f64,
    /// Median, in milliseconds.
    pub p50_ms: f64,
    /// 95th percentile, in milliseconds.
    pub p95_ms: f64,
    /// 99th percentile, in milliseconds.
    pub p99_ms: f64,
}

/// One step of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadTick {
    /// Where it begins, seconds from the stage's start.
    pub at_s: f64,
    /// Requests meant to start in it.
    pub due: u64,
    /// Answers that ended in it.
    pub answered: u64,
    /// Requests that failed in it.
    pub failed: u64,
    /// Requests in flight at its middle.
    pub in_flight: u64,
    /// Median time of the whole answer from schedule, of requests due in it; `None` = none ended.
    pub e2e_p50_ms: Option<f64>,
    /// Slowest of them.
    pub e2e_max_ms: Option<f64>,
}

/// Figures of one candidate in one stage; the warm-up is in none of them but where it is named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadStageFigures {
    /// Requests that began, warm-up excluded.
    pub n_sent: u64,
    /// Of these, answered.
    pub n_answered: u64,
    /// Of these, failed.
    pub n_failed: u64,
    /// Requests that were due and never began.
    pub n_unstarted: u64,
    /// Requests of the warm-up, failed ones included.
    pub n_warmup: u64,
    /// Failures by kind.
    pub failures: BTreeMap<String, u64>,
    /// One message per kind of failure, as the endpoint said it.
    pub failure_examples: BTreeMap<String, String>,
    /// The measured window in seconds: end of the warm-up to the last meant start.
    pub window_s: f64,
    /// Answers per second.
    pub requests_per_s: Option<LoadRate>,
    /// Output tokens per second; `None` = the endpoint reports none.
    pub output_tokens_per_s: Option<LoadRate>,
    /// Mean requests in flight over the window.
    pub in_flight_mean: Option<f64>,
    /// Mean input tokens of an answered request; `None` = none reported.
    pub input_tokens_mean: Option<f64>,
    /// Mean output tokens of an answered request; `None` = none reported.
    pub output_tokens_mean: Option<f64>,
    /// First byte of any kind, from the last byte sent.
    pub first_byte: LoadTimes,
    /// First token of any kind, from the last byte sent.
    pub first_token: LoadTimes,
    /// First visible token, from the last byte sent: TTFT.
    pub ttft: LoadTimes,
    /// The same from the intended start.
    pub ttft_scheduled: LoadTimes,
    /// Last byte, from the last byte sent: E2E.
    pub e2e: LoadTimes,
    /// The same from the intended start.
    pub e2e_scheduled: LoadTimes,
    /// Time per visible output token after the first.
    pub tpot: LoadTimes,
    /// Longest pause within an answer.
    pub longest_pause: LoadTimes,
    /// Gaps between content chunks of all answers: ITL; `None` = none were seen.
    pub itl: Option<LoadPercentiles>,
    /// Mean visible tokens of a chunk; `None` = unknown.
    pub tokens_per_chunk: Option<f64>,
    /// Waiting inside our own client, before the attempt.
    pub client_wait: LoadTimes,
    /// Connection set-up, of requests that needed a new connection.
    pub connect: LoadTimes,
    /// Perceived wait; `None` = not streamed.
    pub perceived: Option<LoadPerceived>,
    /// E2E of the warm-up from the last byte sent, to compare.
    pub warmup_e2e: LoadTimes,
    /// In the words of other tools.
    pub converted: Vec<LoadConverted>,
    /// The stage over time.
    pub timeline: Vec<LoadTick>,
}
