//! Where a store lives: its file, the lock that admits one writing process, the call journal.
//!
//! In: the path of the database file. Out: created folders and files with private modes, and a
//! held lock. The lock is an advisory file lock, which the system frees when its holder dies, so
//! a killed run never leaves a store locked.

use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use fs_err::{File, OpenOptions};

use crate::error::StoreError;

/// The paths of one store.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The database file.
    pub(crate) db: PathBuf,
    /// The file whose lock admits one writing process; holds that process's id.
    pub(crate) lock: PathBuf,
    /// The call journal.
    pub(crate) journal: PathBuf,
}

/// A held writer lock; freed when dropped.
#[derive(Debug)]
pub(crate) struct WriterLock(File);

impl Drop for WriterLock {
    /// Unlocks by itself: closing alone leaves the lock with any child process that was just forked
    /// and has not closed its copy of the file yet.
    fn drop(&mut self) {
        // Should this fail, closing the file unlocks it a moment later.
        let _unlocked = self.0.unlock();
    }
}

impl Place {
    /// Derives the paths from that of the database file.
    pub(crate) fn of(db: &Path) -> Self {
        let beside = |ending: &str| {
            let mut name = db.file_stem().unwrap_or(db.as_os_str()).to_owned();
            name.push(ending);
            db.with_file_name(name)
        };
        Self {
            db: db.to_owned(),
            lock: beside(".lock"),
            journal: beside(".calls.journal"),
        }
    }

    /// Creates folder and file where they are missing.
    ///
    /// A new folder gets mode 0700 and a `.gitignore` of `*`; a new file gets mode 0600. Folders
    /// and files that exist are left as they are.
    pub(crate) fn create(&self) -> Result<(), StoreError> {
        let error = |error: std::io::Error| match StoreError::from_io(&self.db, &error) {
            StoreError::Other { path, reason } => StoreError::NotWritable { path, reason },
            other => other,
        };
        let folder = self.db.parent().unwrap_or(Path::new(""));
        if !folder.as_os_str().is_empty() && !folder.is_dir() {
            create_private_folder(folder).map_err(error)?;
            fs_err::write(folder.join(".gitignore"), "*\n").map_err(error)?;
        }
        if !self.db.exists() {
            private(OpenOptions::new().append(true).create(true))
                .open(&self.db)
                .map_err(error)?;
        }
        Ok(())
    }

    /// Refuses a file that is not empty and no database, before SQLite sees it: SQLite writes over
    /// files that are shorter than its header (<https://www.sqlite.org/fileformat.html> §1.3).
    pub(crate) fn check_head(&self) -> Result<(), StoreError> {
        const MAGIC: &[u8] = b"SQLite format 3\0";
        const HEADER_BYTES: usize = 100;
        let error = |error: std::io::Error| StoreError::from_io(&self.db, &error);
        if !self.db.is_file() {
            return Err(StoreError::NotAStore {
                path: self.db.clone(),
                reason: "it is no regular file".to_owned(),
            });
        }
        let mut head = Vec::with_capacity(HEADER_BYTES);
        let file = File::open(&self.db).map_err(error)?;
        file.take(HEADER_BYTES as u64)
            .read_to_end(&mut head)
            .map_err(error)?;
        let n_known = head.len().min(MAGIC.len());
        if head.get(..n_known) != MAGIC.get(..n_known) {
            return Err(StoreError::NotAStore {
                path: self.db.clone(),
                reason: "it is not an SQLite database".to_owned(),
            });
        }
        if head.is_empty() || head.len() == HEADER_BYTES {
            return Ok(());
        }
        Err(StoreError::Corrupt {
            path: self.db.clone(),
            reason: format!("it ends after {} bytes", head.len()),
        })
    }

    /// Takes the writer lock.
    ///
    /// # Errors
    /// [`StoreError::InUse`] with the holder's process id while another process has it.
    pub(crate) fn lock(&self) -> Result<WriterLock, StoreError> {
        let error = |error: std::io::Error| StoreError::from_io(&self.lock, &error);
        let mut file = private(OpenOptions::new().read(true).write(true).create(true))
            .open(&self.lock)
            .map_err(error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(self.in_use()),
            Err(std::fs::TryLockError::Error(io)) => return Err(error(io)),
        }
        file.set_len(0).map_err(error)?;
        file.rewind().map_err(error)?;
        file.write_all(std::process::id().to_string().as_bytes())
            .map_err(error)?;
        Ok(WriterLock(file))
    }

    /// The error that names the process which holds the lock.
    pub(crate) fn in_use(&self) -> StoreError {
        let mut text = String::new();
        let pid = File::open(&self.lock)
            .and_then(|file| file.take(20).read_to_string(&mut text))
            .ok()
            .and_then(|_| text.trim().parse().ok());
        StoreError::InUse {
            path: self.db.clone(),
            pid,
        }
    }
}

/// Gives a file that is about to be created mode 0600.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

pub(crate) fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_lock_is_free_although_a_forked_child_has_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(&folder.path().join("s.db"));
        let lock = place.lock().unwrap();
        let _of_the_child = lock.0.try_clone().unwrap();
        assert!(matches!(place.lock(), Err(StoreError::InUse { .. })));
        drop(lock);
        place.lock().unwrap();
    }
}
