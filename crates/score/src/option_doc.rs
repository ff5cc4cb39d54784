//! What the tables say of one option.
//!
//! In: nothing. Out: the record types with which scorers and extraction steps describe their
//! options; `options` reads what a project gave for them.

use serde::Serialize;

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
