//! promptfoo: its configuration (YAML or JSON) and its tests as CSV.
//!
//! Fields and grammar as in promptfoo 0.121.20 (`src/types`, `src/csv.ts`, `src/assertions`), read
//! 2026-11.

mod assertions;
mod cells;
mod config;
mod prompts;
mod providers;
mod tests;

pub(crate) use config::{config, csv_tests, is_config, is_csv};
