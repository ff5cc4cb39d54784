//! Opening a ledger, and the handle by which a gateway writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;
use trilemma_domain::NanoUsd;

use super::queue::{Queue, Sender};
use super::record::{Evidence, Feedback, LedgerRow, RequestId};
use super::schema::{self, Kind};
use super::thread::{Keeper, Message};
use crate::error::StoreError;
use crate::inner::{StoreOptions, connect};
use crate::place::{Place, WriterLock};

/// Rows that may wait before evidence is left out.
const SOFT_DEPTH: usize = 16_384;
/// Rows that may wait before no request should be taken in.
const HARD_DEPTH: usize = 65_536;

/// A ledger's file, open for reading.
#[derive(Debug)]
pub struct LedgerFile {
    pub(super) place: Place,
    pub(super) conn: Connection,
}

/// A running session's handle; cheap to clone.
#[derive(Debug, Clone)]
pub struct Ledger {
    sender: Arc<Sender>,
    session: i64,
    next: Arc<AtomicI64>,
    gauge: Arc<Gauge>,
}

/// How full the queue is, and what was left out.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    pub(super) depth: AtomicUsize,
    pub(super) n_dropped: AtomicU64,
    pub(super) n_failed_commits: AtomicU64,
}

/// Ends a session when asked to.
#[derive(Debug)]
pub struct Session {
    thread: JoinHandle<Result<(), StoreError>>,
    sender: Arc<Sender>,
    _lock: WriterLock,
}

impl LedgerFile {
    /// Opens the ledger at `path`; creates it, and its folder, where they are missing.
    ///
    /// # Errors
    /// As opening a store: not writable, not ours, newer, damaged.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let place = Place::of(path);
        place.create()?;
        place.check_head()?;
        let mut conn = connect(&place, StoreOptions::default())?;
        let sql = |error: rusqlite::Error| StoreError::from_sqlite(&place.db, &error);
        match schema::inspect(&conn).map_err(sql)? {
            Kind::Ready => {}
            Kind::New => {
                let _lock = place.lock()?;
                schema::create(&mut conn).map_err(sql)?;
            }
            Kind::Newer(version) => {
                return Err(StoreError::NotAStore {
                    path: place.db,
                    reason: format!(
                        "it is a ledger of version {version}, which this trilemma does not read"
                    ),
                });
            }
            Kind::Foreign => {
                return Err(StoreError::NotAStore {
                    path: place.db,
                    reason: "it is no ledger".to_owned(),
                });
            }
        }
        Ok(Self { place, conn })
    }

    /// Opens the ledger at `path` if there is one.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none; else as [`LedgerFile::open`].
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if path.is_file() {
            Self::open(path)
        } else {
            Err(StoreError::Missing {
                path: path.to_owned(),
            })
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.place.db.clone()
    }

    /// Begins a session: from now on this process writes.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process does.
    pub fn begin(self, now_us: i64) -> Result<(Ledger, Session), StoreError> {
        let lock = self.place.lock()?;
        let sql = |error: rusqlite::Error| StoreError::from_sqlite(&self.place.db, &error);
        schema::bound(&self.conn).map_err(sql)?;
        schema::with_notes(&self.conn).map_err(sql)?;
        schema::with_words(&self.conn).map_err(sql)?;
        self.conn
            .execute("INSERT INTO sessions (started_us) VALUES (?1)", [now_us])
            .map_err(sql)?;
        let session = self.conn.last_insert_rowid();
        let queue = Arc::new(Queue::default());
        let sender = Sender::new(&queue);
        let gauge = Arc::new(Gauge::default());
        let keeper = Keeper::new(self.conn, session, Arc::clone(&gauge));
        let path = self.place.db.clone();
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || keeper.run(&queue, &path))
            .map_err(|error| StoreError::from_io(&self.place.db, &error))?;
        let ledger = Ledger {
            sender: Arc::clone(&sender),
            session,
            next: Arc::new(AtomicI64::new(1)),
            gauge,
        };
        let session = Session {
            thread,
            sender,
            _lock: lock,
        };
        Ok((ledger, session))
    }
}

impl Ledger {
    /// Gives the next request its name.
    #[must_use]
    pub fn next_id(&self) -> RequestId {
        RequestId {
            session: self.session,
            number: self.next.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Whether so much waits to be committed that no request should be taken in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.gauge.depth.load(Ordering::Relaxed) >= HARD_DEPTH
    }

    /// Rows that wait to be committed.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.gauge.depth.load(Ordering::Relaxed)
    }

    /// Requests whose evidence was left out so far.
    #[must_use]
    pub fn n_dropped(&self) -> u64 {
        self.gauge.n_dropped.load(Ordering::Relaxed)
    }

    /// Commits that failed and were tried again.
    #[must_use]
    pub fn n_failed_commits(&self) -> u64 {
        self.gauge.n_failed_commits.load(Ordering::Relaxed)
    }

    /// Writes a request's row soon; `charged` is what counts against budgets. Never waits.
    pub fn record(&self, row: LedgerRow, charged: NanoUsd, evidence: Evidence) {
        let depth = self.gauge.depth.fetch_add(1, Ordering::Relaxed);
        let evidence = if depth < SOFT_DEPTH {
            Some(Box::new(evidence))
        } else {
            self.gauge.n_dropped.fetch_add(1, Ordering::Relaxed);
            None
        };
        let message = Message::Request {
            row: Box::new(row),
            charged,
            evidence,
        };
        self.sender.send(message);
    }

    /// Takes a block of a budget to disk; it may be spent once this returns.
    ///
    /// # Errors
    /// Why it could not be committed.
    pub async fn lease(&self, client: &str, day: i64, amount: NanoUsd) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let message = Message::Lease {
            client: client.to_owned(),
            day,
            amount,
            answer,
        };
        self.sender.send(message);
        answered.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Keeps a text under a name soon, in the place of what stood there. Never waits.
    pub fn note(&self, name: &'static str, text: String) {
        self.sender.send(Message::Note { name, text });
    }

    /// Keeps what a client says of the answer to a request of its own, in the place of what it said before; false =
    /// there is no such request, or it is another's. Waits until it is committed.
    ///
    /// # Errors
    /// Why it could not be committed.
    pub async fn feedback(&self, word: Feedback) -> Result<bool, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.sender.send(Message::Feedback { word, answer });
        answered.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Keeps what scorers say of the answer to a request soon: name and score in [0, 1]. Never waits.
    pub fn scored(&self, id: RequestId, scores: Vec<(String, f64)>) {
        self.sender.send(Message::Scores { id, scores });
    }

    /// Waits until everything recorded so far is committed.
    ///
    /// # Errors
    /// Why it could not be.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.sender.send(Message::Flush(answer));
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Session {
    /// Commits what waits and marks the session as ended, so that its leases no longer count.
    ///
    /// # Errors
    /// [`StoreError::RowsLost`] when nothing could be written for some seconds.
    pub fn end(self, now_us: i64) -> Result<(), StoreError> {
        self.sender.send(Message::End(now_us));
        self.thread.join().unwrap_or_else(|_| Err(ended()))
    }
}

fn ended() -> StoreError {
    StoreError::Other {
        path: PathBuf::new(),
        reason: "the ledger has been closed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_full_disk_the_session_ends_and_says_what_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.db");
        let file = LedgerFile::open(&path).unwrap();
        let (ledger, session) = file.begin(1).unwrap();
        session.end(2).unwrap();
        drop(ledger);
        let file = LedgerFile::open(&path).unwrap();
        let n_pages: i64 = file
            .conn
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        file.conn
            .pragma_update_and_check(None, "max_page_count", n_pages, |_| Ok(()))
            .unwrap();
        let (ledger, session) = file.begin(3).unwrap();
        const N: usize = 300;
        for _ in 0..N {
            let row = LedgerRow {
                id: ledger.next_id(),
                at_us: 4,
                client: "c".repeat(1_000),
                candidate: "m".to_owned(),
                requested: "m".to_owned(),
                served: None,
                usage: None,
                raw_usage: None,
                cost: Some(NanoUsd(5)),
                is_estimated: false,
            };
            ledger.record(row, NanoUsd(5), Evidence::default());
        }
        let error = session.end(6).unwrap_err();
        assert!(ledger.n_failed_commits() > 0);
        let mut n_kept = 0;
        let file = LedgerFile::open_existing(&path).unwrap();
        file.entries(0, &mut |_| n_kept += 1).unwrap();
        let StoreError::RowsLost { n, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(n + n_kept, N);
        assert!(*n > 0 && error.to_string().contains("disk"), "{error}");
        // What is lost is covered by the leases of a session that did not end.
        assert_eq!(file.crashed().unwrap().len(), 1);
    }
}
