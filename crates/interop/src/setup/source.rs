//! Files of a configuration: read whole, within bounds, from its own folder only.
//!
//! In: a path. Out: text or values. A configuration may name other files; a name that leads out of its
//! folder is not followed.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::yaml;
use crate::error::InteropError;

/// Largest file that is read.
const MAX_BYTES: u64 = 64 << 20;

/// Reads a file as UTF-8 text.
pub(crate) fn text(path: &Path) -> Result<String, InteropError> {
    let io = |error: std::io::Error| InteropError::io(path, &error);
    let file = fs_err::File::open(path).map_err(io)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if bytes.len() as u64 > MAX_BYTES {
        let reason = format!("it has more than {} MiB", MAX_BYTES >> 20);
        return Err(InteropError::broken(path, reason, "split it"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let reason = format!("byte {} is not UTF-8", at + 1);
        InteropError::broken(path, reason, "save the file as UTF-8")
    })?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map_or(text.clone(), str::to_owned))
}

/// Rows, each with its line.
pub(crate) type Rows = Vec<(u64, Map<String, Value>)>;

/// What a file holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// One value.
    Document(Value),
    /// Rows, each with its line.
    Rows(Rows),
}

/// Reads a file by its extension, or as JSON or YAML by trial.
pub(crate) fn content(path: &Path) -> Result<Content, InteropError> {
    let text = text(path)?;
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    match extension.as_str() {
        "csv" => csv_rows(&text, b',', path).map(Content::Rows),
        "tsv" => csv_rows(&text, b'\t', path).map(Content::Rows),
        "jsonl" | "ndjson" | "jsonlines" => json_lines(&text, path).map(Content::Rows),
        "yaml" | "yml" => document(&text, path).map(Content::Document),
        _ => match serde_json::from_str(&text) {
            Ok(value) => Ok(Content::Document(value)),
            Err(_) if is_lines(&text) => json_lines(&text, path).map(Content::Rows),
            Err(error) if extension == "json" => Err(InteropError::broken(
                path,
                format!("it is no JSON: {error}"),
                "export it again",
            )),
            Err(_) => document(&text, path).map(Content::Document),
        },
    }
}

fn document(text: &str, path: &Path) -> Result<Value, InteropError> {
    yaml::parse(text).map_err(|error| {
        InteropError::broken(path, format!("it is no YAML: {error}"), "correct it there")
    })
}

fn is_lines(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    serde_json::from_str::<Map<String, Value>>(first).is_ok() && lines.next().is_some()
}

fn json_lines(text: &str, path: &Path) -> Result<Rows, InteropError> {
    let mut rows = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let number = idx as u64 + 1;
        let row = serde_json::from_str(line).map_err(|error| {
            InteropError::broken(
                path,
                format!("line {number} is no JSON object: {error}"),
                "correct or remove the line",
            )
        })?;
        rows.push((number, row));
    }
    Ok(rows)
}

fn csv_rows(text: &str, delimiter: u8, path: &Path) -> Result<Rows, InteropError> {
    let broken = |error: &csv::Error| {
        InteropError::broken(
            path,
            error.to_string(),
            "correct the row, or save it as CSV again",
        )
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| broken(&error))?.clone();
    let mut seen = HashSet::new();
    if let Some(twice) = headers.iter().find(|name| !seen.insert(*name)) {
        let reason = format!("the column `{twice}` occurs twice");
        return Err(InteropError::broken(path, reason, "rename one of them"));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = headers
            .iter()
            .zip(&record)
            .map(|(name, cell)| (name.to_owned(), Value::from(cell)));
        rows.push((line, cells.collect()));
    }
    Ok(rows)
}

/// A file that a configuration names by `file://`, within the configuration's folder.
pub(crate) fn inside(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let outside = || {
        format!("`{name}` lies outside the configuration's folder; copy it in and name it there")
    };
    let root = fs_err::canonicalize(folder).map_err(|error| error.to_string())?;
    let found = fs_err::canonicalize(folder.join(name))
        .map_err(|error| format!("`{name}` cannot be read: {}", kind_of(&error)))?;
    if found.starts_with(&root) {
        Ok(found)
    } else {
        Err(outside())
    }
}

fn kind_of(error: &std::io::Error) -> String {
    error.kind().to_string()
}
