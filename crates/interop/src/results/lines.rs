//! Files of one JSON value a line.
//!
//! In: lines, and what makes a row of a value. Out: rows and problems, each to the taker; it ends where the
//! taker breaks off.

use std::path::Path;

use serde_json::Value;
use trilemma_golden::Problem;

use super::row::ResultRow;
use super::take::Take;
use crate::container::table::json_problem;
use crate::container::{Line, Lines};
use crate::error::InteropError;

/// Hands over the row of each line; `None` = the line is none, and no flaw either.
pub(super) fn json_lines(
    (path, mut lines): (&Path, Lines),
    take: &mut dyn Take,
    mut row_of: impl FnMut(&Value, u64) -> Result<Option<ResultRow>, Problem>,
) -> Result<(), InteropError> {
    while let Some(line) = lines
        .next()
        .map_err(|error| InteropError::io(path, &error))?
    {
        let row = match line {
            Line::Unusable(problem) => Err(problem),
            Line::Text(at, text) => serde_json::from_str(text)
                .map_err(|error| json_problem(&error).at(at))
                .and_then(|value| row_of(&value, at)),
        };
        match row {
            Err(problem) => take.problem(problem),
            Ok(None) => {}
            Ok(Some(row)) => {
                if take.row(row).is_break() {
                    break;
                }
            }
        }
    }
    Ok(())
}
