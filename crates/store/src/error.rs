//! What can go wrong with a store, by what its user can do about it.
//!
//! Texts fit after "failed to …". Errors are cloned to everyone whose record was in the same
//! commit, hence the plain texts instead of sources.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use trilemma_domain::{Fingerprint, LoadTestId, RunId, TrialKey};

/// Says why the store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no store at this place.
    #[error("open the store `{}`: no such file; hint: run a benchmark first, or name another file", path.display())]
    Missing {
        /// The store's file.
        path: PathBuf,
    },
    /// The file or its folder cannot be created or written.
    #[error("write the store `{}`: {reason}; hint: make its folder writable, or set [store] url to another place", path.display())]
    NotWritable {
        /// The store's file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Another process writes to this store.
    #[error("write the store `{}`: it is in use by {}; hint: wait for it to end, or use another store", path.display(), holder(*pid))]
    InUse {
        /// The store's file.
        path: PathBuf,
        /// The process that holds it, where it said so.
        pid: Option<u32>,
    },
    /// No room is left; everything acknowledged before is safe.
    #[error("write the store `{}`: the disk is full; hint: free some space and run again, what was recorded is kept", path.display())]
    DiskFull {
        /// The store's file.
        path: PathBuf,
    },
    /// The last rows could not be written before the end; everything committed before is safe.
    #[error("record the last {n} requests in `{}`: {reason}; hint: free some space; what this session leased counts as spent until `trilemma serve --reconcile`", path.display())]
    RowsLost {
        /// The ledger's file.
        path: PathBuf,
        /// Requests whose rows are lost.
        n: usize,
        /// The words of the system or of SQLite.
        reason: String,
    },
    /// The system refused a write; everything acknowledged before is safe.
    #[error("write the store `{}`: {reason}; hint: look at the disk, its quota and `ulimit -f`, then run again, what was recorded is kept", path.display())]
    WriteFailed {
        /// The store's file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The file is damaged.
    #[error("read the store `{}`: it is damaged ({reason}); hint: move the file away and run again, or save what is readable with `sqlite3 FILE .recover`", path.display())]
    Corrupt {
        /// The store's file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file is something else.
    #[error("open the store `{}`: {reason}; hint: it was left untouched, name another file", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A newer trilemma has written this store.
    #[error("open the store `{}`: its schema is version {found}, this program knows up to {known}; hint: update trilemma", path.display())]
    NewerSchema {
        /// The store's file.
        path: PathBuf,
        /// Version found.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
    /// No such run, trial, score set or golden snapshot, or one that exists already.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The writer has ended.
    #[error("record in the store `{}`: its writer has ended", path.display())]
    Closed {
        /// The store's file.
        path: PathBuf,
    },
    /// Anything else that the system or SQLite reports.
    #[error("use the store `{}`: {reason}", path.display())]
    Other {
        /// The file concerned.
        path: PathBuf,
        /// The words of the system or of SQLite.
        reason: String,
    },
}

/// Says which record is not what the caller takes it for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The store holds no such run.
    #[error("find run `{0}` in the store; hint: `trilemma runs list` shows what is there")]
    UnknownRun(RunId),
    /// The store holds no such load test.
    #[error(
        "find load test `{0}` in the store; hint: `trilemma latency --list` shows what is there"
    )]
    UnknownLoadTest(LoadTestId),
    /// A run of this name exists.
    #[error("begin run `{0}`: a run of this name exists")]
    RunExists(RunId),
    /// The run has no such trial.
    #[error("find the trial of candidate {}, item {}, repeat {} in run `{run}`", key.candidate_idx, key.item_idx, key.repeat)]
    UnknownTrial {
        /// The run.
        run: RunId,
        /// The trial.
        key: TrialKey,
    },
    /// No score set with this fingerprint was registered.
    #[error("find score set {}", .0.short())]
    UnknownScoreSet(Fingerprint),
    /// A score names a scorer that its set does not have.
    #[error("record a score of scorer {scorer_idx}: its set has only {n_scorers}")]
    UnknownScorer {
        /// Position named.
        scorer_idx: u32,
        /// Scorers in the set.
        n_scorers: usize,
    },
    /// No golden snapshot with this fingerprint.
    #[error("find golden set {} in the store", .0.short())]
    UnknownGolden(Fingerprint),
    /// The caller's own work on a streamed record failed.
    #[error("{0}")]
    Callback(String),
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    )
}

impl StoreError {
    /// Turns an error of SQLite about the file at `path` into ours.
    pub(crate) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        // Extended codes of SQLITE_IOERR, <https://www.sqlite.org/rescode.html>.
        const SHORT_READ: i32 = 522;
        const WRITE: i32 = 778;
        const FSYNC: i32 = 1034;
        const TRUNCATE: i32 = 1546;
        const SHM_SIZE: i32 = 4874;
        let path = path.to_owned();
        let reason = error.to_string();
        let (code, extended) = match error {
            rusqlite::Error::SqliteFailure(failure, _) => (failure.code, failure.extended_code),
            rusqlite::Error::SqlInputError { error, .. } => (error.code, error.extended_code),
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => return Self::Corrupt { path, reason },
            _ => return Self::Other { path, reason },
        };
        match code {
            ErrorCode::NotADatabase => Self::NotAStore {
                path,
                reason: "it is not an SQLite database".to_owned(),
            },
            ErrorCode::DatabaseCorrupt => Self::Corrupt { path, reason },
            ErrorCode::SystemIoFailure if extended == SHORT_READ => Self::Corrupt { path, reason },
            ErrorCode::DiskFull => Self::DiskFull { path },
            ErrorCode::SystemIoFailure
                if [WRITE, FSYNC, TRUNCATE, SHM_SIZE].contains(&extended) =>
            {
                Self::WriteFailed { path, reason }
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::InUse { path, pid: None },
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                Self::NotWritable { path, reason }
            }
            _ => Self::Other { path, reason },
        }
    }

    /// Turns an error of the file system about `path` into ours.
    pub(crate) fn from_io(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path },
            ErrorKind::FileTooLarge => Self::WriteFailed {
                path,
                reason: error.to_string(),
            },
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => Self::NotWritable {
                path,
                reason: "a file stands where its folder should be".to_owned(),
            },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NotWritable {
                path,
                reason: error.to_string(),
            },
            _ => Self::Other {
                path,
                reason: error.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_record_is_told_once() {
        let error = StoreError::from(RecordError::UnknownRun(RunId::from("r")));
        assert!(std::error::Error::source(&error).is_none(), "{error}");
        assert!(error.to_string().starts_with("find run `r`"));
    }
}
