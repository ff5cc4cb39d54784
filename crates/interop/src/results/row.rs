//! One result of another tool, in neutral words.
//!
//! A row is what one candidate did on one item once. `None` = the file does not say, never zero.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trilemma_domain::{Expected, Input, NanoUsd, Usage};

/// What one candidate did on one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// Line, row or member in the file, from 1.
    pub line: u64,
    /// Whose result it is.
    pub candidate: Named,
    /// On which item.
    pub item: ItemKey,
    /// Which repeat, from 0; `None` = the file does not number them.
    pub repeat: Option<u32>,
    /// What the file tells of the item itself.
    pub body: ItemBody,
    /// How it ended.
    pub outcome: RowOutcome,
    /// Tokens of the call.
    pub usage: Option<Usage>,
    /// Time of the whole answer.
    pub latency: Option<Duration>,
    /// Time to the first visible token.
    pub ttft: Option<Duration>,
    /// What the call cost.
    pub cost: Option<NanoUsd>,
}

/// A candidate as the other tool names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// Its name in reports.
    pub name: String,
    /// The model behind it, in the tool's words; `None` = the name is all there is.
    pub model: Option<String>,
    /// The tool's run of it, where one model may have several: each run is a candidate of its own,
    /// also over several files. `None` = the name tells candidates apart.
    pub run: Option<String>,
}

/// What tells that two candidates answered the same item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKey {
    /// A name that the file gives.
    Id(String),
    /// The same content is the same item.
    Content(String),
}

/// What a file of results tells of an item.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ItemBody {
    /// What was asked.
    pub input: Option<Input>,
    /// The expected answer.
    pub expected: Option<Expected>,
    /// Labels for slices.
    pub tags: Vec<String>,
    /// Items that are not independent share one.
    pub cluster: Option<String>,
    /// Everything else that belongs to the item.
    pub metadata: Map<String, Value>,
}

/// How a row ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// With an answer.
    Answered {
        /// Its text; `None` = the file does not hold it.
        output: Option<String>,
        /// Scores in the tool's order: the first one decides unless the user names another.
        scores: Vec<NamedScore>,
    },
    /// Without one: an error is no answer and no score.
    Failed {
        /// The tool's words.
        message: String,
    },
}

/// One score in the tool's words and on the tool's scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedScore {
    /// Who gave it.
    pub name: String,
    /// Which one; `None` = it could not be given.
    pub value: Option<f64>,
    /// Why.
    pub explanation: Option<String>,
}

impl NamedScore {
    /// A score without explanation.
    #[must_use]
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self {
            name: name.into(),
            value: Some(value),
            explanation: None,
        }
    }
}
