//! Has a pinned model changed since it was measured?
//!
//! In: recorded answers of a baseline and of the checks after it. Out: what each channel says, whether it
//! is an alarm, and which items changed sides. A check asks the canary once and is a run like any other, so
//! its calls are durable and resumed like any other's; what is found is a pure function of recorded answers,
//! written once. Which items to ask, and how to look, is decided before the first look. It calls nobody,
//! reads no clock, and decides nothing about recommendations.

mod canary;
mod error;
mod estimate;
mod evidence;
mod flips;
mod judge;
mod look;
mod plan;
mod round;
mod tokens;

pub use canary::{Canary, CanaryItem, pick};
pub use error::DriftError;
pub use judge::{CheckFacts, all_other, judge};
pub use plan::{BaselinePlan, CheckPlan, Purpose};
pub use round::{Answer, Round, rounds};
