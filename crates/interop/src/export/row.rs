//! What exporters are given.

use std::io;
use std::time::Duration;

use trilemma_domain::{Item, NanoUsd, Usage};

/// What is known before the first trial.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportHead {
    /// Name of the run.
    pub run: String,
    /// Name of the project.
    pub project: String,
    /// When it began, as RFC 3339.
    pub created: String,
    /// This program's version.
    pub version: String,
    /// Candidates in order: name, model, prompt template where there is one.
    pub candidates: Vec<(String, String, Option<String>)>,
    /// Labels of scorers in order.
    pub scorers: Vec<String>,
}

/// One trial.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRow<'a> {
    /// Position of the candidate.
    pub candidate: usize,
    /// Position of the item.
    pub item_idx: usize,
    /// The item.
    pub item: &'a Item,
    /// Repeat, from 0.
    pub repeat: u32,
    /// The answer; `None` = there is none.
    pub output: Option<&'a str>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// Score of all scorers that count, in [0, 1]; `None` = not scored.
    pub score: Option<f64>,
    /// Whether it passes; `None` = not scored.
    pub pass: Option<bool>,
    /// What each scorer said, in the head's order.
    pub scores: Vec<ExportScore>,
    /// Tokens.
    pub usage: Option<Usage>,
    /// Cost of the trial's calls.
    pub cost: Option<NanoUsd>,
    /// Time to the first visible token.
    pub ttft: Option<Duration>,
    /// Time of the whole answer.
    pub latency: Option<Duration>,
    /// Calls that were made for it.
    pub n_attempts: usize,
    /// Whether the answer is a replay of an earlier call.
    pub replayed: bool,
}

/// One scorer's word on one trial.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExportScore {
    /// The score; `None` = none was given.
    pub value: Option<f64>,
    /// Why.
    pub explanation: Option<String>,
}

/// Writes trials in one format.
pub trait RowExport {
    /// Writes one trial.
    ///
    /// # Errors
    /// As the writer gives them.
    fn row(&mut self, row: &ExportRow<'_>) -> io::Result<()>;
    /// Writes what stands behind the last trial.
    ///
    /// # Errors
    /// As the writer gives them.
    fn finish(&mut self) -> io::Result<()>;
}
