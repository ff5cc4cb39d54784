//! The golden set: read, lint, fingerprint, split and size it, and draw one from logs.
//!
//! In: files of items in JSONL, JSON, CSV or Parquet. Out: a [`GoldenSet`], or everything that is
//! wrong with the file at once. This crate calls no model and knows no vendor.

mod fingerprint;
mod options;
mod problem;
mod read;
mod set;
mod split;
#[cfg(test)]
mod testing;
mod write;

pub use fingerprint::{input_fingerprint, item_fingerprint, set_fingerprint};
pub use options::{ColumnMap, Format, ReadOptions};
pub use problem::{GoldenErrors, MAX_PROBLEMS, Problem};
pub use read::{read, read_from};
pub use set::GoldenSet;
pub use split::{Side, Split, SplitOptions, side, split};
pub use write::write_jsonl;
