//! What a simulator does: the file format and its checks.

mod answers;
mod behaviour;
mod fault;
mod parse;
mod spread;

#[cfg(test)]
mod tests;

pub use answers::{Answers, ScriptAnswer, ScriptRule, ScriptToolCall};
pub use behaviour::{Behaviour, Drift, Limits, LogprobRule, UsageRule};
pub use fault::{FaultKind, FaultRule};
pub use parse::{Join, OtherModels, Scenario};
pub use spread::Spread;
