//! Codes of where a trial's answer came from; part of the file format. Those up to [`REPEATED`]
//! are calls of the run itself.

/// Called in this run.
pub(crate) const CALLED: i64 = 0;
/// Called in this run, perhaps for the second time.
pub(crate) const REPEATED: i64 = 1;
/// An answer of an earlier identical call.
pub(crate) const REPLAYED: i64 = 2;
/// Brought in from another tool.
pub(crate) const IMPORTED: i64 = 3;
