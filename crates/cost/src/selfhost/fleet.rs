//! Replicas that serve a volume, and what they cost per month.
//!
//! capacity per replica and day = tokens/s × 86,400 × target utilisation ÷ peak-to-mean;
//! month = replicas × GPUs × USD/h × (1 − commitment discount) × 730 + people + other fixed costs.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trilemma_domain::Usd;

use crate::decimal::{MONTH_DAYS, MONTH_HOURS};

/// A set-up of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fleet {
    /// Tokens per second, in and out, that one replica serves: measured, else estimated. Above 0.
    pub tokens_per_s: Decimal,
    /// GPUs of a replica; at least 1.
    pub gpus: u32,
    /// Rent of a GPU.
    pub usd_per_gpu_hour: Decimal,
    /// Fewest replicas that run whatever the load; at least 1.
    pub min_replicas: u32,
    /// People, in full-time equivalents.
    pub fte: Decimal,
    /// What a full-time equivalent costs per month.
    pub fte_usd_month: Decimal,
    /// Other costs per month: storage, traffic, monitoring.
    pub fixed_usd_month: Decimal,
    /// Share of capacity that is planned to be used at the peak, in (0, 1].
    pub target_utilisation: Decimal,
    /// Peak rate over mean rate; at least 1.
    pub peak_to_mean: Decimal,
    /// Discount for a commitment, in [0, 1).
    pub commit_discount: Decimal,
}

impl Fleet {
    /// Tokens per mean day that one replica carries; `None` when a figure makes no sense.
    #[must_use]
    pub fn tokens_per_replica_day(&self) -> Option<Decimal> {
        let capacity = self
            .tokens_per_s
            .checked_mul(Decimal::from(86_400))?
            .checked_mul(self.target_utilisation)?
            .checked_div(self.peak_to_mean)?;
        (capacity > Decimal::ZERO).then_some(capacity)
    }

    /// Rent of one replica per month.
    #[must_use]
    pub fn replica_month(&self) -> Option<Usd> {
        Decimal::from(self.gpus)
            .checked_mul(self.usd_per_gpu_hour)?
            .checked_mul(Decimal::ONE - self.commit_discount)?
            .checked_mul(MONTH_HOURS)
            .map(Usd::new)
    }

    /// What a month costs with so many replicas.
    #[must_use]
    pub fn month(&self, replicas: u32) -> Option<Usd> {
        let people = self.fte.checked_mul(self.fte_usd_month)?;
        let rent = self.replica_month()? * Decimal::from(replicas);
        Some(rent + Usd::new(people) + Usd::new(self.fixed_usd_month))
    }

    /// Replicas that a volume needs at its peak; `None` when a figure makes no sense.
    #[must_use]
    pub fn replicas_for(&self, tokens_per_day: Decimal) -> Option<u32> {
        let needed = tokens_per_day
            .checked_div(self.tokens_per_replica_day()?)?
            .ceil()
            .to_u32()?;
        Some(needed.max(self.min_replicas))
    }

    /// Rent per million tokens of a replica that is as busy as planned: the marginal cost.
    #[must_use]
    pub fn marginal_usd_per_mtok(&self) -> Option<Decimal> {
        let month_tokens = self.tokens_per_replica_day()?.checked_mul(MONTH_DAYS)?;
        self.replica_month()?
            .decimal()
            .checked_div(month_tokens)?
            .checked_mul(Decimal::from(1_000_000))
    }
}
