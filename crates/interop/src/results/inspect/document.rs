//! A log as one JSON document.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Map, Value};

use super::header::{Header, header, origin};
use super::sample::sample;
use crate::container::table::broken_json;
use crate::container::{Bytes, Meter, Visit, Want, visit};
use crate::error::InteropError;
use crate::results::options::ReadOptions;
use crate::results::take::{Origin, Take};

/// Reads the document. `eval` stands before `samples` in every log that Inspect writes.
pub(crate) fn read_json(
    (path, bytes): (&Path, Bytes),
    meter: &Meter,
    options: &ReadOptions,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let mut document = Document {
        take,
        wanted: options.candidate.clone(),
        head: Map::new(),
        header: None,
        n_before: 0,
    };
    visit(bytes, meter, &mut document).map_err(|error| broken_json(path, &error))?;
    let no_log = |reason: &str| {
        InteropError::broken(
            path,
            reason,
            "name a log that Inspect wrote, `.eval` or `.json`",
        )
    };
    if document.n_before > 0 {
        return Err(no_log(
            "its samples stand before `eval`, which names the model",
        ));
    }
    let Some(header) = document.header else {
        return Err(no_log("it names no model under `eval`"));
    };
    let log = Value::Object(document.head);
    let eval = log.get("eval").cloned().unwrap_or_default();
    Ok(origin(&log, &eval, &header))
}

struct Document<'a> {
    take: &'a mut dyn Take,
    wanted: Option<String>,
    head: Map<String, Value>,
    header: Option<Header>,
    n_before: u64,
}

impl Visit for Document<'_> {
    fn want(&mut self, path: &[String]) -> Want {
        match path {
            [] => Want::Members,
            [name] => match name.as_str() {
                "eval" | "status" | "results" | "error" => Want::Whole,
                "samples" => Want::Each,
                _ => Want::Skip,
            },
            _ => Want::Skip,
        }
    }

    fn whole(&mut self, path: &[String], json: &str) {
        let (Some(name), Ok(value)) = (path.last(), serde_json::from_str::<Value>(json)) else {
            return;
        };
        if name == "eval" {
            self.header = header(&value, self.wanted.as_deref());
        }
        self.head.insert(name.clone(), value);
    }

    fn element(&mut self, _: &[String], line: u64, json: &str) -> ControlFlow<()> {
        let Some(header) = &self.header else {
            self.n_before += 1;
            return ControlFlow::Continue(());
        };
        match sample(json, header, line) {
            Ok(row) => self.take.row(row),
            Err(problem) => {
                self.take.problem(problem);
                ControlFlow::Continue(())
            }
        }
    }
}
