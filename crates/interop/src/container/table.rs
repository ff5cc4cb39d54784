//! Tables: CSV, JSON lines, JSON lists and Parquet become rows of named cells.
//!
//! In: a file. Out: one [`Cells`] per row, in order. Texts of CSV stay texts; an empty CSV cell is
//! null. It does not know what a column means.

use std::cell::RefCell;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};
use trilemma_golden::Problem;

use super::bytes::{Bytes, Meter};
use super::document::{Visit, Want, visit};
use super::lines::{Line, Lines, not_utf8};
use crate::error::InteropError;

/// One row.
pub(crate) type Cells = Map<String, Value>;

/// How a table lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Comma, semicolon or tab, with a header line.
    Csv,
    /// One object a line.
    Jsonl,
    /// A list of objects, or an object that holds one.
    Json,
    /// Apache Parquet.
    Parquet,
}

/// Who takes the rows of a table.
pub(crate) trait Rows {
    /// Takes a row with its line.
    fn row(&mut self, line: u64, cells: Cells) -> ControlFlow<()>;
    /// Takes what is wrong with a row.
    fn problem(&mut self, problem: Problem);
}

/// Reads all rows.
pub(crate) fn read(
    path: &Path,
    bytes: Bytes,
    meter: &Meter,
    layout: Layout,
    rows: &mut dyn Rows,
) -> Result<(), InteropError> {
    match layout {
        Layout::Csv => read_csv(path, bytes, meter, rows),
        Layout::Jsonl => read_jsonl(path, bytes, meter, rows),
        Layout::Json => read_json(path, bytes, meter, rows),
        #[cfg(feature = "parquet")]
        Layout::Parquet => super::parquet::read(path, meter, rows),
        #[cfg(not(feature = "parquet"))]
        Layout::Parquet => Err(InteropError::broken(
            path,
            "this build does not read Parquet",
            "build with the feature `parquet`, or save the file as CSV or JSONL",
        )),
    }
}

fn read_jsonl(
    path: &Path,
    bytes: Bytes,
    meter: &Meter,
    rows: &mut dyn Rows,
) -> Result<(), InteropError> {
    let mut lines = Lines::new(bytes, meter.clone());
    while let Some(line) = lines
        .next()
        .map_err(|error| InteropError::io(path, &error))?
    {
        match line {
            Line::Unusable(problem) => rows.problem(problem),
            Line::Text(at, text) => match serde_json::from_str::<Cells>(text) {
                Ok(cells) => {
                    if rows.row(at, cells).is_break() {
                        return Ok(());
                    }
                }
                Err(error) => rows.problem(json_problem(&error).at(at)),
            },
        }
    }
    Ok(())
}

/// Words a JSON error without its place, which the caller knows better.
pub(crate) fn json_problem(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let words = text.split(" at line ").next().unwrap_or_default();
    Problem::new(words.to_owned()).hint("each row is one JSON object")
}

/// Names under which a list of rows may stand in an object.
const LISTS: [&str; 9] = [
    "items",
    "results",
    "events",
    "rows",
    "data",
    "samples",
    "records",
    "examples",
    "testResults",
];

fn read_json(
    path: &Path,
    bytes: Bytes,
    meter: &Meter,
    rows: &mut dyn Rows,
) -> Result<(), InteropError> {
    struct Elements<'a> {
        rows: &'a mut dyn Rows,
        found: bool,
        /// Names for rows that are lists, as pandas splits a table.
        columns: Vec<String>,
    }
    impl Visit for Elements<'_> {
        fn want(&mut self, path: &[String]) -> Want {
            match path {
                [] => Want::Each,
                [name] if LISTS.contains(&name.as_str()) => Want::Each,
                [name] if name == "columns" => Want::Whole,
                _ => Want::Skip,
            }
        }
        fn whole(&mut self, _: &[String], json: &str) {
            self.columns = serde_json::from_str(json).unwrap_or_default();
        }
        fn element(&mut self, _: &[String], line: u64, json: &str) -> ControlFlow<()> {
            self.found = true;
            let cells = if json.starts_with('[') && !self.columns.is_empty() {
                named(&self.columns, json)
            } else {
                serde_json::from_str::<Cells>(json).map_err(|error| json_problem(&error))
            };
            match cells {
                Ok(cells) => self.rows.row(line, cells),
                Err(problem) => {
                    self.rows.problem(problem.at(line));
                    ControlFlow::Continue(())
                }
            }
        }
    }
    let mut elements = Elements {
        rows,
        found: false,
        columns: Vec::new(),
    };
    visit(bytes, meter, &mut elements).map_err(|error| broken_json(path, &error))?;
    if elements.found {
        return Ok(());
    }
    Err(InteropError::broken(
        path,
        "it holds no list of rows",
        &format!(
            "a list, or an object with a list under one of {}",
            LISTS.join(", ")
        ),
    ))
}

/// A row that is a list of values in the order of the columns.
fn named(columns: &[String], json: &str) -> Result<Cells, Problem> {
    let values: Vec<Value> = serde_json::from_str(json).map_err(|error| json_problem(&error))?;
    if values.len() != columns.len() {
        let words = format!("{} values for {} columns", values.len(), columns.len());
        return Err(Problem::new(words));
    }
    Ok(columns.iter().cloned().zip(values).collect())
}

/// A document that cannot be read to its end.
pub(crate) fn broken_json(path: &Path, error: &serde_json::Error) -> InteropError {
    let hint = if error.is_eof() {
        "the file ends too early: get a whole copy, or export it again"
    } else {
        "export it again from the tool that wrote it"
    };
    InteropError::broken(path, error.to_string(), hint)
}

/// Marks the meter at each row of the CSV parser, which itself knows no bound.
struct Shared<'a>(&'a RefCell<Bytes>);

impl Read for Shared<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

fn read_csv(
    path: &Path,
    mut bytes: Bytes,
    meter: &Meter,
    rows: &mut dyn Rows,
) -> Result<(), InteropError> {
    let io = |error: std::io::Error| InteropError::io(path, &error);
    let delimiter = delimiter(super::bytes::start_of(&mut bytes, path)?);
    let shared = RefCell::new(bytes);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(Shared(&shared));
    let mut row = ByteRecord::new();
    let csv_io = |error: csv::Error| io(std::io::Error::from(error));
    if !reader.read_byte_record(&mut row).map_err(csv_io)? {
        return Ok(());
    }
    let header = header(path, &row)?;
    loop {
        meter.mark();
        if !reader.read_byte_record(&mut row).map_err(csv_io)? {
            return Ok(());
        }
        if row.iter().all(|field| field.trim_ascii().is_empty()) {
            continue;
        }
        match csv_row(&row, &header) {
            Err(problem) => rows.problem(problem),
            Ok((line, cells)) => {
                if rows.row(line, cells).is_break() {
                    return Ok(());
                }
            }
        }
    }
}

fn header(path: &Path, row: &ByteRecord) -> Result<Vec<String>, InteropError> {
    let mut names: Vec<String> = Vec::with_capacity(row.len());
    for field in row {
        let name = std::str::from_utf8(field)
            .map_err(|_| {
                InteropError::broken(
                    path,
                    "its header line is not UTF-8",
                    "save the file as UTF-8",
                )
            })?
            .trim()
            .to_owned();
        if !name.is_empty() && names.contains(&name) {
            return Err(InteropError::broken(
                path,
                format!("two columns are called `{name}`"),
                "rename one of them",
            ));
        }
        names.push(name);
    }
    Ok(names)
}

fn csv_row(row: &ByteRecord, header: &[String]) -> Result<(u64, Cells), Problem> {
    let line = row.position().map_or(0, csv::Position::line);
    if row.len() != header.len() {
        let words = format!(
            "the row has {} fields, the header line {}",
            row.len(),
            header.len()
        );
        return Err(Problem::new(words)
            .at(line)
            .hint("put fields that hold separators or line breaks in quotation marks"));
    }
    let mut cells = Cells::new();
    for (field, name) in row.iter().zip(header) {
        if name.is_empty() {
            continue;
        }
        if field.is_empty() {
            cells.insert(name.clone(), Value::Null);
            continue;
        }
        let text = std::str::from_utf8(field).map_err(|error| {
            not_utf8(field, error.valid_up_to())
                .at(line)
                .field(name.clone())
        })?;
        cells.insert(name.clone(), Value::String(text.to_owned()));
    }
    Ok((line, cells))
}

/// Whichever of `,`, `;` and tab is most frequent in the header line; the comma on a tie.
fn delimiter(start: &[u8]) -> u8 {
    let line = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
    let mut best = b',';
    for other in [b';', b'\t'] {
        if count(other) > count(best) {
            best = other;
        }
    }
    best
}
