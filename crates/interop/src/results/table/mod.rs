//! Plain tables of results: one row per item and candidate, or one column per candidate.
//!
//! In: rows of named cells. Out: results. Columns with usual names are understood; others are named
//! by the user, also with dots into nested objects (`scores.accuracy`). A duration without a unit in
//! its name is not guessed at.

mod columns;
mod long;
mod read;
mod wide;

pub(crate) use read::read;
