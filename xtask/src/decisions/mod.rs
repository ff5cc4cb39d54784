//! `xtask decisions DATA`, `xtask seeds DATA [SEEDS]` and `xtask best DATA [SEEDS]`: how often rules for choosing a model are right, on recorded outcomes.
//!
//! In: the folder of recorded outcomes (`routing/zeroeval_*_8models.csv`, `routing/prices_2024_list.csv`).
//! Out: Markdown tables for docs/why.md and docs/decisions. Golden sets are drawn without replacement;
//! the full set is the truth. Everything is seeded: two runs print the same figures.

mod adaptive;
pub(crate) mod best;
mod draw;
mod family;
pub(crate) mod recorded;
mod rules;
pub(crate) mod seeds;
mod table;

pub(crate) use table::print;
