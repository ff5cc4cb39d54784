//! Rows of cells become results, once the first row has told which column means what.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::Value;
use trilemma_golden::Problem;

use super::columns::{self, Plan};
use crate::container::table::{Cells, Layout, Rows};
use crate::container::{Bytes, Meter};
use crate::error::InteropError;
use crate::results::exports::{Export, RUN};
use crate::results::options::ReadOptions;
use crate::results::take::{Origin, Take, Tool};

/// Reads the table.
pub(crate) fn read(
    (path, bytes): (&Path, Bytes),
    meter: &Meter,
    layout: Layout,
    options: &ReadOptions,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let mut rows = Reader {
        path,
        options,
        layout,
        export: options.export,
        n_steps: 0,
        plan: None,
        refused: None,
        take,
    };
    crate::container::table::read(path, bytes, meter, layout, &mut rows)?;
    if let Some(error) = rows.refused {
        return Err(error);
    }
    let Some(plan) = rows.plan else {
        let reason = match rows.n_steps {
            0 => "it holds no rows".to_owned(),
            n => format!("all of its {n} rows are steps inside of traces"),
        };
        return Err(InteropError::broken(path, reason, "name a file of results"));
    };
    let mut origin = Origin::of(Tool::Table);
    origin.notes = plan.notes;
    if let Some(export) = rows.export {
        origin.notes.push(words(export, rows.n_steps));
    }
    Ok(origin)
}

/// What the user should know of an export.
fn words(export: Export, n_steps: u64) -> String {
    let read = format!("read as an export of {}", export.title());
    match n_steps {
        0 => read,
        n => format!("{read}; {n} rows are steps inside of traces and are left out"),
    }
}

struct Reader<'a> {
    path: &'a Path,
    options: &'a ReadOptions,
    layout: Layout,
    export: Option<Export>,
    n_steps: u64,
    plan: Option<Plan>,
    refused: Option<InteropError>,
    take: &'a mut dyn Take,
}

impl Rows for Reader<'_> {
    fn row(&mut self, line: u64, mut cells: Cells) -> ControlFlow<()> {
        if self.plan.is_none() && self.export.is_none() {
            self.export = Export::of(&cells);
        }
        let told = match self.export {
            None => None,
            Some(export) => match export.told(&cells, self.layout) {
                Some(told) => Some(told),
                None => {
                    self.n_steps += 1;
                    return ControlFlow::Continue(());
                }
            },
        };
        if self.plan.is_none() {
            match columns::plan(&cells, told.as_ref(), self.options, self.path) {
                Ok(plan) => self.plan = Some(plan),
                Err(error) => {
                    self.refused = Some(error);
                    return ControlFlow::Break(());
                }
            }
        }
        if let Some(told) = told {
            let fields = told.fields.into_iter();
            cells.extend(fields.map(|(field, value)| (columns::told_column(field), value)));
            cells.extend(told.run.map(|run| (RUN.to_owned(), Value::String(run))));
        }
        match &self.plan {
            Some(plan) if !plan.wide.is_empty() => super::wide::rows(plan, line, &cells, self.take),
            Some(plan) => match super::long::row(plan, line, &cells) {
                Ok(row) => self.take.row(row),
                Err(problem) => {
                    self.take.problem(problem);
                    ControlFlow::Continue(())
                }
            },
            None => ControlFlow::Continue(()),
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.take.problem(problem);
    }
}
