//! Where a row stands: its file, its line, and the sources that it can name; errors name all of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::error::CatalogError;
use crate::source::{Provenance, Source, Statement};

/// The sources of a file by key.
pub(crate) type Sources = BTreeMap<String, Arc<Source>>;

/// The place of one row.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    /// Where the row begins, counted from 1.
    pub(crate) line: usize,
    pub(crate) sources: Arc<Sources>,
}

impl Place {
    pub(crate) fn error(
        &self,
        row: impl Into<String>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> CatalogError {
        CatalogError::Row {
            file: self.file.to_string(),
            line: self.line,
            row: row.into(),
            problem: problem.into(),
            hint: hint.into(),
        }
    }

    /// Looks a source up by its key.
    pub(crate) fn provenance(
        &self,
        row: &str,
        key: &str,
        checked: Date,
    ) -> Result<Provenance, CatalogError> {
        match self.sources.get(key) {
            Some(source) => Ok(Provenance {
                source: Arc::clone(source),
                checked,
            }),
            None => Err(self.error(
                row,
                format!("names the source `{key}`, which the file does not declare"),
                format!("add a table `[source.{key}]` with a title"),
            )),
        }
    }

    pub(crate) fn statement(
        &self,
        row: &str,
        said: &crate::raw::RawStatement,
    ) -> Result<Statement, CatalogError> {
        Ok(Statement {
            text: said.text.clone(),
            provenance: self.provenance(row, &said.source, said.checked)?,
        })
    }
}
