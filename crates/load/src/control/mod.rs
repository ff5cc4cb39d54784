//! Which stages a test consists of: one, the levels of a sweep, or the rates of a search.

mod goodput;
mod session;
mod sweep;

pub use goodput::GoodputSpec;
pub use session::{Program, TestParts, read_stage, run_test};
pub use sweep::{Levels, SweepSpec};
