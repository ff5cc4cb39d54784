//! Where a project is written, without writing over anything unasked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use trilemma_domain::TaskKind;

use crate::context::InputError;

/// What git must not take in.
const IGNORED: &str = ".trilemma/";

/// The folder of a project.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
}

impl Folder {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// Whether it is the folder in which the command was typed.
    pub(super) fn is_here(&self) -> bool {
        self.dir == Path::new(".")
    }

    /// A file in it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        if self.is_here() && !name.is_empty() {
            PathBuf::from(name)
        } else {
            self.dir.join(name)
        }
    }

    /// A short name made of the folder's.
    pub(super) fn task_name(&self, kind: TaskKind) -> String {
        let absolute = std::path::absolute(&self.dir).unwrap_or_default();
        let name = absolute
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        let mut short = String::new();
        for c in name.chars().take(60) {
            if c.is_alphanumeric() {
                short.push(c);
            } else if !short.is_empty() && !short.ends_with('-') {
                short.push('-');
            }
        }
        let short = short.trim_end_matches('-');
        if short.is_empty() {
            kind.name().to_owned()
        } else {
            short.to_owned()
        }
    }

    /// How the project file names a file: relative where it lies in the folder, else in full.
    pub(super) fn name_of(&self, file: &Path) -> PathBuf {
        let full = |path: &Path| {
            fs_err::canonicalize(path)
                .or_else(|_| std::path::absolute(path))
                .unwrap_or_else(|_| path.to_owned())
        };
        let (folder, file) = (full(&self.dir), full(file));
        file.strip_prefix(&folder)
            .map_or_else(|_| file.clone(), Path::to_owned)
    }

    /// Writes all files, or none where one is in the way; adds the state folder to `.gitignore`.
    pub(super) fn write<Name: AsRef<str>>(
        &self,
        files: &BTreeMap<Name, String>,
        is_forced: bool,
    ) -> anyhow::Result<()> {
        let in_the_way: Vec<String> = files
            .keys()
            .map(|name| self.path(name.as_ref()))
            .filter(|path| path.exists())
            .map(|path| path.display().to_string())
            .collect();
        if !is_forced && !in_the_way.is_empty() {
            return Err(anyhow!(InputError(format!(
                "failed to write a project over what is there: {}; hint: name another folder, or \
                 --force writes over it",
                in_the_way.join(", ")
            ))));
        }
        fs_err::create_dir_all(&self.dir)?;
        for (name, text) in files {
            fs_err::write(self.path(name.as_ref()), text)?;
        }
        self.ignore()
    }

    fn ignore(&self) -> anyhow::Result<()> {
        let path = self.path(".gitignore");
        let mut text = match fs_err::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        let has_it = text
            .lines()
            .any(|line| line.trim().trim_start_matches('/').trim_end_matches('/') == ".trilemma");
        if has_it {
            return Ok(());
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(IGNORED);
        text.push('\n');
        Ok(fs_err::write(&path, text)?)
    }
}
