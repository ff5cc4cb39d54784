//! Scorers: how good is one answer to one item, from 0 to 1.
//!
//! In: `ScorerSpec` from a project, items of the golden set, answers. Out: `ScoredOutcome`. One
//! static table, [`SCORERS`], names every kind with its options; [`STEPS`] names every extraction
//! step. Pure: judges and external commands are described here (prompt, reply, protocol), and
//! `grade` calls them. Nothing here depends on a data set.

mod answer;
mod case;
mod command;
mod engine;
mod extract;
mod files;
mod json;
mod judge;
mod kind;
mod option_doc;
mod options;
mod outcome;
mod problem;
mod scorer;
mod scorers;
mod table;
mod text;

pub use answer::Answer;
pub use command::CommandSpec;
pub use extract::{DefaultSteps, Extraction, Missing, STEPS, StepKind};
pub use files::{FileOption, file_options};
pub use judge::{Against, Combine, JudgePrompt, JudgeSpec, JudgeTask, Scale, expected_text};
pub use kind::{ExpectedUse, Needs, Runs, ScorerKind};
pub use option_doc::{OptionDoc, OptionType};
pub use problem::OptionProblem;
pub use scorer::{Mode, Scorer, build};
pub use table::{COMMON_OPTIONS, EXTRACTION_OPTIONS, SCORERS};
