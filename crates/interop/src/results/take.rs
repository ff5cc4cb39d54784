//! Who takes results while a file is read, and what is known of the file as a whole.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use trilemma_golden::Problem;

use super::row::ResultRow;

/// Takes results one by one; nothing is held back until the end of the file.
pub trait Take {
    /// Takes one row. `Break` ends the reading: the taker knows why.
    fn row(&mut self, row: ResultRow) -> ControlFlow<()>;
    /// Takes what is wrong with one row, which is left out.
    fn problem(&mut self, problem: Problem);
}

/// A tool whose results can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// A plain table: CSV, JSON, JSONL or Parquet.
    Table,
    /// promptfoo's JSON or JSONL output.
    Promptfoo,
    /// An Inspect log, `.eval` or JSON.
    Inspect,
    /// A sample file of lm-evaluation-harness.
    LmEval,
    /// Result rows of OpenAI Evals.
    OpenaiEvals,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Table,
        Self::Promptfoo,
        Self::Inspect,
        Self::LmEval,
        Self::OpenaiEvals,
    ];

    /// The word on the command line and in manifests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Promptfoo => "promptfoo",
            Self::Inspect => "inspect",
            Self::LmEval => "lm-eval",
            Self::OpenaiEvals => "openai-evals",
        }
    }
}

/// What a file tells of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Who wrote it.
    pub tool: Tool,
    /// In which version.
    pub version: Option<String>,
    /// What was measured, in the tool's words.
    pub title: Option<String>,
    /// The tool's own sums, to be compared with what was read.
    pub claims: Vec<Claim>,
    /// What the user should know, such as an unfinished log or filters that were left out.
    pub notes: Vec<String>,
}

impl Origin {
    pub(crate) fn of(tool: Tool) -> Self {
        Self {
            tool,
            version: None,
            title: None,
            claims: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// What the tool itself says of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The candidate's name, or its run.
    pub candidate: String,
    /// What is summed up.
    pub what: Claimed,
}

/// A sum of the tool's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claimed {
    /// Rows that passed, failed, and ended in an error.
    Counts {
        /// Passed.
        passed: u64,
        /// Failed.
        failed: u64,
        /// Ended without an answer.
        errors: u64,
    },
    /// Mean of one score over items, repeats averaged first.
    Mean {
        /// Name of the score.
        score: String,
        /// The mean.
        value: f64,
    },
    /// Rows in all.
    Rows(u64),
}
