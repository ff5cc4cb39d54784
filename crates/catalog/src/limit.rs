//! Rate limits by tier, what it takes to be in one, and how long that lasts.
//!
//! In: `limits.toml` and rows of the user's own files. Out: rows with source and date. A limit that
//! no source states is unknown, never unlimited.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::source::Provenance;

/// A tier of a provider, for some or all of its models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateTier {
    /// Whose.
    pub provider: String,
    /// Beginnings of the ids of its models (without provider); empty = all models.
    pub models: Vec<String>,
    /// Its name.
    pub tier: String,
    /// Place among the provider's tiers, lowest first.
    pub rank: u8,
    /// Requests per minute.
    pub rpm: Option<u64>,
    /// Input tokens per minute.
    pub itpm: Option<u64>,
    /// Output tokens per minute.
    pub otpm: Option<u64>,
    /// Input and output tokens per minute.
    pub tpm: Option<u64>,
    /// Requests per day.
    pub rpd: Option<u64>,
    /// Whether tokens read from a cache count; `None` = not stated.
    pub cached_counts: Option<bool>,
    /// Dollars paid in all before one is in it; `None` = not stated.
    pub paid_usd: Option<Decimal>,
    /// Days after the first payment before one is in it; `None` = not stated.
    pub days: Option<u32>,
    /// What else it takes, such as talking to sales.
    pub note: Option<String>,
    /// Where this is stated.
    pub provenance: Provenance,
}

impl RateTier {
    /// Whether it holds for a model, by the model's id without provider.
    #[must_use]
    pub fn covers(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|begin| model.starts_with(begin))
    }

    /// How old the figures are on a day, in days.
    #[must_use]
    pub fn age_days(&self, as_of: Date) -> i32 {
        crate::price::days_between(self.provenance.checked, as_of)
    }
}
