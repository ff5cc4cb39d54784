//! Load tests: what latency people feel at a given load, and where an endpoint's limit is.
//!
//! In: candidates with their requests ready, a pattern of arrivals. Out: every request in the store, and a
//! report worked out from that record alone. Closed and open loops, sweeps to saturation, and searches for the
//! highest rate that keeps to given SLOs.
//!
//! Every latency is also given from the moment at which its request was *meant* to start, so that waiting
//! inside this client is never hidden ("coordinated omission", G. Tene, 2013). A request is sent once; failures
//! are counted by cause. What answers say is not looked at: quality is `bench`'s.
//!
//! - [`run_test`] runs a test and records it; [`run_stage`] runs one stage.
//! - [`report`] turns the record into a [`trilemma_domain::LoadReport`]; it calls nobody.
//! - [`Live`] tells a terminal what is going on.

mod analysis;
mod control;
mod engine;
mod error;
mod flight;
mod ground;
mod line;
mod live;
mod recorder;
mod schedule;

pub use analysis::{
    Finding, Point, ReportParts, Search, StageSamples, Value, class_slos, compare, figures, report,
    saturation, verdict,
};
pub use control::{GoodputSpec, Levels, Program, SweepSpec, TestParts, read_stage, run_test};
pub use engine::run_stage;
pub use error::LoadError;
pub use ground::Ground;
pub use line::{Line, LineParts};
pub use live::{Live, LiveCandidate, LiveView, MAX_SLOS};
pub use recorder::{Recorder, Sink};
pub use schedule::Schedule;
