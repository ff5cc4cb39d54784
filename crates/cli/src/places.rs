//! Where files are: everything is relative to the project file.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use fs_err::{File, OpenOptions};
use trilemma_project::{Project, StoreLocation};

use crate::context::InputError;
use crate::env;

/// The folder that a project's paths are relative to.
pub(crate) fn folder_of(project_file: &Path) -> PathBuf {
    match project_file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Where results are kept in the current folder.
pub(crate) fn default_store() -> PathBuf {
    Path::new(".trilemma").join("trilemma.db")
}

/// Where a project's results are kept.
pub(crate) fn store_path(folder: &Path, project: &Project) -> anyhow::Result<PathBuf> {
    Ok(match &project.store {
        StoreLocation::Default => folder.join(default_store()),
        StoreLocation::Path(path) => folder.join(path),
        StoreLocation::Env(name) => {
            let value = env::text(name).with_context(|| {
                format!("find the store: the environment variable `{name}` is not set")
            })?;
            folder.join(value)
        }
    })
}

/// Writes a file that the user named.
///
/// # Errors
/// [`InputError`] that says why not, and what to do.
pub(crate) fn write_file(path: &Path, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    fs_err::write(path, bytes).map_err(|error| unwritable(&error))
}

/// Creates a file that the user named.
///
/// # Errors
/// As [`write_file`].
pub(crate) fn create_file(path: &Path) -> anyhow::Result<File> {
    File::create(path).map_err(|error| unwritable(&error))
}

/// Makes sure that a file can be written before hours of work end in it.
///
/// # Errors
/// As [`write_file`].
pub(crate) fn ensure_writable(path: &Path) -> anyhow::Result<()> {
    let is_new = !path.exists();
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|error| unwritable(&error))?;
    if is_new {
        // Whether that works does not matter: the file is written over.
        let _ = fs_err::remove_file(path);
    }
    Ok(())
}

fn unwritable(error: &std::io::Error) -> anyhow::Error {
    anyhow!(InputError(format!(
        "{error}; hint: name a file in a folder that exists, that may be written to and that has room"
    )))
}
