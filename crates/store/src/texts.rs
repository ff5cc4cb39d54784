//! Prompts and answers that a gateway was told to keep: lines of JSON in files of bounded age and size.
//!
//! In: lines that are already redacted. Out: the same lines, oldest first. They live in a folder of their
//! own, so that deleting the folder deletes every text and nothing else. A file is closed when it has an
//! eighth of the size or the age that is allowed, and files are deleted as a whole, oldest first: what is
//! too old or too much never stays, at the price of losing up to an eighth early.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err::{File, OpenOptions};

use crate::error::StoreError;
use crate::place::{create_private_folder, private};

/// Files of a full folder.
const PARTS: u64 = 8;
/// Longest time that one file covers.
const LONGEST_FILE_US: i64 = 86_400_000_000;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLimits {
    /// Nothing older stays.
    pub keep: Duration,
    /// Most bytes of all files.
    pub max_bytes: u64,
}

/// A folder of kept texts, open for writing.
#[derive(Debug)]
pub struct TextLog {
    folder: PathBuf,
    limits: TextLimits,
    open: Option<Segment>,
}

/// The file that is written to.
#[derive(Debug)]
struct Segment {
    file: File,
    first_us: i64,
    n_bytes: u64,
}

/// A file in the folder.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    first_us: i64,
    n_bytes: u64,
}

impl TextLog {
    /// Opens the folder, creates it where it is missing, and deletes what is too old or too much.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn open(folder: &Path, limits: TextLimits, now_us: i64) -> Result<Self, StoreError> {
        let error = |error: std::io::Error| StoreError::from_io(folder, &error);
        if !folder.is_dir() {
            create_private_folder(folder).map_err(error)?;
            fs_err::write(folder.join(".gitignore"), "*\n").map_err(error)?;
        }
        let mut log = Self {
            folder: folder.to_owned(),
            limits,
            open: None,
        };
        log.prune(now_us)?;
        Ok(log)
    }

    /// Adds a line; it is handed to the system before this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, line: &str, now_us: i64) -> Result<(), StoreError> {
        let n_bytes = line.len() as u64 + 1;
        let error = |error: std::io::Error| StoreError::from_io(&self.folder, &error);
        let is_full = self.open.as_ref().is_some_and(|open| {
            let longest = (micros(self.limits.keep) / PARTS as i64).min(LONGEST_FILE_US);
            open.n_bytes + n_bytes > self.limits.max_bytes / PARTS
                || now_us.saturating_sub(open.first_us) > longest
        });
        if is_full {
            self.open = None;
        }
        let segment = match &mut self.open {
            Some(segment) => segment,
            None => {
                let segment = self.begin(now_us).map_err(error)?;
                self.open.insert(segment)
            }
        };
        let written = segment
            .file
            .write_all(line.as_bytes())
            .and_then(|()| segment.file.write_all(b"\n"));
        segment.n_bytes += n_bytes;
        if let Err(failure) = written {
            // A line that is half written must not swallow the next one.
            self.open = None;
            return Err(error(failure));
        }
        if is_full {
            self.prune(now_us)?;
        }
        Ok(())
    }

    /// Deletes what is too old, and the oldest of what is too much.
    ///
    /// # Errors
    /// When the folder cannot be read or a file not be deleted.
    pub fn prune(&mut self, now_us: i64) -> Result<(), StoreError> {
        let error = |error: std::io::Error| StoreError::from_io(&self.folder, &error);
        let oldest = now_us.saturating_sub(micros(self.limits.keep));
        let files = files(&self.folder).map_err(error)?;
        let mut total: u64 = files.iter().map(|file| file.n_bytes).sum();
        for file in files {
            if file.first_us >= oldest && total <= self.limits.max_bytes {
                break;
            }
            if self
                .open
                .as_ref()
                .is_some_and(|open| open.first_us == file.first_us)
            {
                self.open = None;
            }
            fs_err::remove_file(&file.path).map_err(error)?;
            total -= file.n_bytes;
        }
        Ok(())
    }

    fn begin(&self, now_us: i64) -> std::io::Result<Segment> {
        // Names sort by time; one that exists is of another run in the same microsecond.
        let mut first_us = now_us.max(0);
        loop {
            let path = self.folder.join(format!("{first_us:020}.jsonl"));
            match private(OpenOptions::new().append(true).create_new(true)).open(path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => first_us += 1,
                opened => {
                    return Ok(Segment {
                        file: opened?,
                        first_us,
                        n_bytes: 0,
                    });
                }
            }
        }
    }
}

/// Reads the lines of a folder, oldest file first; a folder that is missing has none.
///
/// # Errors
/// When a file cannot be read.
pub fn each_text(folder: &Path, on_line: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
    let error = |error: std::io::Error| StoreError::from_io(folder, &error);
    if !folder.is_dir() {
        return Ok(());
    }
    for file in files(folder).map_err(error)? {
        let mut input = BufReader::new(File::open(&file.path).map_err(error)?);
        let mut line = String::new();
        while input.read_line(&mut line).map_err(error)? > 0 {
            on_line(line.trim_end());
            line.clear();
        }
    }
    Ok(())
}

/// The files of a folder, oldest first; what is not named like ours is not ours.
fn files(folder: &Path) -> std::io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let is_ours = path.extension().is_some_and(|ending| ending == "jsonl");
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let first_us = stem.and_then(|stem| stem.parse().ok()).filter(|_| is_ours);
        if let Some(first_us) = first_us {
            found.push(Found {
                n_bytes: fs_err::metadata(&path)?.len(),
                first_us,
                path,
            });
        }
    }
    found.sort_unstable_by_key(|file| file.first_us);
    Ok(found)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    fn lines(folder: &Path) -> Vec<String> {
        let mut lines = Vec::new();
        each_text(folder, &mut |line| lines.push(line.to_owned())).unwrap();
        lines
    }

    #[test]
    fn nothing_too_old_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("texts");
        let limits = TextLimits {
            keep: Duration::from_secs(4 * 86_400),
            max_bytes: 1 << 20,
        };
        let mut log = TextLog::open(&folder, limits, 0).unwrap();
        for day in 0..10 {
            log.append(&format!("day {day}"), day * DAY_US).unwrap();
        }
        assert_eq!(lines(&folder).first().unwrap(), "day 5");
        log.prune(12 * DAY_US).unwrap();
        assert_eq!(lines(&folder), ["day 8", "day 9"]);
        // A file that is deleted while it is written to is followed by a new one.
        log.prune(20 * DAY_US).unwrap();
        log.append("later", 20 * DAY_US).unwrap();
        assert_eq!(lines(&folder), ["later"]);
        drop(log);
        TextLog::open(&folder, limits, 30 * DAY_US).unwrap();
        assert_eq!(lines(&folder), [""; 0]);
    }

    #[test]
    fn never_more_than_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let limits = TextLimits {
            keep: Duration::from_secs(86_400),
            max_bytes: 8_000,
        };
        let mut log = TextLog::open(folder.path(), limits, 0).unwrap();
        let text = "x".repeat(99);
        for at in 0..1_000 {
            log.append(&text, at).unwrap();
            let files = files(folder.path()).unwrap();
            assert!(files.iter().map(|file| file.n_bytes).sum::<u64>() <= limits.max_bytes + 1_000);
        }
        assert!(lines(folder.path()).len() >= 60);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("texts");
        let limits = TextLimits {
            keep: Duration::from_secs(60),
            max_bytes: 1_000,
        };
        let mut log = TextLog::open(&folder, limits, 0).unwrap();
        log.append("a", 1).unwrap();
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&files(&folder).unwrap()[0].path), 0o600);
    }
}
