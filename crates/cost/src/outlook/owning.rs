//! The months ahead of one candidate.

use serde::{Deserialize, Serialize};
use trilemma_domain::Usd;

use crate::risk::{Outcome, Swing};
use crate::tco::{Event, EventKind, OneOff};

/// What owning a candidate costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Owning {
    /// Whether it is in use today, so that no switch is paid.
    pub is_incumbent: bool,
    /// What is paid before the first month.
    pub one_off: Usd,
    /// The parts of it.
    pub one_off_parts: Vec<OneOffCost>,
    /// One-off and all months, each input at its most likely value.
    pub total: Usd,
    /// The same in money of today.
    pub present_value: Usd,
    /// What staying costs over the same months; `None` = nothing to stay with.
    pub stay_total: Option<Usd>,
    /// First month by whose end a switch has paid; `None` = not within the months looked at.
    pub payback_month: Option<u32>,
    /// What has been paid by the end of each month, the one-off first.
    pub paid_by: Vec<Usd>,
    /// Totals over the ranges of all inputs; `None` = nothing was simulated.
    pub simulated: Option<Simulated>,
    /// Share of draws in which it is cheaper than the reference; `None` for the reference.
    pub chance_cheaper: Option<f64>,
    /// What moves its total most, widest first.
    pub swings: Vec<SwingCost>,
    /// What is announced or must be expected within the months.
    pub due: Vec<Due>,
}

/// A part of the one-off cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneOffCost {
    /// What it is for.
    pub what: String,
    /// What it comes to.
    pub usd: Usd,
}

/// Totals in US dollars over all draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    /// Mean.
    pub mean: f64,
    /// One in ten is below.
    pub p10: f64,
    /// Half are below.
    pub p50: f64,
    /// One in ten is above.
    pub p90: f64,
}

/// What a total is at both ends of one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SwingCost {
    /// The input.
    pub input: String,
    /// Total in US dollars at its least.
    pub low: f64,
    /// Total at its most.
    pub high: f64,
}

/// A dated change of cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The month, from 1.
    pub month: u32,
    /// What it does.
    pub kind: DueKind,
    /// Why.
    pub reason: String,
}

/// What a dated change does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// Model costs are multiplied by this from then on.
    PriceFactor(String),
    /// The month costs this much more.
    Usd(Usd),
}

impl From<&OneOff> for OneOffCost {
    fn from(line: &OneOff) -> Self {
        Self {
            what: line.what.to_owned(),
            usd: line.cost,
        }
    }
}

impl From<&Outcome> for Simulated {
    fn from(outcome: &Outcome) -> Self {
        Self {
            mean: outcome.mean,
            p10: outcome.p10,
            p50: outcome.p50,
            p90: outcome.p90,
        }
    }
}

impl From<&Swing> for SwingCost {
    fn from(swing: &Swing) -> Self {
        Self {
            input: swing.input.name().to_owned(),
            low: swing.low,
            high: swing.high,
        }
    }
}

impl From<&Event> for Due {
    fn from(event: &Event) -> Self {
        Self {
            month: event.month,
            kind: match event.kind {
                EventKind::Price(factor) => DueKind::PriceFactor(factor.normalize().to_string()),
                EventKind::OneOff(cost) => DueKind::Usd(cost),
            },
            reason: event.reason.clone(),
        }
    }
}
