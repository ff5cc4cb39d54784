//! What makes a run reproducible, in one record.
//!
//! A run is the trials of every candidate × item × repeat of its manifest; a trial's key counts
//! positions in it. What only concerns scores, prices and dates (scorers, pass threshold, `as_of`)
//! is recorded, but is no part of [`RunManifest::fingerprint`]: re-scoring and re-deciding never
//! call a candidate, so they never ask for another run.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trilemma_domain::{Candidate, Fingerprint, ItemId, RunId};

use crate::score_set::ScoreSet;

/// Version of the manifest's own format.
pub const MANIFEST_VERSION: u32 = 1;

/// Key of what a run is for among its parameters, where it is a matter of drift: an object whose one
/// member is called `baseline` or `check`.
pub const DRIFT_PARAMETER: &str = "drift";

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunPurpose {
    /// To be decided on.
    Benchmark,
    /// To be what later drift checks are compared with.
    Baseline,
    /// To be compared with a baseline.
    Check,
}

/// One candidate of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateRecord {
    /// The candidate as resolved: pinned model, parameters, prompt text.
    pub candidate: Candidate,
    /// Hash of the prompt template; `None` = the item's input as it is.
    pub prompt: Option<Fingerprint>,
    /// Hash of everything of its requests that does not depend on the item.
    pub request_base: Fingerprint,
}

/// Everything that makes a run reproducible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunManifest {
    /// Version of this format: [`MANIFEST_VERSION`].
    pub schema_version: u32,
    /// Name of the run, unique within the store.
    pub run: RunId,
    /// When it began, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// The program that began it.
    pub trilemma_version: String,
    /// The project's name.
    pub project: String,
    /// Seed of every random choice.
    pub seed: u64,
    /// The date whose prices and terms hold.
    pub as_of: jiff::civil::Date,
    /// Trials per candidate and item, at least 1.
    pub repeats: u32,
    /// Content hash of the golden set, under which its items are stored.
    pub golden: Fingerprint,
    /// The items in order: `item_idx` counts here.
    pub items: Vec<ItemId>,
    /// The candidates in order: `candidate_idx` counts here.
    pub candidates: Vec<CandidateRecord>,
    /// The scorers that the project named when the run began.
    pub scores: ScoreSet,
    /// Every other setting that may change an outcome: split, retries, limits, timeouts.
    pub parameters: Map<String, Value>,
    /// Whatever else is worth keeping, such as the project file's text or notes of a simulation;
    /// no part of the fingerprint.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub notes: Map<String, Value>,
}

impl RunManifest {
    /// Hashes what determines the calls of the run: project, seed, repeats, golden set, items,
    /// candidates and parameters. Two manifests with the same fingerprint ask for the same calls.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Fingerprint::builder()
            .field("trilemma run 1")
            .field(&self.project)
            .field(self.seed.to_be_bytes())
            .field(self.repeats.to_be_bytes())
            .field(self.golden.as_bytes())
            .field((self.items.len() as u64).to_be_bytes());
        for item in &self.items {
            hash = hash.field(item.as_str());
        }
        for record in &self.candidates {
            hash = hash
                .field(json_bytes(&record.candidate))
                .field(record.request_base.as_bytes());
        }
        hash.field(json_bytes(&self.parameters)).finish()
    }

    /// What the run is for.
    #[must_use]
    pub fn purpose(&self) -> RunPurpose {
        let drift = self.parameters.get(DRIFT_PARAMETER);
        let has = |key: &str| drift.is_some_and(|drift| drift.get(key).is_some());
        match (has("baseline"), has("check")) {
            (true, _) => RunPurpose::Baseline,
            (false, true) => RunPurpose::Check,
            (false, false) => RunPurpose::Benchmark,
        }
    }

    /// Trials that the run consists of when complete.
    #[must_use]
    pub fn n_trials(&self) -> u64 {
        [self.items.len() as u64, u64::from(self.repeats)]
            .into_iter()
            .fold(self.candidates.len() as u64, u64::saturating_mul)
    }
}

/// JSON of a record of ours, which always has one: its maps have text keys.
fn json_bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
