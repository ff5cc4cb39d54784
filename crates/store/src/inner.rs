//! What all parts of a store share: its connections, locks and faults.
//!
//! Reading needs no lock and may go on beside a writing process; whatever writes takes the writer
//! lock first and keeps it as long as the store is open.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{RecordError, StoreError};
use crate::journal::Journal;
use crate::place::{Place, WriterLock};

/// How long SQLite waits for another connection's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle connections kept for reuse.
const MAX_IDLE: usize = 2;
const PAGE_BYTES: u64 = 4_096;

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

/// Opens a connection to a file that exists.
pub(crate) fn connect(place: &Place, options: StoreOptions) -> Result<Connection, StoreError> {
    let sql = |error: rusqlite::Error| StoreError::from_sqlite(&place.db, &error);
    // Without CREATE: the file exists, with the mode that `Place::create` gave it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(&place.db, flags).map_err(sql)?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(sql)?;
    conn.set_prepared_statement_cache_capacity(32);
    conn.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; \
         PRAGMA cache_size = -2000; PRAGMA wal_autocheckpoint = 4000; \
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
    /// Wraps the first connection to a store that is ready.
    pub(crate) fn new(place: Place, options: StoreOptions, conn: Connection) -> Self {
        Self {
            journal: Mutex::new(Journal::new(&place)),
            place,
            options,
            lock: Mutex::new(None),
            idle: Mutex::new(vec![conn]),
            epoch: AtomicU64::new(0),
        }
    }

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

    fn with_connection<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let idle = hold(&self.idle).pop();
        let mut conn = match idle {
            Some(conn) => conn,
            None => self.connect()?,
        };
        let done = work(&mut conn).map_err(|fault| self.tell(fault));
        let mut idle = hold(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push(conn);
        }
        done
    }

    fn with<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.with_connection(|conn| {
            let tx = conn.transaction_with_behavior(behavior)?;
            let value = work(&tx)?;
            tx.commit()?;
            Ok(value)
        })
    }

    /// Runs a single statement, which needs no transaction around it.
    pub(crate) fn peek<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.with_connection(|conn| work(conn))
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

    /// Writes in one transaction that may touch many pages, and gives back the memory that held
    /// them: what is done next needs other pages.
    pub(crate) fn write_much<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let value = self.write(work)?;
        // The connection used last is the next one taken.
        self.peek(|conn| Ok(conn.execute_batch("PRAGMA shrink_memory")?))?;
        Ok(value)
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
