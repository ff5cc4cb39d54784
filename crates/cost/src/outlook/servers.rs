//! Own servers for open weights, and where they begin to pay.

use serde::{Deserialize, Serialize};
use trilemma_domain::Usd;

use crate::selfhost::{BreakEven, Never, StairStep};

/// A fleet of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Servers {
    /// The weights.
    pub weights: String,
    /// Positions of the candidates that are these weights.
    pub candidates: Vec<usize>,
    /// How they are stored.
    pub precision: String,
    /// The set-up, such as `1 × l4`; `None` = no GPU of the catalog holds them at a known price.
    pub set_up: Option<String>,
    /// Rent per GPU and hour, with its source and date.
    pub rent: String,
    /// Tokens per second of a replica, in and out: least, most likely, most.
    pub tokens_per_s: Option<(f64, f64, f64)>,
    /// Where that speed comes from.
    pub speed_source: String,
    /// Replicas that the stated traffic needs at its peak.
    pub replicas: Option<u32>,
    /// What a month with them costs, people included.
    pub month: Option<Usd>,
    /// Rent per million tokens of a replica that is as busy as planned.
    pub own_usd_per_mtok: Option<String>,
    /// Tokens of a mean day of the stated traffic.
    pub traffic_tokens_per_day: Option<f64>,
    /// What replicas carry and cost.
    pub stairs: Vec<Stair>,
    /// Against each candidate that has a price per token.
    pub against: Vec<ApiCrossing>,
}

/// A step of the staircase.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stair {
    /// Replicas.
    pub replicas: u32,
    /// Tokens per mean day that they carry.
    pub tokens_per_day: f64,
    /// What they cost per month, people included.
    pub month: Usd,
}

/// Where a candidate's bill meets the fleet's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiCrossing {
    /// Position of the candidate.
    pub candidate: usize,
    /// US dollars per million tokens in the traffic's proportion.
    pub usd_per_mtok: f64,
    /// With likely speed and rent.
    pub likely: TokensPerDay,
    /// With the fastest replicas at the lowest rent that any row states.
    pub fast_and_cheap: TokensPerDay,
    /// With the slowest at the highest.
    pub slow_and_dear: TokensPerDay,
}

/// From which volume own servers are not dearer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokensPerDay {
    /// From this many tokens per mean day.
    From(f64),
    /// Never: a busy replica's tokens cost more than the candidate's.
    NeverDearer,
    /// Not with any fleet that was looked at.
    NeverThatLarge,
    /// A figure is missing.
    Unknown,
}

impl From<Option<&BreakEven>> for TokensPerDay {
    fn from(found: Option<&BreakEven>) -> Self {
        use rust_decimal::prelude::ToPrimitive as _;
        match found {
            None => Self::Unknown,
            Some(BreakEven::From { tokens_per_day, .. }) => {
                tokens_per_day.to_f64().map_or(Self::Unknown, Self::From)
            }
            Some(BreakEven::Never(Never::MarginalCost { .. })) => Self::NeverDearer,
            Some(BreakEven::Never(Never::TooFar { .. })) => Self::NeverThatLarge,
        }
    }
}

impl Stair {
    /// The step as a record; `None` when it is larger than a float can say.
    #[must_use]
    pub fn of(step: &StairStep) -> Option<Self> {
        use rust_decimal::prelude::ToPrimitive as _;
        Some(Self {
            replicas: step.replicas,
            tokens_per_day: step.tokens_per_day.to_f64()?,
            month: step.month,
        })
    }
}
