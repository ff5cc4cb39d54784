//! What keeps a whole file from being read.

use std::path::{Path, PathBuf};

/// Why a file of another tool cannot be read at all. What is wrong with single rows is told as
/// [`trilemma_golden::Problem`]s instead, so that the others can be kept.
#[derive(Debug, thiserror::Error)]
pub enum InteropError {
    /// The file system refused.
    #[error("read `{path}`: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Nothing tells what the file is.
    #[error("tell what `{path}` is: {reason}; hint: {hint}")]
    Unrecognised {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// The file is damaged, or not what it says that it is.
    #[error("read `{path}`: {reason}; hint: {hint}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// The columns of a table do not say what is needed.
    #[error("find results in `{path}`: {reason}; hint: {hint}")]
    Columns {
        /// The file.
        path: PathBuf,
        /// What is missing or ambiguous.
        reason: String,
        /// How to name it.
        hint: String,
    },
}

impl InteropError {
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    pub(crate) fn broken(path: &Path, reason: impl Into<String>, hint: &str) -> Self {
        Self::Broken {
            path: path.to_owned(),
            reason: reason.into(),
            hint: hint.to_owned(),
        }
    }
}
