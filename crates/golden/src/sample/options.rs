//! What to draw, and what was drawn.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trilemma_domain::Item;

use crate::options::Format;
use crate::privacy::PersonalDataKind;
use crate::problem::Problem;

/// The tag of items that were drawn and not yet labelled.
pub const UNLABELLED: &str = "unlabelled";

/// Which columns of a log hold what; dotted names reach into nested objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogColumns {
    /// What was asked; `None` looks for `messages`, `input`, `prompt` and other usual names.
    pub input: Option<String>,
    /// What was answered; kept as metadata `logged_answer`. `None` takes the model's message at the end
    /// of a conversation, where there is one.
    pub answer: Option<String>,
    /// The name of the row; `None` makes names out of the content.
    pub id: Option<String>,
    /// What dependent rows share, such as a conversation's id.
    pub cluster: Option<String>,
    /// Columns kept as metadata; all others are dropped.
    pub keep: Vec<String>,
}

/// How many items each stratum gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Allocation {
    /// In proportion to its rows, at least one where there are enough items for that.
    #[default]
    Proportional,
    /// The same number each, as far as it has rows.
    Equal,
}

/// What happens to likely personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Redaction {
    /// It stays and is counted.
    #[default]
    Keep,
    /// Its kind in brackets takes its place.
    Replace,
}

/// What to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleOptions {
    /// How many items; fewer come back where the log holds fewer distinct requests.
    pub n: usize,
    /// Decides which; the same seed draws the same items from the same log.
    pub seed: u64,
    /// Columns whose values part the rows into strata; none means one stratum.
    pub stratify_by: Vec<String>,
    /// How many items each stratum gets.
    pub allocation: Allocation,
    /// Which columns hold what.
    pub columns: LogColumns,
    /// JSONL or CSV; `None` recognises it.
    pub format: Option<Format>,
    /// What happens to likely personal data.
    pub redaction: Redaction,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self {
            n: 300,
            seed: 0,
            stratify_by: Vec::new(),
            allocation: Allocation::default(),
            columns: LogColumns::default(),
            format: None,
            redaction: Redaction::default(),
        }
    }
}

/// How much of one stratum was seen and drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StratumCount {
    /// The values of its columns, as `column=value`; empty for the only stratum.
    pub name: String,
    /// Usable rows in the log.
    pub rows: u64,
    /// Items drawn.
    pub drawn: usize,
}

/// Items drawn from a log, ready for labelling.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The items, without expected answers, with the tag [`UNLABELLED`]; metadata `log_count` says how
    /// many rows asked exactly this.
    pub items: Vec<Item>,
    /// Usable rows.
    pub rows: u64,
    /// Rows that could not be used.
    pub skipped: u64,
    /// Why, for the first of them.
    pub problems: Vec<Problem>,
    /// Requests passed over because they are nearly the same as one that was drawn.
    pub near_duplicates: usize,
    /// All strata, by name.
    pub strata: Vec<StratumCount>,
    /// Kinds of likely personal data in the drawn items, with the number of items (before redaction).
    pub personal_data: BTreeMap<PersonalDataKind, usize>,
}
