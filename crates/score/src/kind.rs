//! What one row of the scorer table says.
//!
//! In: nothing. Out: the record types of the table, from which `trilemma scorers`, the reference
//! page and the check of a project's options are made.

use serde::Serialize;

use crate::engine::Engine;
use crate::extract::DefaultSteps;
use crate::option_doc::OptionDoc;
use crate::options::Options;

/// One kind of scorer.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ScorerKind {
    /// The name that a project writes as `type`.
    pub name: &'static str,
    /// What the score means, one line.
    pub doc: &'static str,
    /// What it needs to run.
    pub needs: Needs,
    /// Its own options; those of [`COMMON_OPTIONS`](crate::COMMON_OPTIONS) and, where
    /// [`ScorerKind::extraction`] is set, of
    /// [`EXTRACTION_OPTIONS`](crate::EXTRACTION_OPTIONS) come on top.
    pub options: &'static [OptionDoc],
    /// Steps that run when the project names none; `None` = the answer's text plays no part and
    /// extraction options are refused.
    pub extraction: Option<DefaultSteps>,
    /// A complete `[[scorers]]` entry in TOML.
    pub example: &'static str,
    /// Makes the scorer from checked options; `None` = the problems are in the reader.
    #[serde(skip)]
    pub(crate) build: fn(&mut Options<'_>) -> Option<Engine>,
}

/// What a scorer needs beyond the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// Whether it uses the item's expected value.
    pub expected: ExpectedUse,
    /// Who runs it.
    pub runs: Runs,
}

impl Needs {
    /// Nothing but the answer.
    pub(crate) const ANSWER: Self = Self {
        expected: ExpectedUse::Unused,
        runs: Runs::Pure,
    };
    /// The answer and the expected value.
    pub(crate) const EXPECTED: Self = Self {
        expected: ExpectedUse::Required,
        runs: Runs::Pure,
    };
    /// The answer and, unless an option takes its place, the expected value.
    pub(crate) const OPTIONAL: Self = Self {
        expected: ExpectedUse::UnlessOption,
        runs: Runs::Pure,
    };
}

/// Whether the item's expected value is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedUse {
    /// Never.
    Unused,
    /// Used where there is one.
    Optional,
    /// Used unless an option takes its place.
    UnlessOption,
    /// Needed: without it the scorer does not apply to the item.
    Required,
}

/// Who runs a scorer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    /// A pure function of item and answer.
    Pure,
    /// A call of a judge model.
    Judge,
    /// A command of the project, only after the user allowed it.
    Code,
}
