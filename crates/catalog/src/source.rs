//! Where a fact comes from and when somebody last looked.
//!
//! In: the `[source.KEY]` tables of a file. Out: [`Source`] and [`Provenance`], carried by each
//! price, date and term. This module judges no source.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

/// A page, data file or document that facts are taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Short name within its file.
    pub key: String,
    /// What it is.
    pub title: String,
    /// Where it is, if it has an address.
    pub url: Option<String>,
    /// The day on which it was made or read; `None` = not stated.
    pub date: Option<Date>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        match &self.url {
            Some(url) => write!(f, " ({url})"),
            None => Ok(()),
        }
    }
}

/// A source, and the day on which a fact was last compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Where the fact comes from.
    pub source: Arc<Source>,
    /// The day of the last comparison.
    pub checked: Date,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, checked {}", self.source, self.checked)
    }
}

/// A sentence that a source says about a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The sentence.
    pub text: String,
    /// Who says it.
    pub provenance: Provenance,
}
