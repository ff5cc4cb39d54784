//! A row of a table with columns per candidate.

use std::ops::ControlFlow;

use super::columns::{Plan, cell};
use super::long::result;
use crate::container::table::Cells;
use crate::results::options::Field;
use crate::results::take::Take;

/// Reads the results of every candidate in the row; one without score and output has none.
pub(super) fn rows(plan: &Plan, line: u64, cells: &Cells, take: &mut dyn Take) -> ControlFlow<()> {
    for (name, columns) in &plan.wide {
        let has = |field: Field| {
            columns
                .get(&field)
                .is_some_and(|column| cell(cells, column).is_some())
        };
        if !has(Field::Score) && !has(Field::Output) && !has(Field::Error) {
            continue;
        }
        match result(plan, columns, line, (cells, name.clone())) {
            Ok(row) => take.row(row)?,
            Err(problem) => take.problem(problem),
        }
    }
    ControlFlow::Continue(())
}
