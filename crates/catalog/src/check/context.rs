//! The file being read: its name, its sources, and errors that name both file and row.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::error::CatalogError;
use crate::raw::{RawFile, SCHEMA_VERSION};
use crate::source::{Provenance, Source, Statement};

/// One parsed file.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) file: String,
    pub(crate) raw: RawFile,
    sources: BTreeMap<String, Arc<Source>>,
}

impl Rows {
    /// Parses a file; unknown keys and wrong types are errors with line and column.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, CatalogError> {
        let raw: RawFile = toml::from_str(text).map_err(|error| CatalogError::Syntax {
            file: file.to_owned(),
            problem: error.to_string().trim_end().to_owned(),
        })?;
        if raw.schema_version != SCHEMA_VERSION {
            return Err(CatalogError::Row {
                file: file.to_owned(),
                row: "schema_version".to_owned(),
                problem: format!("is {}", raw.schema_version),
                hint: format!("this version of trilemma reads {SCHEMA_VERSION}"),
            });
        }
        let sources = raw
            .source
            .iter()
            .map(|(key, source)| {
                let source = Source {
                    key: key.clone(),
                    title: source.title.clone(),
                    url: source.url.clone(),
                    date: source.date,
                };
                (key.clone(), Arc::new(source))
            })
            .collect();
        Ok(Self {
            file: file.to_owned(),
            raw,
            sources,
        })
    }

    pub(crate) fn error(
        &self,
        row: impl Into<String>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> CatalogError {
        CatalogError::Row {
            file: self.file.clone(),
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
