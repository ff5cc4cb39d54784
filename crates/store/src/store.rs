//! Opening a store, and the connections behind everything that reads or manages it.
//!
//! Reading needs no lock and may go on beside a writing process; whatever writes (runs, snapshots,
//! records) takes the writer lock first and holds it for the life of the [`Store`].

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{RecordError, StoreError};
use crate::journal::Journal;
use crate::place::{Place, WriterLock};
use crate::schema::{self, Readiness};
use crate::writer::{self, Writer};

/// How long SQLite waits for another connection's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections kept for reuse.
const MAX_IDLE: usize = 4;
const PAGE_BYTES: u64 = 4_096;

/// One store: an SQLite file and what lies beside it. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

/// How a store is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreOptions {
    /// Largest size of the database file in bytes; writing beyond it gives
    /// [`StoreError::DiskFull`]. `None` = as large as the disk.
    pub max_file_bytes: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) place: Place,
    options: StoreOptions,
    lock: Mutex<Option<WriterLock>>,
    idle: Mutex<Vec<Connection>>,
    pub(crate) journal: Mutex<Journal>,
    writer: Mutex<Weak<writer::Shared>>,
    /// Counts deletions, so that the writer forgets what it remembers of runs.
    pub(crate) epoch: AtomicU64,
}

/// What can go wrong inside, before it is told with the store's path.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(rusqlite::Error),
    Damage(&'static str),
    Store(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RecordError> for Fault {
    fn from(error: RecordError) -> Self {
        Self::Store(error.into())
    }
}

/// Says what is damaged where a packed column made no sense.
pub(crate) fn sound<T>(read: Option<T>, what: &'static str) -> Result<T, Fault> {
    read.ok_or(Fault::Damage(what))
}

/// Locks even where a panic of another thread has poisoned the lock: what these locks guard is
/// valid between any two statements.
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens the store in the file at `path`; creates it, and its folder, where they are missing.
    ///
    /// A new folder gets mode 0700 and a `.gitignore` of `*`, a new file mode 0600.
    ///
    /// # Errors
    /// [`StoreError::NotWritable`], [`StoreError::NotAStore`], [`StoreError::NewerSchema`],
    /// [`StoreError::Corrupt`]; [`StoreError::InUse`] only where the schema must change while
    /// another process writes.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, StoreOptions::default())
    }

    /// Opens the store in the file at `path` if there is one, for commands that only read.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none; else as [`Store::open`].
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if path.is_file() {
            Self::open(path)
        } else {
            Err(StoreError::Missing {
                path: path.to_owned(),
            })
        }
    }

    /// Opens the store in the file at `path` with options.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let place = Place::of(path);
        place.create()?;
        let mut conn = connect(&place, options)?;
        if schema::inspect(&conn, &place)? != Readiness::Ready {
            let _lock = lock_patiently(&place)?;
            schema::migrate(&mut conn, &place)?;
        }
        Ok(Self {
            inner: Arc::new(Inner {
                journal: Mutex::new(Journal::new(&place)),
                place,
                options,
                lock: Mutex::new(None),
                idle: Mutex::new(vec![conn]),
                writer: Mutex::new(Weak::new()),
                epoch: AtomicU64::new(0),
            }),
        })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.place.db
    }

    /// Starts the writer, or gives a further handle of the one that runs.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process writes to this store.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        let mut current = hold(&self.inner.writer);
        if let Some(shared) = current.upgrade() {
            return Ok(Writer { shared });
        }
        self.inner.ensure_lock()?;
        let shared = Arc::new(writer::start(&self.inner)?);
        *current = Arc::downgrade(&shared);
        Ok(Writer { shared })
    }
}

/// Another process that creates or migrates this store is done in a moment.
fn lock_patiently(place: &Place) -> Result<WriterLock, StoreError> {
    const TRIES: u32 = 50;
    const PAUSE: Duration = Duration::from_millis(100);
    for _ in 1..TRIES {
        match place.lock() {
            Err(StoreError::InUse { .. }) => std::thread::sleep(PAUSE),
            other => return other,
        }
    }
    place.lock()
}

fn connect(place: &Place, options: StoreOptions) -> Result<Connection, StoreError> {
    let sql = |error: rusqlite::Error| StoreError::from_sqlite(&place.db, &error);
    // Without CREATE: the file exists, with the mode that `Place::create` gave it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(&place.db, flags).map_err(sql)?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(sql)?;
    conn.set_prepared_statement_cache_capacity(32);
    conn.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; \
         PRAGMA cache_size = -6000; PRAGMA wal_autocheckpoint = 4000; \
         PRAGMA journal_size_limit = 33554432;",
    )
    .map_err(sql)?;
    if let Some(max_bytes) = options.max_file_bytes {
        let n_pages = i64::try_from(max_bytes / PAGE_BYTES).unwrap_or(i64::MAX);
        conn.pragma_update_and_check(None, "max_page_count", n_pages, |_| Ok(()))
            .map_err(sql)?;
    }
    Ok(conn)
}

impl Inner {
    /// Tells a fault with the store's path.
    pub(crate) fn tell(&self, fault: Fault) -> StoreError {
        let error = match fault {
            Fault::Store(error) => error,
            Fault::Sql(error) => StoreError::from_sqlite(&self.place.db, &error),
            Fault::Damage(what) => StoreError::Corrupt {
                path: self.place.db.clone(),
                reason: what.to_owned(),
            },
        };
        match error {
            StoreError::InUse { pid: None, .. } => self.place.in_use(),
            other => other,
        }
    }

    /// Takes the writer lock unless this store has it already.
    pub(crate) fn ensure_lock(&self) -> Result<(), StoreError> {
        let mut lock = hold(&self.lock);
        if lock.is_none() {
            *lock = Some(self.place.lock()?);
        }
        Ok(())
    }

    /// Opens a further connection.
    pub(crate) fn connect(&self) -> Result<Connection, StoreError> {
        connect(&self.place, self.options)
    }

    fn with<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let idle = hold(&self.idle).pop();
        let mut conn = match idle {
            Some(conn) => conn,
            None => self.connect()?,
        };
        let done = conn
            .transaction_with_behavior(behavior)
            .map_err(Fault::from)
            .and_then(|tx| {
                let value = work(&tx)?;
                tx.commit()?;
                Ok(value)
            })
            .map_err(|fault| self.tell(fault));
        let mut idle = hold(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push(conn);
        }
        done
    }

    /// Reads in one consistent snapshot.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.with(TransactionBehavior::Deferred, work)
    }

    /// Writes in one transaction, under the writer lock.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.ensure_lock()?;
        self.with(TransactionBehavior::Immediate, work)
    }

    /// Makes the writer forget what it remembers of runs and score sets.
    pub(crate) fn forget(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }
}

/// Draws the next value of a named counter, from 1; values are never given twice.
pub(crate) fn draw(tx: &Connection, name: &str) -> rusqlite::Result<i64> {
    tx.query_row(
        "INSERT INTO counter (name, value) VALUES ($1, 1) \
         ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        [name],
        |row| row.get(0),
    )
}
