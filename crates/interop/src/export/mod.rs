//! Runs of ours in the formats of others.
//!
//! In: the trials of a run, one at a time, each with its item. Out: a file. What a format cannot say is
//! left out; what is unknown stays unknown.

mod csv;
mod litellm;
mod litellm_policy;
#[cfg(feature = "parquet")]
mod parquet;
mod promptfoo;
mod row;

pub use csv::{CsvExport, harmless_cell};
pub use litellm::{LiteLlmModel, litellm_yaml};
pub use litellm_policy::{LiteLlmPolicy, litellm_policy};
#[cfg(feature = "parquet")]
pub use parquet::ParquetExport;
pub use promptfoo::PromptfooExport;
pub use row::{ExportHead, ExportRow, ExportScore, RowExport};
