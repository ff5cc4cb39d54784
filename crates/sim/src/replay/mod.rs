//! Recorded answers, joined to prompts by the inputs of a golden set.

mod files;
mod store;

pub(crate) use store::{Recorded, RecordedEnd, prompt_fingerprint};
pub use store::{Replay, ReplaySummary};
