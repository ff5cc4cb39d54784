//! What the production system needs: the gates that a candidate has to pass.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::candidate::Capability;
use crate::ids::CandidateId;
use crate::money::Usd;

/// What kind of task the model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// One label out of a fixed set.
    Classification,
    /// Fields out of a text.
    Extraction,
    /// Free text.
    Generation,
    /// A shorter text.
    Summarization,
    /// Several steps of thought.
    Reasoning,
    /// Program text.
    Code,
    /// An answer from given documents.
    Rag,
    /// Calls of tools.
    ToolUse,
    /// None of these.
    Other,
}

impl TaskKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Classification,
        Self::Extraction,
        Self::Generation,
        Self::Summarization,
        Self::Reasoning,
        Self::Code,
        Self::Rag,
        Self::ToolUse,
        Self::Other,
    ];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Extraction => "extraction",
            Self::Generation => "generation",
            Self::Summarization => "summarization",
            Self::Reasoning => "reasoning",
            Self::Code => "code",
            Self::Rag => "rag",
            Self::ToolUse => "tool-use",
            Self::Other => "other",
        }
    }
}

/// How much a wrong answer hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stakes {
    /// Little: cheap candidates come first.
    Low,
    /// Middling.
    #[default]
    Medium,
    /// Much: strong candidates come first.
    High,
}

/// "At least this share of answers must pass."
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PassRateRequirement {
    /// The bar, in [0, 1], inclusive.
    pub min: f64,
    /// How sure one must be, in (0.5, 1).
    pub confidence: f64,
}

/// Whom a candidate is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The model in use today.
    Incumbent,
    /// Whichever candidate is best: every other one, in turn.
    Best,
    /// This one.
    Candidate(CandidateId),
}

/// How much worse is still acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Margin {
    /// Pass rate may be lower by this much, in (0, 1).
    Absolute(f64),
    /// Pass rate must be at least this share of the reference's, in (0, 1).
    Ratio(f64),
}

/// "Not worse than …, by more than …".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotWorseThan {
    /// Whom it is compared with.
    pub reference: Reference,
    /// How much worse is still acceptable.
    pub margin: Margin,
    /// How sure one must be, in (0.5, 1).
    pub confidence: f64,
}

/// The latency classes of the design document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LatencyClass {
    /// Under 1 s.
    RealTime,
    /// Under 5 s.
    Interactive,
    /// Under 60 s.
    Batch,
}

impl LatencyClass {
    /// The whole-answer budget that the class stands for, at the 95th percentile.
    #[must_use]
    pub fn budget(self) -> Duration {
        match self {
            Self::RealTime => Duration::from_secs(1),
            Self::Interactive => Duration::from_secs(5),
            Self::Batch => Duration::from_secs(60),
        }
    }

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RealTime => "real-time",
            Self::Interactive => "interactive",
            Self::Batch => "batch",
        }
    }
}

/// Latency budgets; explicit figures override the class.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LatencyRequirement {
    /// The class, if one was named.
    pub class: Option<LatencyClass>,
    /// Budget of TTFT at the 95th percentile.
    pub ttft_p95: Option<Duration>,
    /// Budget of the whole answer at the 95th percentile.
    pub e2e_p95: Option<Duration>,
    /// Budget of TTFT at the median.
    pub ttft_p50: Option<Duration>,
    /// Budget of the whole answer at the median.
    pub e2e_p50: Option<Duration>,
}

/// Money budgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CostRequirement {
    /// Most that a query may cost on average.
    pub per_query: Option<Usd>,
    /// Most that a month of the project's traffic may cost.
    pub per_month: Option<Usd>,
    /// Most that an accepted answer may cost on average.
    pub per_accepted: Option<Usd>,
}

/// Whether a vendor may train on what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrainingUse {
    /// It may not.
    Forbidden,
    /// It may.
    Allowed,
}

/// Where data may go; binds judges too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PrivacyRequirement {
    /// Training on the data; `None` = no demand.
    pub training: Option<TrainingUse>,
    /// Regions in which data must be processed; empty = anywhere.
    pub regions: Vec<String>,
    /// Whether only self-hosted models are allowed.
    pub self_hosted: bool,
}

/// What statements on quality are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimand {
    /// Production traffic of which the golden set is a sample: uncertain even after every item ran.
    #[default]
    Production,
    /// The items of the golden set themselves, as answered: exact once every one of them ran.
    GoldenSet,
}

impl Estimand {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Production, Self::GoldenSet];

    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::GoldenSet => "golden-set",
        }
    }

    /// The words to show, after "about".
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Production => "production traffic like the golden set",
            Self::GoldenSet => "this golden set",
        }
    }
}

/// All gates of a project.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Requirements {
    /// What gates on quality are about.
    #[serde(default)]
    pub estimand: Estimand,
    /// Quality bar.
    pub pass_rate: Option<PassRateRequirement>,
    /// Comparison bar.
    pub not_worse_than: Option<NotWorseThan>,
    /// Speed.
    pub latency: Option<LatencyRequirement>,
    /// Money.
    pub cost: Option<CostRequirement>,
    /// Data protection.
    pub privacy: Option<PrivacyRequirement>,
    /// Least context window, in tokens.
    pub context: Option<u64>,
    /// Abilities that are needed.
    pub capabilities: Vec<Capability>,
}

/// Production traffic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Queries per day; at least 0.
    pub queries_per_day: f64,
    /// Peak rate over mean rate; at least 1. `None` = not stated.
    pub peak_to_mean: Option<f64>,
    /// Growth per month as a share, such as 0.05; above −1. `None` = not stated.
    pub growth_per_month: Option<f64>,
    /// Share of input tokens read from cache in production, in [0, 1]. `None` = not stated.
    pub cache_hit_rate: Option<f64>,
}
