//! The judge: a scorer that asks a model.
//!
//! In: rubric, item, answer; later the judge's reply. Out: the messages to send; later an outcome.
//! `spec` reads the options, `prompt` renders, `quote` fences foreign text, `scale` turns grades
//! into scores, `reply` reads the judge's answer. Makes no call: `grade` does.

mod prompt;
mod quote;
mod reply;
mod scale;
mod spec;

pub use prompt::JudgePrompt;
pub use scale::Scale;
pub use spec::JudgeSpec;
pub(crate) use spec::read_judge;

#[cfg(test)]
mod tests;
