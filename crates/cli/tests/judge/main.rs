//! Judges, end to end: the program calls them over HTTP, records and prices each call, asks nothing
//! twice, and takes nothing for a grade that is none. The simulator's own log is the witness.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on may panic"
)]

#[path = "../desk/mod.rs"]
mod desk;
#[path = "../support/mod.rs"]
mod support;

mod bench;
mod failures;
mod kills;
mod measures;
mod pairs;
mod path;
mod replies;
