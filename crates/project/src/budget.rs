//! What may be spent in which time.

use serde::Serialize;
use trilemma_domain::Usd;

/// Most that may be spent in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ServeBudget {
    /// Dollars.
    pub limit: Usd,
    /// In which time.
    pub period: Period,
}

/// When a budget starts anew, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Each day.
    Day,
    /// Each month.
    #[default]
    Month,
    /// Never.
    Total,
}
