//! Exit codes: stable, one meaning each.

use std::process::ExitCode;

/// What the process says on its way out; the highest-numbered failure that affects the verdict wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done, or decided.
    Ok = 0,
    /// No candidate meets the requirements.
    NoCandidate = 1,
    /// The command line, the project or an input file is wrong.
    Usage = 2,
    /// The evidence does not settle the verdict.
    Undecided = 3,
    /// A provider failed: a result that would decide is missing.
    Provider = 4,
    /// A model is not what it was, or not the one that is pinned.
    Drift = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
