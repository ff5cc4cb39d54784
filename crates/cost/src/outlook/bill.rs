//! A month of one candidate.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trilemma_domain::Usd;

/// Tokens of a query in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tokens {
    /// Mean.
    pub mean: f64,
    /// Least that the mean may be; equal to it where nothing says more.
    pub low: f64,
    /// Most that the mean may be.
    pub high: f64,
    /// One query in twenty has more; `None` = not measured.
    pub p95: Option<f64>,
    /// Whether a run measured them; else they are stated or a default.
    pub is_measured: bool,
}

/// What a query and a month cost, with everything stated counted in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// Input tokens of a query.
    pub input: Tokens,
    /// Output tokens of a query, reasoning included.
    pub output: Tokens,
    /// A query of mean length: model, judge and router.
    pub per_query: Usd,
    /// A query longer than nineteen of twenty; `None` = tokens were not measured.
    pub long_query: Option<Usd>,
    /// A month of 30 days at today's traffic.
    pub month: Usd,
    /// The same at the least of traffic and mean tokens; `None` = a price is unknown there.
    pub month_low: Option<Usd>,
    /// The same at the most of them.
    pub month_high: Option<Usd>,
    /// The last month looked at; `None` = no growth.
    pub last_month: Option<Usd>,
    /// An accepted answer; `None` = no pass rate, or nothing passes.
    pub per_accepted: Option<Usd>,
    /// The price row.
    pub price_row: String,
    /// Who states it.
    pub price_source: String,
    /// When it was last looked at; `None` = own contract.
    pub price_checked: Option<Date>,
    /// Whether that was more than 90 days ago.
    pub is_stale: bool,
}
