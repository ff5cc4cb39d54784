//! The three answers that a requirement can get.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a candidate meets a requirement, as far as the evidence goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Shown to meet it.
    Meets,
    /// Shown to fail it.
    Fails,
    /// The evidence does not settle it.
    Undecided,
}

impl Verdict {
    /// Joins several requirements: fails if any fails, else undecided if any is.
    #[must_use]
    pub fn all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts
            .into_iter()
            .fold(Self::Meets, |joint, next| match (joint, next) {
                (Self::Fails, _) | (_, Self::Fails) => Self::Fails,
                (Self::Undecided, _) | (_, Self::Undecided) => Self::Undecided,
                (Self::Meets, Self::Meets) => Self::Meets,
            })
    }

    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Meets => "meets",
            Self::Fails => "fails",
            Self::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
