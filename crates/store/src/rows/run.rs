//! A run's number, by its name.

use rusqlite::{Connection, OptionalExtension};
use trilemma_domain::RunId;

use crate::error::RecordError;
use crate::inner::Fault;

/// What the store calls a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunRef {
    pub(crate) run_no: i64,
    pub(crate) base_us: i64,
    pub(crate) set_no: i64,
}

/// Looks a run up by name.
pub(crate) fn run_ref(conn: &Connection, run: &RunId) -> Result<RunRef, Fault> {
    conn.prepare_cached("SELECT run_no, created_us, set_no FROM run WHERE run_id = $1")?
        .query_row([run.as_str()], |row| {
            Ok(RunRef {
                run_no: row.get(0)?,
                base_us: row.get(1)?,
                set_no: row.get(2)?,
            })
        })
        .optional()?
        .ok_or_else(|| RecordError::UnknownRun(run.clone()).into())
}
