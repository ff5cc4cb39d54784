//! What one row of the scorer table says.
//!
//! In: nothing. Out: the record types of the table, from which `trilemma scorers`, the reference
//! page and the check of a project's options are made.

use serde::Serialize;

use crate::options::Options;
use crate::scorer::Engine;

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

/// Extraction steps in their short form, applied when a project names none.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DefaultSteps {
    /// For the answer.
    pub answer: &'static [&'static str],
    /// For the expected value.
    pub expected: &'static [&'static str],
}

impl DefaultSteps {
    /// White space at both ends is cut from both sides.
    pub(crate) const TRIM: Self = Self {
        answer: &["trim"],
        expected: &["trim"],
    };
    /// Both sides are taken as they are.
    pub(crate) const AS_IS: Self = Self {
        answer: &[],
        expected: &[],
    };
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

/// One option of a scorer or of an extraction step.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct OptionDoc {
    /// Its name.
    pub name: &'static str,
    /// What may be written.
    #[serde(rename = "type")]
    pub ty: OptionType,
    /// What applies when it is not given, as TOML; `None` = see the text (required, or no effect).
    pub default: Option<&'static str>,
    /// What it does, one line.
    pub doc: &'static str,
}

/// The type of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionType {
    /// A text.
    Text,
    /// A text, or the name of a file that holds it (see [`file_options`](crate::file_options)).
    TextOrFile,
    /// A JSON value as a TOML table, or the name of a file that holds it.
    JsonOrFile,
    /// A text, or a list of texts.
    Texts,
    /// A number.
    Number,
    /// A whole number of at least 0.
    Count,
    /// A decimal amount of dollars, in quotes.
    Usd,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Extraction steps.
    Steps,
    /// A table whose keys the text explains.
    Table,
}

impl OptionDoc {
    /// An option that has a default.
    pub(crate) const fn new(
        name: &'static str,
        ty: OptionType,
        default: &'static str,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            ty,
            default: Some(default),
            doc,
        }
    }

    /// An option without a default: required, or without effect when absent, as its text says.
    pub(crate) const fn bare(name: &'static str, ty: OptionType, doc: &'static str) -> Self {
        Self {
            name,
            ty,
            default: None,
            doc,
        }
    }
}
