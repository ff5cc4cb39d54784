//! Hostile input, end to end: the program itself against models, files and folders that mean it no
//! good. Nothing that they say is executed, drives a terminal or a spreadsheet, or makes the program
//! panic; scores stay right, and what was measured is not lost.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on may panic"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod bodies;
mod files;
mod output;
mod page;
mod peer;
mod secrets;
mod stores;
mod streams;
