//! What stands behind a scorer.
//!
//! In: nothing. Out: the trait of pure scorers, and the choice between them, a judge and a command.

use crate::case::Case;
use crate::command::CommandSpec;
use crate::judge::JudgeSpec;
use crate::outcome::Ruling;

/// How a pure scorer judges a case.
pub(crate) trait Rule: std::fmt::Debug + Send + Sync {
    /// Scores; both arms are outcomes.
    fn rule(&self, case: &Case<'_>) -> Ruling;
}

/// What stands behind a scorer.
#[derive(Debug)]
pub(crate) enum Engine {
    Pure(Box<dyn Rule>),
    Judge(Box<JudgeSpec>),
    Command(CommandSpec),
}
