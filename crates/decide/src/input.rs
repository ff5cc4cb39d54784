//! What a decision is taken from, trials apart.
//!
//! In: the checked project, what the catalog says of each candidate, and the list of items. Out:
//! [`DecisionInput`], which the collector completes with trials. Nothing here is computed.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trilemma_cost::Pricer;
pub use trilemma_domain::Preference;
use trilemma_domain::{
    CandidateId, Capability, Fingerprint, ItemId, ModelName, Requirements, RunId, Stakes, TaskKind,
    Traffic,
};

use crate::judges::{JudgeResult, PairRanking};

/// What a race has done before a decision on those that it left.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Raced {
    /// Further candidates that it looked at and gave up: they are not judged, but errors are held over
    /// them too, because whom to judge was chosen by the same answers.
    pub n_given_up: usize,
    /// Whether the best of all may be among those that it gave up, so that nobody can be compared with it.
    pub lost_the_best: bool,
    /// Share of the permitted error that it may have spent on keeping the best, in [0, 1).
    pub error_spent: f64,
}

/// Everything that a decision depends on, trials apart.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionInput {
    /// What the model is for.
    pub task: TaskFacts,
    /// The gates.
    pub requirements: Requirements,
    /// Production traffic; `None` = not stated, so no monthly figures.
    pub traffic: Option<Traffic>,
    /// What ranks candidates that meet every gate.
    pub preference: Preference,
    /// What to do about prices that nobody has looked at for more than 90 days.
    pub stale_prices: StalePrices,
    /// Position of the candidate in use today, if it is among them.
    pub incumbent: Option<usize>,
    /// The candidates, in the order of the run.
    pub candidates: Vec<CandidateFacts>,
    /// What a race has done to the candidates before.
    pub raced: Raced,
    /// The items, in the order of the run.
    pub items: Vec<ItemFacts>,
    /// Trials per candidate and item that were planned; at least 1.
    pub repeats: u32,
    /// Seed of every resample.
    pub seed: u64,
    /// The date whose prices, terms and lifecycles hold.
    pub as_of: Date,
    /// Whether answers are known to come from simulated endpoints; a single trial that says so
    /// makes the whole decision a simulated one.
    pub simulated: bool,
    /// The judges that scores rest on, measured (see [`crate::judges`]).
    pub judges: Vec<JudgeResult>,
    /// Who is preferred where judges compare pairs, by scorer (see [`crate::judges`]).
    pub pairs: Vec<PairRanking>,
    /// Where the trials come from; only carried through.
    pub provenance: Provenance,
}

/// What the model is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// Name in reports.
    pub name: String,
    /// What kind of task.
    pub kind: TaskKind,
    /// How much a wrong answer hurts.
    pub stakes: Stakes,
    /// A score at or above this passes; in (0, 1].
    pub pass_threshold: f64,
}

/// Where trials come from, for the record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// The run; `None` = none, such as imported results.
    pub run: Option<RunId>,
    /// Content hash of the golden set.
    pub golden: Option<Fingerprint>,
    /// The part of the golden set that was measured, such as `holdout`; `None` = all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Hash of the catalog.
    pub catalog: Option<Fingerprint>,
    /// The program's version.
    pub version: String,
}

/// What to do about prices that were last looked at more than 90 days before the date asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StalePrices {
    /// Recommend nothing on them.
    #[default]
    Refuse,
    /// Use them, with a warning.
    Accept,
}

/// The tag of items that `init` makes up as a start.
pub const STARTER_TAG: &str = "starter";

/// One item, as far as figures need it.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemFacts {
    /// Its name.
    pub id: ItemId,
    /// How much it counts; above 0.
    pub weight: f64,
    /// Items that are not independent share one; `None` = independent of all others.
    pub cluster: Option<String>,
    /// Labels for slices.
    pub tags: Vec<String>,
}

/// What a routed mix is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Routed {
    /// Items that it served.
    pub n: usize,
    /// What it does, one line per step.
    pub plan: Vec<String>,
    /// The candidates that it may ask.
    pub parts: Vec<RoutedPart>,
    /// Share of items that took more than one step, in [0, 1].
    pub escalated: f64,
}

/// One candidate as part of a mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoutedPart {
    /// Its position.
    pub candidate: usize,
    /// Its name.
    pub id: CandidateId,
    /// Calls of it per query, at least 0.
    pub calls_per_query: f64,
    /// Share of queries that its answer is given to, in [0, 1].
    pub answers: f64,
    /// Input tokens of its calls per query of the mix; `None` = not reported for one of them.
    pub input_tokens: Option<f64>,
    /// Output tokens of its calls per query of the mix; `None` = not reported for one of them.
    pub output_tokens: Option<f64>,
}

/// What is known of one candidate without trying it.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateFacts {
    /// Its name.
    pub id: CandidateId,
    /// The model as people should read it.
    pub model: String,
    /// Which catalog model it is; `None` = unknown to the catalog.
    pub identity: Option<ModelName>,
    /// The model's name on the wire.
    pub wire_name: String,
    /// Its prices on the day; `None` = unknown.
    pub pricer: Option<Pricer>,
    /// What is known of where its data goes.
    pub privacy: PrivacyFacts,
    /// Context window in tokens; `None` = not stated.
    pub context_window: Option<u64>,
    /// What it can and cannot do; absent = not stated.
    pub capabilities: BTreeMap<Capability, Known>,
    /// When it ends; `None` = no end is announced.
    pub end: Option<LifecycleEnd>,
    /// Whether its name may come to mean other weights.
    pub naming: Naming,
    /// Why it cannot be chosen whatever was measured, in a sentence; `None` = it can be. Others may
    /// still be compared with it.
    pub retired: Option<String>,
    /// Whether answers are streamed; without, there is no TTFT.
    pub streamed: bool,
    /// Model names that answers carried, with the number of trials of each.
    pub served: Vec<ServedModel>,
    /// What it is made of; `None` = it is one model. Only [`crate::Collector::with_mix`] fills it in.
    pub routed: Option<Routed>,
}

impl CandidateFacts {
    /// Whether a model name in an answer is the one that was asked for: on the wire, or as the catalog
    /// has it. Case and whatever stands before the last slash do not count.
    #[must_use]
    pub fn is_pinned_to(&self, served: &str) -> bool {
        let bare = |name: &str| name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
        let identity = self.identity.as_ref().map(|id| id.model.as_str());
        std::iter::once(self.wire_name.as_str())
            .chain(identity)
            .any(|wanted| bare(wanted) == bare(served))
    }
}

/// Yes or no, where a source says; absence means that none does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// It is so.
    Yes,
    /// It is not so.
    No,
}

/// What is known of where a candidate's data goes. `None` = no source says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrivacyFacts {
    /// Whether the vendor trains on what it is sent.
    pub trains: Option<Known>,
    /// Regions to which processing can be pinned.
    pub regions: Option<Vec<String>>,
    /// Whether the model runs on own servers.
    pub self_hosted: Option<Known>,
    /// What has to be done or signed for the terms to hold.
    pub conditions: Option<String>,
    /// Who states the terms, and when that was last looked at.
    pub source: Option<String>,
}

/// When a model stops answering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleEnd {
    /// The first day without it, or the day by which it is gone.
    pub by: Date,
    /// Whether `by` is the exact day.
    pub exact: bool,
    /// What the vendor recommends instead.
    pub replacement: Option<String>,
    /// Whether it is the end of the endpoint that is called. `false` = that of the same model at its own
    /// vendor: another house (Azure, a gateway of one's own) may serve it for longer, or not as long.
    #[serde(default)]
    pub at_endpoint: bool,
    /// Who states it, and when that was last looked at; `None` = not recorded.
    #[serde(default)]
    pub source: Option<String>,
}

/// Whether a model name stays with one set of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// A dated snapshot.
    Snapshot,
    /// The vendor may put other weights behind it.
    Moving,
    /// No source says.
    Unknown,
}

/// A model name that answers carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedModel {
    /// The name as the vendor wrote it.
    pub name: String,
    /// Trials that carried it.
    pub n_trials: usize,
}
