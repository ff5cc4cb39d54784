//! Models, dated prices, lifecycles, terms, limits and size classes; the shortlist.
//!
//! In: data files built into the binary and files of the user's. Out: rows with source and date,
//! three-valued answers, proposals with reasons. What no source states is unknown. This crate
//! opens no file, asks no clock and calls nobody.

mod arch;
mod builtin;
mod catalog;
mod check;
mod entry;
mod error;
mod gpu;
pub mod import;
mod lifecycle;
mod limit;
mod lists;
mod price;
mod raw;
mod sheet;
mod shelf;
mod shortlist;
mod source;
mod terms;
mod tier;
mod tokenizer;

pub use arch::{Arch, Attention};
pub use catalog::{Catalog, Found};
pub use entry::{
    Alias, FineTuned, Footprint, Limits, Model, ModelKind, ParameterRules, Pin, Provider,
    Reasoning, Role, Stated,
};
pub use error::CatalogError;
pub use gpu::{Gpu, GpuPrice, GpuTerm};
pub use lifecycle::{Lifecycle, LifecycleState, OnShutdown};
pub use limit::RateTier;
pub use price::{LIST, PriceQuery, PriceRow, PriceRowId, Rates, Service, Staleness};
pub use shortlist::{
    Caution, DEFAULT_HORIZON_DAYS, Exclusion, Gap, Inclusion, Judged, Named, Passed, Proposal,
    QueryCost, Question, Shortlist, TypicalTokens, shortlist,
};
pub use source::{Provenance, Source, Statement};
pub use terms::{CommercialUse, Licence, Terms, Training};
pub use tier::{Band, Tier, TierRow};
pub use tokenizer::{Ratio, Tokenizer};
