//! What one requirement says of one candidate.

use serde::{Deserialize, Serialize};
use trilemma_domain::{Capability, Usd, Verdict};

use crate::figure::{Figure, Method, MoneyFigure};

/// Which requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// Share of answers that pass.
    PassRate,
    /// Not worse than another candidate.
    NotWorseThan,
    /// Time to first token, median.
    TtftP50,
    /// Time to first token, 95th percentile.
    TtftP95,
    /// Whole answer, median.
    E2eP50,
    /// Whole answer, 95th percentile.
    E2eP95,
    /// Cost per query.
    CostPerQuery,
    /// Cost per month of the project's traffic.
    CostPerMonth,
    /// Cost per accepted answer.
    CostPerAccepted,
    /// No training on the data.
    Training,
    /// Processing in certain regions.
    Regions,
    /// Own servers.
    SelfHosted,
    /// Context window.
    Context,
    /// An ability.
    Capability(Capability),
    /// Prices are recent; only present where they are not.
    PriceAge,
    /// There is a scored answer to judge by; only present where there is none.
    Answers,
    /// It is still to be had; only present where it is not.
    Offered,
    /// Passes are no refusals that another candidate does not need; only present where they may be.
    Refusals,
}

impl GateKind {
    /// Gives the words to show in a table.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::PassRate => "pass rate",
            Self::NotWorseThan => "not worse than",
            Self::TtftP50 => "first token, median",
            Self::TtftP95 => "first token, p95",
            Self::E2eP50 => "response time, median",
            Self::E2eP95 => "response time, p95",
            Self::CostPerQuery => "cost per query",
            Self::CostPerMonth => "cost per month",
            Self::CostPerAccepted => "cost per accepted answer",
            Self::Training => "no training on data",
            Self::Regions => "region",
            Self::SelfHosted => "self-hosted",
            Self::Context => "context window",
            Self::Capability(capability) => return format!("can do {}", capability.name()),
            Self::PriceAge => "price is recent",
            Self::Answers => "has answers",
            Self::Offered => "still offered",
            Self::Refusals => "refusals looked at",
        }
        .to_owned()
    }
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// A share, in [0, 1].
    Rate(f64),
    /// A difference of shares, in [-1, 1].
    Difference(f64),
    /// A ratio of shares, at least 0.
    Ratio(f64),
    /// A time in milliseconds.
    Ms(f64),
    /// Money.
    Usd(Usd),
    /// Tokens.
    Tokens(u64),
    /// Days.
    Days(i32),
}

/// What was measured for a gate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateEstimate {
    /// A share, in [0, 1].
    Rate(Figure),
    /// A difference of shares, in [-1, 1].
    Difference(Figure),
    /// A ratio of shares, at least 0.
    Ratio(Figure),
    /// A time in milliseconds.
    Ms(Figure),
    /// Money.
    Usd(MoneyFigure),
    /// Tokens, as stated.
    Tokens(u64),
}

/// Why a gate is undecided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The interval holds the threshold: more items would settle it.
    Sampling,
    /// It would come out differently depending on answers that are missing.
    MissingResults,
    /// Nothing was measured that it could rest on.
    NotMeasured,
    /// No source states the fact, or the price.
    UnknownFact,
    /// The prices are too old to recommend on.
    StalePrice,
}

/// What one requirement says of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// Which requirement.
    pub gate: GateKind,
    /// What it says.
    pub verdict: Verdict,
    /// Why it is undecided; `None` when it is decided.
    pub cause: Option<Cause>,
    /// Items (latency: trials) it rests on; `None` = it rests on no trial.
    pub n: Option<usize>,
    /// What was measured; `None` = nothing, or a fact that is no number.
    pub estimate: Option<GateEstimate>,
    /// The one-sided bound that was compared with the threshold: the lower one where more is better,
    /// the upper one where less is; `None` = no bound exists.
    pub bound: Option<Amount>,
    /// What it was compared with; `None` = a fact that is no number.
    pub threshold: Option<Amount>,
    /// One-sided confidence of the verdict, in (0.5, 1); `None` = a stated fact.
    pub confidence: Option<f64>,
    /// How it was tested.
    pub method: Method,
    /// Position of the candidate compared with, for `not_worse_than`: the one that decides.
    pub reference: Option<usize>,
    /// One sentence.
    pub reason: String,
    /// What would settle it; `None` when decided.
    pub settle: Option<Settle>,
}

/// What would settle an undecided gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settle {
    /// About how many more items give a verdict with a chance of 80 %, if the truth is near the
    /// estimate; `None` = items would not settle it, or no number would do.
    pub more_items: Option<usize>,
    /// About what those would cost for the candidates concerned; `None` = unknown.
    pub cost_usd: Option<Usd>,
    /// What to do, in words.
    pub action: String,
}
