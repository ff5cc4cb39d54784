//! A golden set to label, drawn from logs.
//!
//! In: a file of logged requests, JSONL or CSV, of any size. Out: [`Sample`]: items without expected
//! answers, and what was found on the way. The file is read in one pass with bounded memory; then only
//! the rows that may be drawn are read again.
//!
//! Method: each distinct request has a random rank that follows from the seed and its content (SHA-256);
//! per stratum those with the lowest ranks are drawn. This is a uniform draw without replacement among
//! distinct requests, however often each occurs, and does not depend on the order of rows (bottom-k
//! sampling: E. Cohen, H. Kaplan, "Summarizing data using bottom-k sketches", 2007). Requests that are
//! nearly the same as one of lower rank are passed over.

mod draw;
mod options;
mod row;
mod scan;
mod strata;
#[cfg(test)]
mod tests;

pub use draw::sample;
pub use options::{
    Allocation, LogColumns, Redaction, Sample, SampleOptions, StratumCount, UNLABELLED,
};
