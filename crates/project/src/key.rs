//! Where keys come from.

use std::path::PathBuf;

use serde::Serialize;

/// Where a key comes from; the key itself never enters the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// An environment variable.
    Env(String),
    /// The first line of a file.
    File(PathBuf),
    /// What a program prints.
    Command(Vec<String>),
    /// The endpoint needs none.
    None,
}
