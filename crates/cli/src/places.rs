//! Where files are: everything is relative to the project file.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use trilemma_project::{Project, StoreLocation};

use crate::env;

/// The folder that a project's paths are relative to.
pub(crate) fn folder_of(project_file: &Path) -> PathBuf {
    match project_file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Where a project's results are kept.
pub(crate) fn store_path(folder: &Path, project: &Project) -> anyhow::Result<PathBuf> {
    Ok(match &project.store {
        StoreLocation::Default => folder.join(".trilemma").join("trilemma.db"),
        StoreLocation::Path(path) => folder.join(path),
        StoreLocation::Env(name) => {
            let value = env::text(name).with_context(|| {
                format!("find the store: the environment variable `{name}` is not set")
            })?;
            folder.join(value)
        }
    })
}
