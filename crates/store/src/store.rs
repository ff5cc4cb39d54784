//! Opening a store and starting its writer.
//!
//! In: a path. Out: a handle through which everything else is done. A store is created, migrated
//! or refused here; a file of something else is never changed.

use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use crate::error::StoreError;
use crate::inner::{Inner, StoreOptions, connect, hold};
use crate::place::{Place, WriterLock};
use crate::schema::{self, Readiness};
use crate::writer::{self, Writer};

/// One store: an SQLite file and what lies beside it. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    writer: Arc<Mutex<Weak<writer::Shared>>>,
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
        place.check_head()?;
        let mut conn = connect(&place, options)?;
        if schema::inspect(&conn, &place)? != Readiness::Ready {
            let _lock = lock_patiently(&place)?;
            schema::migrate(&mut conn, &place)?;
        }
        Ok(Self {
            inner: Arc::new(Inner::new(place, options, conn)),
            writer: Arc::default(),
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
        let mut current = hold(&self.writer);
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
