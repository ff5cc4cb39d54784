//! The whole decision.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trilemma_cost::outlook::Outlook;
use trilemma_domain::{Requirements, Traffic};

use super::candidate::CandidateResult;
use super::conclusion::{Conclusion, Rank, Status};
use super::notes::{Overturn, Warning};
use super::places::{Disagreements, Frontier, Slice};
use super::routing::Routing;
use super::standing::Standings;
use crate::input::{Preference, Provenance, StalePrices, TaskFacts};
use crate::judges::{JudgeResult, PairRanking};
use crate::review::CandidateReview;

/// Version of the format of [`Decision`].
pub const SCHEMA_VERSION: u32 = 1;

/// A decision with all its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Version of this format: [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Where the trials come from.
    pub provenance: Provenance,
    /// The date whose prices, terms and lifecycles hold.
    pub as_of: Date,
    /// Seed of every resample.
    pub seed: u64,
    /// Whether answers came from simulated endpoints.
    pub simulated: bool,
    /// What the model is for.
    pub task: TaskFacts,
    /// The gates.
    pub requirements: Requirements,
    /// Production traffic.
    pub traffic: Option<Traffic>,
    /// What ranked candidates that meet every gate.
    pub preference: Preference,
    /// What was done about old prices.
    pub stale_prices: StalePrices,
    /// The items.
    pub sample: SampleSummary,
    /// The candidates, in the order of the run.
    pub candidates: Vec<CandidateResult>,
    /// Position of the incumbent.
    pub incumbent: Option<usize>,
    /// Position of the candidate with the highest pass rate; `None` = nothing was scored.
    pub best: Option<usize>,
    /// All candidates in the order of preference, gates aside; unknown values last.
    pub ranking: Vec<Rank>,
    /// What the quality/cost ratio would pick; shown, never decides.
    pub ratio_pick: Option<usize>,
    /// Quality against cost.
    pub frontier: Frontier,
    /// Quality against cost and median response time.
    pub frontier_with_latency: Frontier,
    /// What follows.
    pub conclusion: Conclusion,
    /// Whether results that could change the conclusion are missing.
    pub missing_could_change_it: bool,
    /// Three to five sentences of evidence for the conclusion.
    pub reasons: Vec<String>,
    /// What would overturn it.
    pub overturns: Vec<Overturn>,
    /// What to be careful about.
    pub warnings: Vec<Warning>,
    /// The judges that scores rest on.
    #[serde(default)]
    pub judges: Vec<JudgeResult>,
    /// Who is preferred where judges compare pairs; empty = no pair was compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<PairRanking>,
    /// Pass rates by scorers and by people; empty = nobody has labelled an answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub review: Vec<CandidateReview>,
    /// Items on which candidates disagree.
    pub disagreements: Disagreements,
    /// All candidates among each other; `None` = fewer than two, or too few common items.
    #[serde(default)]
    pub standings: Option<Standings>,
    /// Pass rates by tag.
    pub slices: Vec<Slice>,
    /// Months, own servers and rate limits; `None` = traffic is not stated, or nobody asked.
    ///
    /// Filled in by whoever knows the catalog and the assumptions; it decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlook: Option<Outlook>,
    /// What a routed mix is worth; `None` = nobody asked. Filled in by whoever trained one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
}

/// The items that were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleSummary {
    /// Items of the golden set.
    pub n_items: usize,
    /// Items on which at least one candidate was tried.
    pub n_tried: usize,
    /// Groups of items that are independent of each other; `None` = every item is.
    pub n_clusters: Option<usize>,
    /// Whether items count differently.
    pub weighted: bool,
    /// Trials per candidate and item.
    pub repeats: u32,
}

impl Decision {
    /// Gives the outcome in one word.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.missing_could_change_it {
            return Status::MissingResults;
        }
        match self.conclusion {
            Conclusion::Decided { .. } => Status::Decided,
            Conclusion::NoCandidate { .. } => Status::NoCandidate,
            Conclusion::Undecided { .. } => Status::Undecided,
        }
    }

    /// Gives the recommended or, if undecided, the provisional candidate.
    #[must_use]
    pub fn chosen(&self) -> Option<&CandidateResult> {
        let idx = match self.conclusion {
            Conclusion::Decided { recommended, .. } => Some(recommended),
            Conclusion::NoCandidate { .. } => None,
            Conclusion::Undecided { provisional, .. } => provisional,
        };
        self.candidates.get(idx?)
    }
}
