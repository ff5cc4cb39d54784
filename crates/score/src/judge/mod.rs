//! The judge: a scorer that asks a model.
//!
//! In: rubric, item, answer; later the judge's reply. Out: the messages to send; later an outcome.
//! `spec` reads the options, `prompt` renders, `quote` fences foreign text, `scale` turns grades
//! into scores, `reply` reads the judge's answer, `task` says what is asked of whom, `panel` makes one
//! outcome of several words. Makes no call: `grade` does.

mod panel;
mod prompt;
mod quote;
mod reply;
mod scale;
mod spec;
mod task;

pub use prompt::{JudgePrompt, expected_text};
pub use scale::Scale;
pub use spec::JudgeSpec;
pub(crate) use spec::{Read, read_judge};
pub use task::{Against, Combine, JudgeTask};

#[cfg(test)]
mod tests;
