//! What is wrong with a policy file: all of it at once, each with the fix.

use std::fmt;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProblem {
    /// Where, as a path such as `plan.rules[1].when.matches`.
    pub at: String,
    /// What is wrong, lower-case.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}; hint: {}", self.at, self.message, self.hint)
    }
}

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is not a policy file.
    #[error(
        "read the policy, line {line}, column {column}: {message}; hint: `trilemma schema policy` prints the format"
    )]
    Unreadable {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the reader says.
        message: String,
    },
    /// A newer program wrote it.
    #[error(
        "read the policy: it has format version {found}, this program knows up to {known}; hint: use a newer trilemma"
    )]
    Version {
        /// The file's version.
        found: u32,
        /// The newest known here.
        known: u32,
    },
    /// The file was changed after its hash was written.
    #[error(
        "trust the policy: it says hash {stated}, its content has {found}; hint: take the line `hash` out if the change is meant"
    )]
    Changed {
        /// The first digits of the hash in the file.
        stated: String,
        /// The first digits of the hash of its content.
        found: String,
    },
    /// It is readable, but cannot work.
    #[error("use the policy:{}", listed(.0))]
    Problems(Vec<PolicyProblem>),
}

fn listed(problems: &[PolicyProblem]) -> String {
    problems
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect()
}
