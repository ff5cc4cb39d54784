//! Is this golden set fit to decide by?
//!
//! In: a [`crate::GoldenSet`] and what is known of the task. Out: [`Finding`]s, gravest first. A finding
//! never changes the set. One concern per file.

mod clusters;
mod duplicates;
mod finding;
mod ids;
mod labels;
mod leak;
mod length;
mod plain;
mod run;
mod size;
#[cfg(test)]
mod tests;

pub use finding::{Finding, FindingCode, Severity};
pub use run::{ContextWindow, LintContext, lint};
