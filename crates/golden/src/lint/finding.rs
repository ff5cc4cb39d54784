//! What a lint says.
//!
//! In: positions of items. Out: a finding with the names of the first of them.

use serde::Serialize;
use trilemma_domain::{Item, ItemId};

/// At most this many items are named in a finding.
pub(crate) const MAX_NAMED: usize = 20;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Results would be wrong.
    Error,
    /// Results may mislead.
    Warning,
    /// Worth knowing.
    Note,
}

/// What was found; the names are stable, so that a project can refer to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingCode {
    /// An item asks nothing.
    EmptyInput,
    /// An item has no expected answer though a scorer needs one.
    MissingExpected,
    /// An expected answer is an empty text or list.
    EmptyExpected,
    /// The same is asked twice, with different expected answers.
    ContradictoryDuplicates,
    /// The same is asked and expected twice.
    ExactDuplicates,
    /// Items differ in little and do not share a cluster.
    NearDuplicates,
    /// Items share an origin in their metadata, but no cluster.
    DependentItems,
    /// The expected answer stands in the input.
    AnswerInInput,
    /// The conversation ends with the model's answer.
    EndsWithAnswer,
    /// An item does not fit a candidate's context.
    OverContext,
    /// One label is so frequent that a constant answer scores well.
    LabelImbalance,
    /// Labels differ only in case, spaces or punctuation.
    LabelVariants,
    /// Labels have too few items to say anything about them.
    RareLabels,
    /// Tags have too few items to say anything about them.
    RareTags,
    /// The set is too small for what is asked of it.
    TooFewItems,
    /// Weights are not above zero.
    BadWeight,
    /// Few items carry most of the weight.
    UnevenWeights,
    /// Ids look damaged or are easily mistaken for each other.
    SuspiciousIds,
    /// Texts look as if they held personal data or secrets.
    PersonalData,
}

impl FindingCode {
    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EmptyInput => "empty-input",
            Self::MissingExpected => "missing-expected",
            Self::EmptyExpected => "empty-expected",
            Self::ContradictoryDuplicates => "contradictory-duplicates",
            Self::ExactDuplicates => "exact-duplicates",
            Self::NearDuplicates => "near-duplicates",
            Self::DependentItems => "dependent-items",
            Self::AnswerInInput => "answer-in-input",
            Self::EndsWithAnswer => "ends-with-answer",
            Self::OverContext => "over-context",
            Self::LabelImbalance => "label-imbalance",
            Self::LabelVariants => "label-variants",
            Self::RareLabels => "rare-labels",
            Self::RareTags => "rare-tags",
            Self::TooFewItems => "too-few-items",
            Self::BadWeight => "bad-weight",
            Self::UnevenWeights => "uneven-weights",
            Self::SuspiciousIds => "suspicious-ids",
            Self::PersonalData => "personal-data",
        }
    }
}

/// One thing that a lint found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What was found.
    pub code: FindingCode,
    /// How grave it is.
    pub severity: Severity,
    /// The first 20 items concerned; empty where it concerns the set as a whole.
    pub items: Vec<ItemId>,
    /// How many items are concerned in all.
    pub n_items: usize,
    /// What is the matter, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Finding {
    pub(crate) fn new(code: FindingCode, severity: Severity, message: String, hint: &str) -> Self {
        Self {
            code,
            severity,
            items: Vec::new(),
            n_items: 0,
            message,
            hint: hint.to_owned(),
        }
    }

    /// Says which items are concerned, by their positions.
    pub(crate) fn of(mut self, items: &[Item], positions: &[usize]) -> Self {
        self.n_items = positions.len();
        self.items = positions
            .iter()
            .take(MAX_NAMED)
            .filter_map(|&idx| Some(items.get(idx)?.id.clone()))
            .collect();
        self
    }
}

/// "1 item", "2 items".
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
