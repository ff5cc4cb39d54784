//! What a file is, by its first bytes.

use std::path::Path;

use serde_json::Value;

use super::take::Tool;
use crate::container::table::Layout;
use crate::error::InteropError;

/// A file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A plain table.
    Table(Layout),
    /// promptfoo, one document.
    PromptfooJson,
    /// promptfoo, one row a line.
    PromptfooJsonl,
    /// Inspect, one document.
    InspectJson,
    /// Inspect, an archive.
    InspectEval,
    /// lm-evaluation-harness, one sample a line.
    LmEval,
    /// OpenAI Evals, one value a line: events, or hosted rows.
    OpenaiEvals,
    /// OpenAI Evals, what one call of the API answered.
    OpenaiPage,
}

impl Kind {
    pub(crate) fn tool(self) -> Tool {
        match self {
            Self::Table(_) => Tool::Table,
            Self::PromptfooJson | Self::PromptfooJsonl => Tool::Promptfoo,
            Self::InspectJson | Self::InspectEval => Tool::Inspect,
            Self::LmEval => Tool::LmEval,
            Self::OpenaiEvals | Self::OpenaiPage => Tool::OpenaiEvals,
        }
    }
}

/// Tells what a file is; `wanted` is what the user says.
pub(crate) fn detect(
    start: &[u8],
    path: &Path,
    wanted: Option<Tool>,
) -> Result<Kind, InteropError> {
    let layout = layout(start, path);
    let found = match layout {
        Found::Archive => Kind::InspectEval,
        Found::Parquet => Kind::Table(Layout::Parquet),
        Found::Csv => Kind::Table(Layout::Csv),
        Found::Lines => of_line(start),
        Found::Document => of_document(start),
        Found::Nothing => {
            return Err(InteropError::Unrecognised {
                path: path.to_owned(),
                reason: "neither its name nor its first bytes say".to_owned(),
                hint: "let its name end in .json, .jsonl, .csv, .parquet or .eval; configurations and test sets go in by `trilemma init --from`".to_owned(),
            });
        }
    };
    let Some(wanted) = wanted.filter(|wanted| *wanted != found.tool()) else {
        return Ok(found);
    };
    let forced = match (wanted, layout) {
        (Tool::Table, Found::Lines) => Some(Kind::Table(Layout::Jsonl)),
        (Tool::Table, Found::Document) => Some(Kind::Table(Layout::Json)),
        (Tool::Promptfoo, Found::Lines) => Some(Kind::PromptfooJsonl),
        (Tool::Promptfoo, Found::Document) => Some(Kind::PromptfooJson),
        (Tool::Inspect, Found::Document) => Some(Kind::InspectJson),
        (Tool::LmEval, Found::Lines) => Some(Kind::LmEval),
        (Tool::OpenaiEvals, Found::Lines) => Some(Kind::OpenaiEvals),
        (Tool::OpenaiEvals, Found::Document) => Some(Kind::OpenaiPage),
        _ => None,
    };
    forced.ok_or_else(|| InteropError::Unrecognised {
        path: path.to_owned(),
        reason: format!("it looks like {}", found.tool().name()),
        hint: format!(
            "it cannot be read as {}: leave `--format` out",
            wanted.name()
        ),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Archive,
    Parquet,
    Csv,
    Lines,
    Document,
    Nothing,
}

fn layout(start: &[u8], path: &Path) -> Found {
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Found::Archive;
    }
    if start.starts_with(b"PAR1") {
        return Found::Parquet;
    }
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    match (extension.as_deref(), first) {
        (Some("jsonl" | "ndjson" | "jsonlines"), _) => Found::Lines,
        (Some("csv" | "tsv"), _) => Found::Csv,
        (_, Some(b'[')) => Found::Document,
        // Many files called `.json` hold one object a line.
        (_, Some(b'{')) if first_line(start).is_some() && has_second_line(start) => Found::Lines,
        (_, Some(b'{')) => Found::Document,
        _ => Found::Nothing,
    }
}

fn first_line(start: &[u8]) -> Option<Value> {
    let line = start
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty())?;
    serde_json::from_slice(line).ok()
}

fn has_second_line(start: &[u8]) -> bool {
    let mut lines = start
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty());
    lines.nth(1).is_some()
}

/// Tells a line of which only the beginning may be seen, by its keys.
fn of_line(start: &[u8]) -> Kind {
    let line = start
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default();
    let has = |key: &str| holds_key(line, key);
    if has("promptIdx") && has("testIdx") || has("gradingResult") && has("promptId") {
        Kind::PromptfooJsonl
    } else if has("doc_id") && (has("resps") || has("filtered_resps") || has("doc_hash")) {
        Kind::LmEval
    } else if has("spec") && has("completion_fns") || has("data_source_idx") || is_hosted(line) {
        Kind::OpenaiEvals
    } else {
        Kind::Table(Layout::Jsonl)
    }
}

fn of_document(start: &[u8]) -> Kind {
    let has = |key: &str| holds_key(start, key);
    let is_list = start.trim_ascii_start().starts_with(b"[");
    if !is_list && (has("evalId") || has("results") && has("prompts") && has("stats")) {
        Kind::PromptfooJson
    } else if !is_list && has("version") && has("status") && has("eval") {
        Kind::InspectJson
    } else if is_hosted(start) {
        Kind::OpenaiPage
    } else {
        Kind::Table(Layout::Json)
    }
}

/// Whether these are output items or runs of OpenAI's hosted evals.
fn is_hosted(bytes: &[u8]) -> bool {
    let has = |key: &str| holds_key(bytes, key);
    has("datasource_item_id") || has("eval_id") && has("result_counts")
}

/// Whether the bytes hold a JSON key of this name.
fn holds_key(bytes: &[u8], key: &str) -> bool {
    let quoted = format!("\"{key}\"");
    let mut rest = bytes;
    while let Some(at) = rest
        .windows(quoted.len())
        .position(|window| window == quoted.as_bytes())
    {
        rest = rest.get(at + quoted.len()..).unwrap_or_default();
        if rest.trim_ascii_start().first() == Some(&b':') {
            return true;
        }
    }
    false
}
