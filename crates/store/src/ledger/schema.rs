//! The tables of a ledger.
//!
//! `charged` is what counts against a budget, whether or not a price is known. Days are days since
//! 1970-01-01 UTC, so that a period is a range of them.

use rusqlite::Connection;

/// Tells our files apart from other databases (`application_id`), "trlg".
const APPLICATION: i64 = 0x7472_6c67;
/// Version of the tables (`user_version`).
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    started_us INTEGER NOT NULL,
    -- NULL = running, or it died.
    ended_us INTEGER,
    -- When somebody said that a dead session cost no more than it recorded.
    reconciled_us INTEGER
) STRICT;
CREATE TABLE leases (
    session INTEGER NOT NULL,
    client TEXT NOT NULL,
    day INTEGER NOT NULL,
    nano INTEGER NOT NULL
) STRICT;
CREATE INDEX leases_of ON leases (client, day);
CREATE TABLE requests (
    session INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    day INTEGER NOT NULL,
    client TEXT NOT NULL,
    candidate TEXT NOT NULL,
    requested TEXT NOT NULL,
    served TEXT,
    input INTEGER,
    cache_read INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    output INTEGER,
    reasoning INTEGER,
    raw_usage TEXT,
    cost INTEGER,
    charged INTEGER NOT NULL,
    is_estimated INTEGER NOT NULL,
    evidence TEXT,
    PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_day ON requests (day, client, charged);
";

/// Notes came later; who does not know them leaves them alone.
const NOTES: &str =
    "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT";

/// So did what clients say of answers.
const FEEDBACK: &str = "CREATE TABLE IF NOT EXISTS feedback (
    session INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID";

/// And what scorers say of them.
const SCORES: &str = "CREATE TABLE IF NOT EXISTS scores (
    session INTEGER NOT NULL,
    number INTEGER NOT NULL,
    scorer TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (session, number, scorer)
) STRICT, WITHOUT ROWID";

/// Makes room for notes, if there is none.
pub(super) fn with_notes(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute(NOTES, []).map(|_| ())
}

/// Makes room for what clients and scorers say, if there is none.
pub(super) fn with_words(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute(FEEDBACK, [])?;
    conn.execute(SCORES, []).map(|_| ())
}

/// Whether a file has a table that came later.
pub(super) fn has_table(conn: &Connection, name: &str) -> rusqlite::Result<bool> {
    conn.query_row(
        "SELECT count(*) > 0 FROM sqlite_schema WHERE name = ?1",
        [name],
        |row| row.get(0),
    )
}

/// Bytes that wait in the log beside the file before they are moved into it.
const LOG_BYTES: i64 = 16 << 20;

/// Bounds what a writing connection keeps in memory, and the log: a ledger is written at its end, so that few
/// pages are touched again.
pub(super) fn bound(conn: &Connection) -> rusqlite::Result<()> {
    let page_bytes: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
    conn.pragma_update(None, "cache_size", -512)?;
    let n_pages = LOG_BYTES / page_bytes.max(1);
    conn.pragma_update_and_check(None, "wal_autocheckpoint", n_pages, |_| Ok(()))
}

/// What a file turned out to be.
pub(super) enum Kind {
    /// Ours, in this version.
    Ready,
    /// Empty.
    New,
    /// Ours, of a later version.
    Newer(i64),
    /// Something else.
    Foreign,
}

pub(super) fn inspect(conn: &Connection) -> rusqlite::Result<Kind> {
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let n_tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (pragma("application_id")?, pragma("user_version")?) {
        (APPLICATION, VERSION) => Kind::Ready,
        (APPLICATION, version) => Kind::Newer(version),
        (0, 0) if n_tables == 0 => Kind::New,
        _ => Kind::Foreign,
    })
}

/// Bytes of a page. A row takes about a thousand, and SQLite writes each page by itself: four times its usual size
/// takes a quarter of the system calls.
const PAGE_BYTES: i64 = 16_384;

pub(super) fn create(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "page_size", PAGE_BYTES)?;
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    let tx = conn.transaction()?;
    tx.execute_batch(TABLES)?;
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()
}
