//! The lane to one endpoint and model: when an attempt may start, and whether another follows.
//!
//! In: trials to be answered, one [`Lane::call`] each. Out: their attempts and either the answer
//! or the failure that stands. A lane knows concurrency, rates, pauses, retries and its breaker;
//! it does not know what is asked, what it costs or where results go.

mod breaker;
mod bucket;
mod call;
mod config;
mod gate;
mod jitter;
mod leave;
mod memory;
mod pace;
mod pause;
mod rates;
mod state;
mod status;
mod ticket;

pub use call::{CallOutcome, Lane, LaneCall};
pub use config::{BreakerConfig, LaneConfig, RetryPolicy};
pub use leave::Leave;
pub use memory::LaneMemory;
pub use status::{LaneHealth, LaneStatus};

#[cfg(test)]
mod tests;
