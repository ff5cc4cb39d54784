//! What makes a run reproducible, out of project and golden set.

use serde_json::{Map, Value};
use trilemma_domain::{Fingerprint, ItemId, RunId, Score, ScorerSpec};
use trilemma_project::Project;
use trilemma_store::{CandidateRecord, MANIFEST_VERSION, RunManifest, ScoreSet, ScorerEntry};

/// What the project does not say of a run.
pub struct RunPlan<'a> {
    /// The project.
    pub project: &'a Project,
    /// Items in golden-set order.
    pub items: Vec<ItemId>,
    /// Hash of the golden set.
    pub golden: Fingerprint,
    /// The date whose prices and terms hold.
    pub as_of: jiff::civil::Date,
    /// Wall time, microseconds since 1970-01-01 UTC.
    pub now_us: i64,
    /// This program's version.
    pub version: &'a str,
}

/// Writes the manifest of a new run.
#[must_use]
pub fn manifest(plan: RunPlan<'_>) -> RunManifest {
    manifest_with(plan, Map::new())
}

/// Writes the manifest of a new run on which further settings bear, such as a part of the golden set.
#[must_use]
pub fn manifest_with(plan: RunPlan<'_>, parameters: Map<String, Value>) -> RunManifest {
    let project = plan.project;
    let candidates = project
        .candidates
        .iter()
        .map(|candidate| CandidateRecord {
            candidate: candidate.clone(),
            prompt: candidate
                .prompt
                .as_ref()
                .map(|prompt| Fingerprint::of(prompt.source.as_bytes())),
            request_base: Fingerprint::of(&serde_json::to_vec(candidate).unwrap_or_default()),
        })
        .collect();
    let mut manifest = RunManifest {
        schema_version: MANIFEST_VERSION,
        run: RunId::from(""),
        created_us: plan.now_us,
        trilemma_version: plan.version.to_owned(),
        project: project.task.name.clone(),
        seed: project.bench.seed,
        as_of: plan.as_of,
        repeats: project.bench.repeats,
        golden: plan.golden,
        items: plan.items,
        candidates,
        scores: score_set(&project.scorers, project.task.pass_threshold),
        parameters,
        notes: Map::new(),
    };
    manifest.run = run_id(plan.now_us, &manifest.fingerprint());
    manifest
}

/// The score set that a project's scorers make up.
#[must_use]
pub fn score_set(specs: &[ScorerSpec], pass_threshold: f64) -> ScoreSet {
    ScoreSet {
        scorers: specs.iter().map(scorer_entry).collect(),
        pass_threshold: Score::clamped(pass_threshold),
    }
}

fn scorer_entry(spec: &ScorerSpec) -> ScorerEntry {
    let mut entry = ScorerEntry::of(spec.clone());
    // The `refusal` scorer gives 0 to an answer that declines.
    if spec.kind == "refusal" {
        let inverted = spec
            .options
            .get("invert")
            .and_then(serde_json::Value::as_bool);
        entry.refused_at = Some(if inverted == Some(true) {
            Score::ONE
        } else {
            Score::ZERO
        });
    }
    entry
}

/// A name that sorts by time and tells different runs of one second apart.
fn run_id(now_us: i64, fingerprint: &Fingerprint) -> RunId {
    let stamp = jiff::Timestamp::from_microsecond(now_us).unwrap_or_default();
    let short: String = fingerprint.to_string().chars().take(4).collect();
    RunId::from(format!("{}-{short}", stamp.strftime("%Y%m%d-%H%M%S")))
}
