//! Rows of cells become results, once the first row has told which column means what.

use std::ops::ControlFlow;
use std::path::Path;

use trilemma_golden::Problem;

use super::columns::{self, Plan};
use crate::container::table::{Cells, Layout, Rows};
use crate::container::{Bytes, Meter};
use crate::error::InteropError;
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
        plan: None,
        refused: None,
        take,
    };
    crate::container::table::read(path, bytes, meter, layout, &mut rows)?;
    if let Some(error) = rows.refused {
        return Err(error);
    }
    let Some(plan) = rows.plan else {
        return Err(InteropError::broken(
            path,
            "it holds no rows",
            "name a file of results",
        ));
    };
    let mut origin = Origin::of(Tool::Table);
    origin.notes = plan.notes;
    Ok(origin)
}

struct Reader<'a> {
    path: &'a Path,
    options: &'a ReadOptions,
    plan: Option<Plan>,
    refused: Option<InteropError>,
    take: &'a mut dyn Take,
}

impl Rows for Reader<'_> {
    fn row(&mut self, line: u64, cells: Cells) -> ControlFlow<()> {
        if self.plan.is_none() {
            match columns::plan(&cells, self.options, self.path) {
                Ok(plan) => self.plan = Some(plan),
                Err(error) => {
                    self.refused = Some(error);
                    return ControlFlow::Break(());
                }
            }
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
