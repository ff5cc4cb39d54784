//! Bytes of a file: counted, and bounded between two marks.
//!
//! In: a path. Out: a reader that fails when more than [`MAX_ROW_BYTES`] pass between two calls of
//! [`Meter::mark`], so that no row can fill the memory, and that counts lines and bytes.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::InteropError;

/// Most bytes of one row.
pub(crate) const MAX_ROW_BYTES: u64 = 64 << 20;

const BUFFER_BYTES: usize = 64 << 10;

/// A file that is read.
pub(crate) type Bytes = BufReader<Metered>;

/// What is known of the reading; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    since_mark: Rc<Cell<u64>>,
    lines: Rc<Cell<u64>>,
    total: Arc<AtomicU64>,
}

impl Meter {
    pub(crate) fn new(total: Arc<AtomicU64>) -> Self {
        Self {
            since_mark: Rc::default(),
            lines: Rc::default(),
            total,
        }
    }

    /// A row ends here: the next may be as long again.
    pub(crate) fn mark(&self) {
        self.since_mark.set(0);
    }

    /// Says how many bytes of the file are done, for readers that do not read it in order.
    pub(crate) fn at(&self, n_bytes: u64) {
        self.total.store(n_bytes, Ordering::Relaxed);
    }

    /// Line ends among the bytes that were handed out, read-ahead included.
    pub(crate) fn lines(&self) -> u64 {
        self.lines.get()
    }
}

/// A reader that counts and bounds.
#[derive(Debug)]
pub(crate) struct Metered {
    inner: fs_err::File,
    meter: Meter,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let since = self.meter.since_mark.get() + n as u64;
        self.meter.since_mark.set(since);
        self.meter.total.fetch_add(n as u64, Ordering::Relaxed);
        let seen = buffer.get(..n).unwrap_or_default();
        let ends = seen.iter().filter(|byte| **byte == b'\n').count();
        self.meter.lines.set(self.meter.lines.get() + ends as u64);
        // One buffer may reach back before the mark.
        if since > MAX_ROW_BYTES + BUFFER_BYTES as u64 {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                format!("a single row is longer than {} MiB", MAX_ROW_BYTES >> 20),
            ));
        }
        Ok(n)
    }
}

/// Opens a file.
pub(crate) fn open(path: &Path, meter: &Meter) -> Result<Bytes, InteropError> {
    let io = |error: std::io::Error| InteropError::io(path, &error);
    if fs_err::metadata(path).map_err(io)?.is_dir() {
        return Err(InteropError::Io {
            path: path.to_owned(),
            reason: "it is a folder; hint: name the files in it".to_owned(),
        });
    }
    Ok(BufReader::with_capacity(
        BUFFER_BYTES,
        Metered {
            inner: fs_err::File::open(path).map_err(io)?,
            meter: meter.clone(),
        },
    ))
}

/// The first bytes of a file, without a byte order mark, which is skipped.
pub(crate) fn start_of<'a>(bytes: &'a mut Bytes, path: &Path) -> Result<&'a [u8], InteropError> {
    let io = |error: std::io::Error| InteropError::io(path, &error);
    if bytes.fill_buf().map_err(io)?.starts_with(b"\xEF\xBB\xBF") {
        bytes.consume(3);
    }
    bytes.fill_buf().map_err(io)
}

/// Refuses packings and encodings that no reader here knows.
pub(crate) fn refuse_foreign(start: &[u8], path: &Path) -> Result<(), InteropError> {
    let known: [(&[u8], &str, &str); 6] = [
        (b"\x1f\x8b", "it is compressed by gzip", "unpack it first"),
        (
            b"\x28\xb5\x2f\xfd",
            "it is compressed by Zstandard",
            "unpack it first",
        ),
        (b"\xff\xfe", "it is UTF-16", "save it as UTF-8"),
        (b"\xfe\xff", "it is UTF-16", "save it as UTF-8"),
        (
            b"SQLite format 3",
            "it is an SQLite database",
            "export the results from the tool that wrote it",
        ),
        (b"\x7fELF", "it is a program", "name a file of results"),
    ];
    match known.iter().find(|(magic, _, _)| start.starts_with(magic)) {
        Some((_, reason, hint)) => Err(InteropError::Unrecognised {
            path: path.to_owned(),
            reason: (*reason).to_owned(),
            hint: (*hint).to_owned(),
        }),
        None => Ok(()),
    }
}
