//! The benchmark engine: schedule, call, stamp, log; resume; budget.
//!
//! In: a run's manifest, candidates with their lanes, items, scorers. Out: settled trials and scores
//! in the store. An answer is scored only after the commit that holds it. It decides nothing and
//! draws nothing: progress is a set of counters that others read.

mod asked;
mod engine;
mod entrant;
mod error;
mod follow;
mod gates;
mod job;
mod ledger;
mod manifest;
mod pace;
mod progress;
mod record;
mod schedule;
mod session;
mod summary;

pub use asked::Asked;
pub use engine::{run, run_for};
pub use entrant::{Entrant, EntrantParts};
pub use error::BenchError;
pub use gates::{GateRace, Judge, Standing};
pub use job::{Job, JobParts};
pub use manifest::{RunPlan, manifest, manifest_with, score_set};
pub use progress::{CandidateProgress, Progress, Snapshot};
pub use schedule::{Next, Schedule, Shape};
pub use summary::{GivenUp, RaceSummary, Reason, Stop, Summary};
