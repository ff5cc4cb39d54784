//! Daily use, end to end: what is named next can be typed, what was decided says by which rule,
//! parts of a golden set can be measured apart, and two runs can be compared.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[path = "../support/mod.rs"]
mod support;

mod budget;
mod desk;
mod diff;
mod failing;
mod keys;
mod next;
mod outlook;
mod preference;
mod races;
mod splits;
mod starters;
mod what_if;
mod width;
