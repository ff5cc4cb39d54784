//! From rows as written to rows that can be trusted.
//!
//! In: raw tables of one file. Out: checked records, or the first problem of a row with file, line and fix.
//! References between files (weights, replacements) are checked by tests of the data, not here,
//! so that one provider can be read without the others.

mod context;
mod figures;
mod infra;
mod models;
mod providers;

pub(crate) use context::{Place, Sources};
pub(crate) use infra::{gpu, rate_tier};
pub(crate) use models::{lay_over, validate};
pub(crate) use providers::{provider, tier, tokenizer};
