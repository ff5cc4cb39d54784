//! Which of the shapes a line or an element has.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::Value;
use trilemma_golden::Problem;

use super::events::Events;
use super::hosted;
use crate::container::table::{broken_json, json_problem};
use crate::container::{Bytes, Lines, Meter, Visit, Want, visit};
use crate::error::InteropError;
use crate::results::lines::json_lines;
use crate::results::options::ReadOptions;
use crate::results::row::ResultRow;
use crate::results::take::{Origin, Take, Tool};
use crate::results::values;

/// Reads a file of one value a line.
pub(in crate::results) fn read_lines(
    (path, bytes): (&Path, Bytes),
    meter: &Meter,
    options: &ReadOptions,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let mut rows = Rows::new(options);
    let lines = Lines::new(bytes, meter.clone());
    json_lines((path, lines), take, |value, at| rows.value(value, at))?;
    Ok(rows.origin)
}

/// Reads what one call of the API answered: a page of output items, a list of runs, or one run.
pub(in crate::results) fn read_document(
    (path, bytes): (&Path, Bytes),
    meter: &Meter,
    options: &ReadOptions,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let mut document = Document {
        rows: Rows::new(options),
        take,
        single: serde_json::Map::new(),
        has_more: false,
    };
    visit(bytes, meter, &mut document).map_err(|error| broken_json(path, &error))?;
    if document.single.contains_key("object") {
        let single = Value::Object(std::mem::take(&mut document.single));
        // The one row has been taken, whether or not more are wanted.
        let _ = document.element(&[], 1, &single.to_string());
    }
    let mut origin = document.rows.origin;
    if document.has_more {
        let note = "a page with `has_more` has a next one, which belongs to the import";
        origin.notes.push(note.to_owned());
    }
    Ok(origin)
}

struct Rows {
    wanted: Option<String>,
    events: Events,
    origin: Origin,
}

impl Rows {
    fn new(options: &ReadOptions) -> Self {
        Self {
            wanted: options.candidate.clone(),
            events: Events::new(options.candidate.clone()),
            origin: Origin::of(Tool::OpenaiEvals),
        }
    }

    /// The row of a value; `None` = it holds none.
    fn value(&mut self, value: &Value, line: u64) -> Result<Option<ResultRow>, Problem> {
        let wanted = self.wanted.as_deref();
        match values::at(value, &["object"]).and_then(Value::as_str) {
            Some("eval.run.output_item") => {
                return hosted::output_item(value, line, wanted).map(Some);
            }
            Some("eval.run") => {
                self.origin.claims.extend(hosted::counts(value));
                return Ok(None);
            }
            Some("eval") => return Ok(None),
            Some(_) | None => {}
        }
        if values::at(value, &["data_source_idx"]).is_some() {
            return hosted::exported(value, line, wanted).map(Some);
        }
        self.events.event(value, line, &mut self.origin)
    }
}

struct Document<'a> {
    rows: Rows,
    take: &'a mut dyn Take,
    /// Members of a document that is one object itself.
    single: serde_json::Map<String, Value>,
    has_more: bool,
}

/// The members of a run that count; whatever else stands in it is passed over.
const SINGLE: [&str; 10] = [
    "id",
    "run_id",
    "result_counts",
    "status",
    "datasource_item",
    "datasource_item_id",
    "results",
    "sample",
    "model",
    "eval_id",
];

impl Visit for Document<'_> {
    fn want(&mut self, path: &[String]) -> Want {
        match path {
            [] => Want::Each,
            [name] if name == "data" => Want::Each,
            [name] if name == "object" || name == "has_more" || SINGLE.contains(&name.as_str()) => {
                Want::Whole
            }
            _ => Want::Skip,
        }
    }

    fn whole(&mut self, path: &[String], json: &str) {
        let (Some(name), Ok(value)) = (path.last(), serde_json::from_str::<Value>(json)) else {
            return;
        };
        match name.as_str() {
            "has_more" => self.has_more = value == Value::Bool(true),
            "object" if value == "list" => {}
            _ => {
                self.single.insert(name.clone(), value);
            }
        }
    }

    fn element(&mut self, _: &[String], line: u64, json: &str) -> ControlFlow<()> {
        let row = serde_json::from_str::<Value>(json)
            .map_err(|error| json_problem(&error).at(line))
            .and_then(|value| self.rows.value(&value, line));
        match row {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(row)) => self.take.row(row),
            Err(problem) => {
                self.take.problem(problem);
                ControlFlow::Continue(())
            }
        }
    }
}
