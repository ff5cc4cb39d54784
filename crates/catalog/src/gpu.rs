//! GPUs: what their data sheets promise, and what an hour of one costs, where and on which terms.
//!
//! In: `gpus.toml` and rows of the user's own files. Out: rows with source and date. Prices are
//! anchors of a day, not quotes; no speed of a model is claimed here.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::source::Provenance;

/// On which terms an hour is rented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GpuTerm {
    /// By the hour.
    OnDemand,
    /// Committed for months or years.
    Reserved,
    /// Taken away when others pay more.
    Spot,
}

impl GpuTerm {
    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Reserved => "reserved",
            Self::Spot => "spot",
        }
    }
}

/// A dated price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuPrice {
    /// Who rents it out, or what the figure is taken over.
    pub place: String,
    /// On which terms.
    pub term: GpuTerm,
    /// Dollars per GPU and hour, lowest seen.
    pub low: Decimal,
    /// Highest seen; equal to `low` for a single figure.
    pub high: Decimal,
    /// Where it is stated.
    pub provenance: Provenance,
}

impl GpuPrice {
    /// The middle of the range; the figure itself where there is only one.
    #[must_use]
    pub fn mid(&self) -> Decimal {
        (self.low + self.high) / Decimal::TWO
    }
}

/// A kind of GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Gpu {
    /// Name, such as `H100`.
    pub id: String,
    /// Memory as sold, in units of 2³⁰ bytes.
    pub memory_gib: f64,
    /// Memory that a program sees, in GiB; `None` = not stated.
    pub visible_gib: Option<f64>,
    /// Bandwidth of the memory in 10⁹ bytes per second.
    pub bandwidth_gb_s: f64,
    /// Dense 16-bit arithmetic in 10¹² operations per second.
    pub bf16_tflops: f64,
    /// The same in 8 bits; `None` = it has none.
    pub fp8_tflops: Option<f64>,
    /// Where the figures are stated.
    pub provenance: Provenance,
    /// What it costs, in the order of the file, the user's own first.
    pub prices: Vec<GpuPrice>,
}

impl Gpu {
    /// Memory to plan with: what a program sees, else 98 % of what is sold (runtime and ECC).
    #[must_use]
    pub fn plan_gib(&self) -> f64 {
        self.visible_gib.unwrap_or(self.memory_gib * 0.98)
    }

    /// The price to plan with: the first on demand that is a single figure, else the first of all
    /// (of a range the middle, [`GpuPrice::mid`]).
    #[must_use]
    pub fn plan_price(&self) -> Option<&GpuPrice> {
        self.prices
            .iter()
            .find(|price| price.term == GpuTerm::OnDemand && price.low == price.high)
            .or_else(|| self.prices.first())
    }

    /// Lowest and highest dollars per hour that any row states; `None` = no row does.
    #[must_use]
    pub fn price_range(&self) -> Option<(Decimal, Decimal)> {
        let low = self.prices.iter().map(|price| price.low).min()?;
        let high = self.prices.iter().map(|price| price.high).max()?;
        Some((low, high))
    }
}
