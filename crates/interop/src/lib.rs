//! The formats of other evaluation tools, in both directions.
//!
//! In: result files of promptfoo, Inspect, lm-evaluation-harness and OpenAI Evals, and plain tables.
//! Out: neutral rows, one at a time, and afterwards how they fit together: candidates, items,
//! repeats, and what does not pair. Nothing is held but one row and an index of names, so that
//! memory does not grow with texts.
//!
//! Configurations and test sets of those tools, DeepEval, Ragas, Bedrock and LiteLLM become the parts of a
//! project.
//!
//! What it does not do: call anyone, decide, or store; `cli` records what was read as a run.
//!
//! Fields of each format: tools' own sources and output as of November 2026, with the versions named
//! in the modules.

mod container;
mod error;
mod export;
mod file;
mod gather;
mod results;
mod setup;
#[cfg(feature = "xlsx")]
mod workbook;

pub use error::InteropError;
#[cfg(feature = "parquet")]
pub use export::ParquetExport;
pub use export::{
    CsvExport, ExportHead, ExportRow, ExportScore, LiteLlmModel, LiteLlmPolicy, PromptfooExport,
    RowExport, harmless_cell, litellm_policy, litellm_yaml,
};
pub use file::file_fingerprint;
pub use gather::{
    ClaimCheck, Gather, GatherOptions, Gathered, GatheredItem, GatheredScore, GatheredTrial, Tally,
    Unpaired,
};
pub use results::{
    Claim, Claimed, Export, Field, ItemBody, ItemKey, Named, NamedScore, Origin, ReadOptions,
    ResultRow, RowOutcome, Take, Tool, read_results,
};
pub use setup::{Draft, DraftCall, DraftCandidate, SetupTool, Unmapped, read_setup};
#[cfg(feature = "xlsx")]
pub use workbook::{Choices, read_workbook, write_workbook};
