//! The golden set: read, lint, fingerprint, split and size it, and draw one from logs.
//!
//! In: files of items in JSONL, JSON, CSV or Parquet. Out: a [`GoldenSet`], or everything that is
//! wrong with the file at once. This crate calls no model and knows no vendor.

mod fingerprint;
mod lint;
mod near;
mod options;
mod privacy;
mod problem;
mod read;
mod sample;
mod set;
mod size;
mod split;
#[cfg(test)]
mod testing;
mod text;
mod write;

pub use fingerprint::{input_fingerprint, item_fingerprint, set_fingerprint};
pub use lint::{ContextWindow, Finding, FindingCode, LintContext, Severity, lint};
pub use options::{ColumnMap, Format, ReadOptions};
pub use privacy::{PersonalData, PersonalDataKind, Redactor, find_personal_data, redact};
pub use problem::{GoldenErrors, MAX_PROBLEMS, Problem};
#[cfg(feature = "parquet")]
pub use read::parquet_json;
pub use read::{read, read_from};
pub use sample::{
    Allocation, LogColumns, Redaction, Sample, SampleOptions, StratumCount, UNLABELLED, sample,
};
pub use set::GoldenSet;
pub use size::{
    DISCORDANT_HIGH, DISCORDANT_LOW, POWER, Range, SizeGuide, WIDEST_MARGIN, items_for_margin,
    size_guide,
};
pub use split::{Side, Split, SplitOptions, side, side_of, split};
pub use write::write_jsonl;
