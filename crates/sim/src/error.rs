//! What can go wrong before a simulator serves.

use std::path::PathBuf;

use thiserror::Error;

/// Why a simulator could not be set up.
#[derive(Debug, Error)]
pub enum SimError {
    /// A file could not be read or written.
    #[error("{0}; hint: check the path and its permissions")]
    File(#[from] std::io::Error),
    /// A scenario is not TOML or JSON of the right shape.
    #[error("read the scenario: {message}; hint: `trilemma schema scenario` lists its keys")]
    Parse {
        /// The parser's words, with line and column.
        message: String,
    },
    /// A scenario contradicts itself.
    #[error("use `{field}` of the scenario: {problem}")]
    Scenario {
        /// The key.
        field: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A line of a golden set or a file of answers is not what it should be.
    #[error("read line {line} of `{}`: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The texts of one file exceed what one simulator holds.
    #[error("hold the texts of `{name}`: more than 4 GiB; hint: split the file")]
    TooLarge {
        /// The file or model.
        name: String,
    },
}
