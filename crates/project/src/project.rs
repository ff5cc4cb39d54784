//! The checked project: what the rest of the house works with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use trilemma_cost::assume::Assumptions;
use trilemma_domain::{
    Candidate, CandidateId, Dialect, Preference, PromptText, Requirements, ScorerSpec, Stakes,
    TaskKind, Traffic, Usd,
};

use crate::adaptive::Adaptive;
use crate::key::KeySource;
use crate::routing::RoutingSettings;
use crate::serve::ServeSettings;

/// A whole project, checked: every name in it resolves.
#[derive(Debug, Clone, Serialize)]
pub struct Project {
    /// What the model is for.
    pub task: Task,
    /// Prompt variants by name.
    pub prompts: BTreeMap<String, PromptText>,
    /// The gates.
    pub requirements: Requirements,
    /// What ranks candidates that meet all of them.
    pub preference: Preference,
    /// Production traffic; `None` = not stated, so no monthly figures.
    pub traffic: Option<Traffic>,
    /// Figures behind money that the project states; what it does not is default or unknown.
    #[serde(skip)]
    pub assumptions: Assumptions,
    /// Endpoints that the project itself describes.
    pub providers: BTreeMap<String, Provider>,
    /// Candidates, sweeps expanded, the incumbent among them. Empty = the shortlist proposes.
    pub candidates: Vec<Candidate>,
    /// Which of them is in use today.
    pub incumbent: Option<CandidateId>,
    /// Scorers in project order; texts that they name by file are read in.
    pub scorers: Vec<ScorerSpec>,
    /// The endpoints of judges, by the label of the scorer that calls them, in the order in which it
    /// names them.
    pub judges: BTreeMap<String, Vec<Candidate>>,
    /// How the benchmark runs.
    pub bench: BenchSettings,
    /// How policies are trained.
    pub routing: RoutingSettings,
    /// Where results are kept.
    pub store: StoreLocation,
    /// How the gateway serves.
    pub serve: ServeSettings,
}

/// What the model is for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Task {
    /// Name in reports.
    pub name: String,
    /// What kind of task.
    pub kind: TaskKind,
    /// How much a wrong answer hurts.
    pub stakes: Stakes,
    /// The golden set.
    pub golden: GoldenLocation,
    /// A score at or above this passes; in (0, 1], 0.7 by default.
    pub pass_threshold: f64,
    /// Share of the golden set that only measures, where it is split; in [0, 1], 0.5 by default.
    pub holdout_share: f64,
}

/// Where the golden set is, and how to read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoldenLocation {
    /// Path as written, relative to the project file.
    pub path: PathBuf,
    /// `jsonl`, `json`, `csv` or `parquet`; `None` = by file name.
    pub format: Option<String>,
    /// Item field -> column; empty = columns carry the fields' names.
    pub columns: BTreeMap<String, String>,
}

/// How a key is shown to the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyHeader {
    /// As the dialect has it.
    #[default]
    Dialect,
    /// `authorization: Bearer …` (Azure with Entra tokens, proxies).
    Bearer,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provider {
    /// The language spoken there.
    pub dialect: Dialect,
    /// Address up to and including the version part, no trailing slash.
    pub base_url: String,
    /// Where its key comes from.
    pub api_key: KeySource,
    /// How the key is shown.
    pub key_header: KeyHeader,
    /// Azure only: `api-version`.
    pub api_version: Option<String>,
    /// Whether its OpenAI endpoint also speaks Responses, at the same address.
    pub responses: bool,
    /// Known limit of requests per minute.
    pub rpm: Option<u32>,
    /// Known limit of tokens per minute.
    pub tpm: Option<u32>,
}

/// How the benchmark runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchSettings {
    /// Answers per candidate and item; at least 1.
    pub repeats: u32,
    /// Most that a run may cost, judges included; `None` = no limit.
    pub budget: Option<Usd>,
    /// Most calls in flight over all candidates; at least 1.
    pub concurrency: u32,
    /// Seed of every random choice.
    pub seed: u64,
    /// Most HTTP calls for one trial; refusals for load (429, 503, 529) do no work, cost nothing and are not counted.
    /// At least 1.
    pub max_attempts: u32,
    /// A connection that is silent for this long is given up.
    pub stall_timeout: Duration,
    /// Most time for one HTTP call.
    pub call_timeout: Duration,
    /// Most time for one trial, waits and retries included.
    pub trial_timeout: Duration,
    /// Whether response bodies are stored as received.
    pub keep_raw: bool,
    /// Whether answers of earlier identical calls are replayed instead of called again.
    pub cache: bool,
    /// Which race stops asking candidates that cannot be chosen; `None` = everybody is asked everything.
    pub adaptive: Option<Adaptive>,
}

impl Default for BenchSettings {
    fn default() -> Self {
        Self {
            repeats: 1,
            budget: None,
            concurrency: 50,
            seed: 1,
            max_attempts: 6,
            stall_timeout: Duration::from_secs(60),
            call_timeout: Duration::from_secs(600),
            trial_timeout: Duration::from_secs(900),
            keep_raw: false,
            cache: true,
            adaptive: None,
        }
    }
}

/// Where results are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreLocation {
    /// `.trilemma/trilemma.db` beside the project file.
    #[default]
    Default,
    /// This file, relative to the project file.
    Path(PathBuf),
    /// The file that an environment variable names.
    Env(String),
}
