//! What follows from a load test: the record that is printed as JSON and that pages are drawn from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::figures::LoadStageFigures;
use super::plan::{LoadCandidate, LoadGoal, LoadPrompts, LoadStage, Slo};
use super::sample::StageEnd;
use crate::ids::{CandidateId, LoadTestId};
use crate::requirements::LatencyClass;
use crate::verdict::Verdict;

/// A load test with everything that follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Version of this format: 1.
    pub schema_version: u32,
    /// The test.
    pub test: LoadTestId,
    /// The day on which it was measured, in UTC.
    pub measured: String,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// The program that measured.
    pub trilemma_version: String,
    /// The project.
    pub project: String,
    /// Whether a simulator answered: the figures then say nothing of any model.
    pub simulated: bool,
    /// Whether it was stopped before its end, and by what.
    pub stopped: Option<String>,
    /// What it was for.
    pub goal: LoadGoal,
    /// What was sent.
    pub prompts: LoadPrompts,
    /// Seed of arrivals and of the order of prompts.
    pub seed: u64,
    /// Longest time of one request, in seconds.
    pub timeout_s: f64,
    /// Where the client stood, as the user says; `None` = not stated.
    pub client_region: Option<String>,
    /// Where the endpoint stood, as the user says; `None` = not stated.
    pub endpoint_region: Option<String>,
    /// Cores of the client machine.
    pub client_cores: Option<u32>,
    /// The candidates, in order.
    pub candidates: Vec<LoadCandidateReport>,
    /// Two candidates at a time on the same requests; empty with one candidate.
    pub comparisons: Vec<LoadComparison>,
    /// What this test did not settle, and what to be careful with.
    pub warnings: Vec<String>,
    /// Our definitions, name and words.
    pub definitions: Vec<(String, String)>,
}

/// One candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadCandidateReport {
    /// Its name.
    pub id: CandidateId,
    /// Output tokens per second at the stage that carried most; `None` = unknown. With `concurrency`,
    /// the token means and `measured` this is what `selfhost` takes for a measurement of one's own.
    pub output_tokens_per_s: Option<f64>,
    /// Requests in flight at that stage, on average.
    pub concurrency: Option<f64>,
    /// Mean input tokens of a request there.
    pub input_tokens_mean: Option<f64>,
    /// Mean output tokens of a request there.
    pub output_tokens_mean: Option<f64>,
    /// The day of the measurement.
    pub measured: String,
    /// Who it is and where it was called.
    pub target: LoadCandidate,
    /// Names under which the endpoint answered, ascending; empty = it did not say.
    pub served_models: Vec<String>,
    /// What it cost.
    pub cost: LoadCost,
    /// Its stages, in order.
    pub stages: Vec<LoadStageReport>,
    /// Where throughput stops growing; only of sweeps.
    pub saturation: Option<LoadSaturation>,
    /// The highest rate that holds; only of goodput searches.
    pub goodput: Option<LoadGoodput>,
}

/// What the requests of one candidate cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LoadCost {
    /// As far as known, in dollars, exact.
    pub known_usd: String,
    /// Requests whose cost is unknown.
    pub n_unpriced: u64,
}

impl fmt::Display for LoadCost {
    /// "0.0123 USD", with what is unknown named beside it; never 0 where nothing is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = if self.n_unpriced == 1 {
            "request"
        } else {
            "requests"
        };
        match (self.n_unpriced, self.known_usd.as_str()) {
            (0, usd) => write!(f, "{usd} USD"),
            (n, "0") => write!(f, "unknown for {n} {requests}"),
            (n, usd) => write!(f, "{usd} USD, and unknown for {n} {requests}"),
        }
    }
}

/// One stage of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadStageReport {
    /// Position of the stage in the test.
    pub stage_idx: u32,
    /// What was asked.
    pub plan: LoadStage,
    /// How it ended.
    pub end: StageEnd,
    /// What came out.
    pub figures: LoadStageFigures,
    /// Classes and budgets held against it.
    pub verdicts: Vec<SloVerdict>,
}

/// A budget held against what was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SloVerdict {
    /// The class whose budget it is; `None` = a budget of its own.
    pub class: Option<LatencyClass>,
    /// Whether somebody asked for it, so that it decides the exit code.
    pub required: bool,
    /// The budget.
    pub slo: Slo,
    /// In words.
    pub text: String,
    /// Meets, fails, or undecided.
    pub verdict: Verdict,
    /// Share of requests within the limit, failed ones not counted; `None` = nothing was measured.
    pub share: Option<f64>,
    /// Lower bound of that share with failed ones counted as slow.
    pub share_low: Option<f64>,
    /// Upper bound of that share with failed ones counted as fast.
    pub share_high: Option<f64>,
    /// Requests that it rests on, failed ones included.
    pub n: u64,
    /// About how many more requests would settle it; `None` = settled, or not foreseeable.
    pub more_requests: Option<u64>,
}

/// Two candidates on the same requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadComparison {
    /// The first.
    pub first: CandidateId,
    /// The second.
    pub second: CandidateId,
    /// The time compared.
    pub metric: super::plan::LoadMetric,
    /// The percentile compared.
    pub p: f64,
    /// Pairs of requests that both answered.
    pub n: u64,
    /// First minus second, in milliseconds; `None` = too few pairs, or they never differ.
    pub difference_ms: Option<f64>,
    /// Lower end of the 95 % interval by paired bootstrap.
    pub low_ms: Option<f64>,
    /// Upper end.
    pub high_ms: Option<f64>,
}

/// Where throughput stops growing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadSaturation {
    /// Whether it was reached; else the figures are those of the highest level tried.
    pub reached: bool,
    /// The lowest stage within 5 % of the highest throughput.
    pub stage_idx: u32,
    /// Answers per second there.
    pub requests_per_s: f64,
    /// Output tokens per second there.
    pub output_tokens_per_s: Option<f64>,
    /// Mean requests in flight there.
    pub in_flight_mean: Option<f64>,
    /// What was seen, in words.
    pub why: String,
}

/// The highest rate that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadGoodput {
    /// Highest rate at which every SLO is shown to hold; `None` = at none that was tried.
    pub holds_per_s: Option<f64>,
    /// Lowest rate above it at which one is shown not to hold; `None` = at none that was tried.
    pub breaks_per_s: Option<f64>,
    /// Good answers per second at the highest rate that holds.
    pub good_per_s: Option<f64>,
    /// Rates that stayed undecided.
    pub undecided_per_s: Vec<f64>,
    /// Whether the two rates are as close as was asked.
    pub resolved: bool,
}
