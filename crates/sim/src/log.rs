//! What was asked and what was written, with stamps.
//!
//! In: finished calls. Out: records in memory, and lines of JSON in a file. A stamp of a write is
//! taken just before its first byte is handed to the socket, so on one machine no client can have
//! seen the bytes earlier.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use trilemma_domain::{Dialect, Fingerprint, ItemId};

use crate::clock;
use crate::error::SimError;
use crate::scenario::FaultKind;

/// What is logged, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOptions {
    /// Whether finished calls are kept in memory for [`CallLog::records`].
    pub in_memory: bool,
    /// Whether each chunk's stamp is kept; 24 bytes each.
    pub chunk_stamps: bool,
    /// A file that each finished call is appended to as one line of JSON, at once; replaced if it
    /// exists.
    pub file: Option<PathBuf>,
}

impl Default for LogOptions {
    /// In memory, with the stamps of chunks, without a file.
    fn default() -> Self {
        Self {
            in_memory: true,
            chunk_stamps: true,
            file: None,
        }
    }
}

/// What a chunk carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChunkKind {
    /// Events before any content.
    Start,
    /// Reasoning.
    Reasoning,
    /// Visible text, also that of a refusal.
    Text,
    /// A call of a tool.
    ToolCall,
    /// Finish reason, usage, terminal event.
    End,
    /// A whole body, or a piece of one that is no event (broken on purpose).
    Body,
    /// An error event.
    Error,
}

/// When a chunk was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkStamp {
    /// What it carries.
    pub kind: ChunkKind,
    /// Just before its first byte was handed to the socket.
    pub written: Instant,
}

/// Why a call was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The scenario's rate limits.
    RateLimit,
    /// A missing or wrong key.
    Auth,
    /// A model that the scenario does not have.
    UnknownModel,
    /// A prompt to which there is no answer.
    UnknownPrompt,
    /// A body that is not the dialect's.
    BadRequest,
}

/// What a call was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// The model's answer.
    Answered,
    /// A fault of the scenario.
    Fault(FaultKind),
    /// An error that the request itself led to.
    Rejected(RejectReason),
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Everything meant to be written was handed to the socket.
    Complete,
    /// The connection was closed on purpose.
    CutByServer,
    /// The client or the server's shutdown closed it before the end.
    Dropped,
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    /// Order of arrival among the calls of all models, from 0.
    pub seq: u64,
    /// The language it came in.
    pub dialect: Dialect,
    /// The model it asked for; empty where the body could not be read.
    pub model: Arc<str>,
    /// Whether it asked for a stream.
    pub stream: bool,
    /// The item of the golden set that its prompt joins to.
    pub item: Option<ItemId>,
    /// SHA-256 of the last user message, white space at both ends aside.
    pub prompt: Fingerprint,
    /// How manieth call of this model with this prompt it is, from 1.
    pub nth: u32,
    /// What it was answered with.
    pub outcome: CallOutcome,
    /// HTTP status; `None` = none was written.
    pub status: Option<u16>,
    /// When its last byte had been read from the socket.
    pub arrived: Instant,
    /// Just before the first byte of the response was handed to the socket.
    pub head: Option<Instant>,
    /// Chunks of the body in order; empty when their stamps are not kept.
    pub chunks: Vec<ChunkStamp>,
    /// How many chunks were written.
    pub n_chunks: u32,
    /// When the last byte had been handed to the socket, or the connection was closed.
    pub ended_at: Instant,
    /// How it ended.
    pub ended: Ended,
}

impl CallRecord {
    /// From arrival to the first chunk with visible text; `None` without stamps or such a chunk.
    #[must_use]
    pub fn first_text_after(&self) -> Option<Duration> {
        self.chunks
            .iter()
            .find(|chunk| chunk.kind == ChunkKind::Text)
            .map(|chunk| chunk.written.duration_since(self.arrived))
    }

    /// Stamps of the chunks with visible text, in order.
    pub fn text_stamps(&self) -> impl Iterator<Item = Instant> + '_ {
        self.chunks
            .iter()
            .filter(|chunk| chunk.kind == ChunkKind::Text)
            .map(|chunk| chunk.written)
    }
}

/// A handle on what a simulator has logged; clones share it.
#[derive(Debug, Clone)]
pub struct CallLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    in_memory: bool,
    chunk_stamps: bool,
    file: Option<Mutex<fs_err::File>>,
    file_failed: AtomicU64,
    records: Mutex<Vec<CallRecord>>,
    n_ended: AtomicU64,
    started: Instant,
}

impl CallLog {
    /// Opens a log.
    pub(crate) fn open(options: &LogOptions) -> Result<Self, SimError> {
        let file = match &options.file {
            None => None,
            Some(path) => {
                let mut file = fs_err::File::create(path.clone())?;
                let started_unix_us = clock::unix_us();
                writeln!(
                    file,
                    r#"{{"schema_version":1,"kind":"trilemma-sim-log","started_unix_us":{started_unix_us}}}"#
                )?;
                Some(Mutex::new(file))
            }
        };
        Ok(Self(Arc::new(Inner {
            in_memory: options.in_memory,
            chunk_stamps: options.chunk_stamps,
            file,
            file_failed: AtomicU64::new(0),
            records: Mutex::new(Vec::new()),
            n_ended: AtomicU64::new(0),
            started: Instant::now(),
        })))
    }

    /// Number of calls that have ended.
    #[must_use]
    pub fn n_ended(&self) -> u64 {
        self.0.n_ended.load(Ordering::Acquire)
    }

    /// Number of lines that could not be written to the file.
    #[must_use]
    pub fn n_lines_lost(&self) -> u64 {
        self.0.file_failed.load(Ordering::Acquire)
    }

    /// When the log was opened; stamps in the file count from here.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.0.started
    }

    /// The calls that have ended, in the order in which they ended; empty when they are not kept.
    #[must_use]
    pub fn records(&self) -> Vec<CallRecord> {
        self.lock().clone()
    }

    /// Takes the calls out of memory.
    #[must_use]
    pub fn take(&self) -> Vec<CallRecord> {
        std::mem::take(&mut *self.lock())
    }

    /// Whether the stamps of chunks are kept.
    pub(crate) fn keeps_chunks(&self) -> bool {
        self.0.chunk_stamps
    }

    /// Adds a call that has ended.
    pub(crate) fn push(&self, record: CallRecord) {
        if let Some(file) = &self.0.file {
            let mut line =
                serde_json::to_vec(&Line::new(&record, self.0.started)).unwrap_or_default();
            line.push(b'\n');
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            if file.write_all(&line).is_err() {
                self.0.file_failed.fetch_add(1, Ordering::AcqRel);
            }
        }
        if self.0.in_memory {
            self.lock().push(record);
        }
        self.0.n_ended.fetch_add(1, Ordering::AcqRel);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<CallRecord>> {
        self.0
            .records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line of the file; microseconds count from the opening of the log.
#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    dialect: Dialect,
    model: &'a str,
    stream: bool,
    item: Option<&'a ItemId>,
    prompt: Fingerprint,
    nth: u32,
    outcome: CallOutcome,
    status: Option<u16>,
    arrived_us: u64,
    head_us: Option<u64>,
    chunks: Vec<(ChunkKind, u64)>,
    n_chunks: u32,
    ended_us: u64,
    ended: Ended,
}

impl<'a> Line<'a> {
    fn new(record: &'a CallRecord, started: Instant) -> Self {
        let us = |stamp: Instant| {
            u64::try_from(stamp.saturating_duration_since(started).as_micros()).unwrap_or(u64::MAX)
        };
        Self {
            seq: record.seq,
            dialect: record.dialect,
            model: &record.model,
            stream: record.stream,
            item: record.item.as_ref(),
            prompt: record.prompt,
            nth: record.nth,
            outcome: record.outcome,
            status: record.status,
            arrived_us: us(record.arrived),
            head_us: record.head.map(us),
            chunks: record
                .chunks
                .iter()
                .map(|chunk| (chunk.kind, us(chunk.written)))
                .collect(),
            n_chunks: record.n_chunks,
            ended_us: us(record.ended_at),
            ended: record.ended,
        }
    }
}
