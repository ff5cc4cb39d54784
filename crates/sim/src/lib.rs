//! Scripted endpoints in every dialect, over real HTTP.
//!
//! In: a [`Scenario`] (delays, answers, faults, limits, drift) and, for replay, a [`Replay`] of
//! recorded answers. Out: a [`Sim`] that serves OpenAI, Azure, Anthropic and Gemini on any
//! listener or in-memory pipe, and a [`CallLog`] with the stamps of what it wrote, which is the
//! truth that measurements are checked against.
//!
//! It runs no model: answers are recorded, scripted or echoed. Token counts are those of the o200k
//! tokenizer and marked as estimated unless the scenario states them.

mod call;
mod clock;
mod error;
mod log;
mod model;
mod replay;
mod sample;
mod scenario;
mod serve;
mod shared;
mod sim;
mod tap;
mod tokens;

pub use error::SimError;
pub use log::{
    CallLog, CallOutcome, CallRecord, ChunkKind, ChunkStamp, Ended, LogOptions, RejectReason,
};
pub use replay::{Replay, ReplaySummary};
pub use scenario::{
    Answers, Behaviour, Drift, FaultKind, FaultRule, Join, Limits, LogprobRule, OtherModels,
    Scenario, ScriptAnswer, ScriptRule, ScriptToolCall, Spread, UsageRule,
};
pub use sim::{Sim, SimOptions};
pub use tokens::{MAX_PIECE_BYTES, count_tokens};
