//! What a vendor promises about data, and what a licence allows: dated statements, not law.
//!
//! In: rows with source and date. Out: three-valued answers; what no source states is unknown and
//! leaves a requirement undecided. This module reads no contracts.

use crate::source::Provenance;

/// Whether the vendor trains on what a paying API customer sends, by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Training {
    /// No source says.
    #[default]
    Unknown,
    /// It does not.
    No,
    /// It does, or may.
    Yes,
}

/// Data terms of a provider or of one model of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Training on the data by default.
    pub training: Training,
    /// Regions to which processing can be pinned; empty = none can; `None` = no source says.
    pub regions: Option<Vec<String>>,
    /// What has to be done or signed for that to hold.
    pub conditions: Option<String>,
    /// Where this is stated.
    pub provenance: Provenance,
}

/// Whether a licence lets a company use the weights in its product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommercialUse {
    /// Without further conditions than notices.
    Yes,
    /// Under conditions that somebody has to read.
    Conditional,
    /// Not.
    No,
}

/// Licence of open weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// Name as the weights' page gives it, SPDX where there is one.
    pub id: String,
    /// Commercial use; `None` = not judged.
    pub commercial: Option<CommercialUse>,
    /// Where it is stated.
    pub provenance: Provenance,
}
