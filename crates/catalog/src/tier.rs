//! The size classes of the design document and which task kinds they suit.
//!
//! In: `tiers.toml`, and rows of the user's own file that replace it. Out: figures with their
//! source. They are bands that a document prints, not measurements.

use serde::{Deserialize, Serialize};
use trilemma_domain::{TaskKind, UsdPerMtok};

use crate::source::Provenance;

/// A size class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Up to 8 billion parameters, or a vendor's smallest line.
    Small,
    /// 8 to 70 billion, or a vendor's middle line.
    Mid,
    /// 70 billion and more, or a vendor's top line.
    Large,
}

impl Tier {
    /// All classes, smallest first.
    pub const ALL: [Self; 3] = [Self::Small, Self::Mid, Self::Large];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Mid => "mid",
            Self::Large => "large",
        }
    }
}

/// A band; either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band<T> {
    /// Lower end, inclusive.
    pub low: T,
    /// Upper end, inclusive; `None` = and more.
    pub high: Option<T>,
}

/// What the table says about one size class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierRow {
    /// Which one.
    pub tier: Tier,
    /// Parameters in billions, as printed.
    pub params: String,
    /// Cost per million tokens.
    pub cost: Band<UsdPerMtok>,
    /// Time to first token through an API, in milliseconds.
    pub ttft_ms: Band<u64>,
    /// Context window in tokens.
    pub context: Band<u64>,
    /// GPUs to host it.
    pub gpus: Band<u64>,
    /// Quality of reasoning, as printed.
    pub reasoning: String,
    /// Task kinds that it is usually enough for.
    pub suits: Vec<TaskKind>,
    /// Who says so.
    pub provenance: Provenance,
}
