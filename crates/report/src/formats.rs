//! The table of formats: a new one is a file and a row here.

use crate::csv::Csv;
use crate::exporter::Exporter;
use crate::html::Html;
use crate::json::Json;
use crate::junit::Junit;
use crate::markdown::Markdown;
use crate::terminal::Terminal;

/// Every format.
pub static FORMATS: [&dyn Exporter; 6] = [&Terminal, &Html, &Markdown, &Json, &Csv, &Junit];

/// Finds a format by its name or by a file extension.
#[must_use]
pub fn format(name: &str) -> Option<&'static dyn Exporter> {
    let by_name = FORMATS.iter().find(|format| format.name() == name);
    by_name
        .or_else(|| FORMATS.iter().find(|format| format.extension() == name))
        .copied()
}
