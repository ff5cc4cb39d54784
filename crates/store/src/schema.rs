//! Tables, their versions, and the way from one version to the next.
//!
//! Column types are those that SQLite and PostgreSQL share (BIGINT, DOUBLE PRECISION, TEXT, BLOB
//! = BYTEA), placeholders are `$1` in order of first use, time is microseconds since 1970-01-01
//! UTC, money is nano-dollars. `INTEGER PRIMARY KEY` (SQLite's row id) and `WITHOUT ROWID` are the
//! only dialect words. Queries that run once per trial neither join nor sort: this SQLite (built
//! with STAT4) compiles such a statement anew at every execution. Texts of models are BLOB: they may hold NUL, which PostgreSQL's TEXT
//! refuses. Packed columns (`facts`, `rest`, `detail`) are laid out in `codec`.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::StoreError;
use crate::place::Place;

/// Newest schema known to this program.
pub(crate) const VERSION: i64 = 7;

/// "TRLM": marks the file as ours (`PRAGMA application_id`).
const APPLICATION_ID: i64 = 0x5452_4c4d;

/// One entry per version: what brings a store from the version before to this one.
const MIGRATIONS: [&str; 7] = [V1, V2, V3, V4, V5, V6, V7];

const V1: &str = "
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
) WITHOUT ROWID;

-- Byte strings that occur again and again: served models, fingerprints, shapes of usage objects.
CREATE TABLE word (
    word_no INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
);

CREATE TABLE golden_set (
    golden_no INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE,
    n_items BIGINT NOT NULL
);
CREATE TABLE golden_item (
    golden_no BIGINT NOT NULL,
    position BIGINT NOT NULL,
    item_id TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (golden_no, position)
);
CREATE INDEX golden_item_by_id ON golden_item (golden_no, item_id);

CREATE TABLE scorer (
    scorer_no INTEGER PRIMARY KEY,
    label TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    UNIQUE (label, fingerprint)
);
CREATE TABLE score_set (
    set_no INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE,
    body TEXT NOT NULL
);

CREATE TABLE run (
    run_no INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL,
    created_us BIGINT NOT NULL,
    completed_us BIGINT,
    trilemma_version TEXT NOT NULL,
    project TEXT NOT NULL,
    golden BLOB NOT NULL,
    n_candidates BIGINT NOT NULL,
    n_items BIGINT NOT NULL,
    repeats BIGINT NOT NULL,
    set_no BIGINT NOT NULL,
    manifest TEXT NOT NULL
);

-- state: 0 under way (failed attempts only), 1 answered, 2 failed.
-- origin: 0 called, 1 repeated, 2 replayed (replay_of: word), 3 imported.
-- request: the leading 8 bytes of its hash, indexed, and the other 24.
CREATE TABLE trial (
    trial_id INTEGER PRIMARY KEY,
    run_no BIGINT NOT NULL,
    candidate_idx BIGINT NOT NULL,
    item_idx BIGINT NOT NULL,
    repeat_idx BIGINT NOT NULL,
    state BIGINT NOT NULL,
    session BIGINT NOT NULL,
    origin BIGINT NOT NULL,
    replay_of BIGINT,
    request_lead BIGINT NOT NULL,
    request_rest BLOB NOT NULL,
    cost BIGINT,
    n_unpriced BIGINT NOT NULL,
    n_attempts BIGINT NOT NULL,
    price_row BIGINT,
    facts BLOB NOT NULL
);
CREATE UNIQUE INDEX trial_by_key ON trial (run_no, candidate_idx, item_idx, repeat_idx);
CREATE INDEX trial_by_request ON trial (request_lead) WHERE state = 1 AND origin <= 1;

CREATE TABLE answer (
    trial_id INTEGER PRIMARY KEY,
    text BLOB NOT NULL,
    rest BLOB NOT NULL
);

-- Every attempt but the one that brought the answer, which is in trial.facts.
CREATE TABLE attempt (
    trial_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    session BIGINT NOT NULL,
    said_number BIGINT NOT NULL,
    started_us BIGINT NOT NULL,
    status BIGINT,
    cost BIGINT,
    detail BLOB NOT NULL,
    PRIMARY KEY (trial_id, number)
) WITHOUT ROWID;
CREATE TABLE raw_body (
    trial_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (trial_id, number)
);

-- kind: 0 scored, 1 not applicable, 2 failed.
CREATE TABLE score (
    trial_id BIGINT NOT NULL,
    scorer_no BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    value DOUBLE PRECISION,
    note BLOB,
    cost BIGINT,
    PRIMARY KEY (trial_id, scorer_no)
) WITHOUT ROWID;

CREATE TABLE schema_version (version BIGINT NOT NULL);
INSERT INTO schema_version (version) VALUES (1);
";

/// Calls of judges, one by one.
const V2: &str = "
-- One settled call: seat = judge, round and order. state, origin and request as of a trial.
CREATE TABLE judgement (
    judgement_id INTEGER PRIMARY KEY,
    trial_id BIGINT NOT NULL,
    scorer_no BIGINT NOT NULL,
    seat BIGINT NOT NULL,
    session BIGINT NOT NULL,
    state BIGINT NOT NULL,
    origin BIGINT NOT NULL,
    request_lead BIGINT NOT NULL,
    request_rest BLOB NOT NULL,
    cost BIGINT,
    n_unpriced BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX judgement_by_key ON judgement (trial_id, scorer_no, seat);
CREATE INDEX judgement_by_request ON judgement (request_lead) WHERE state = 1 AND origin <= 1;

-- Every HTTP call, also of judgements that were never settled.
CREATE TABLE judge_attempt (
    trial_id BIGINT NOT NULL,
    scorer_no BIGINT NOT NULL,
    seat BIGINT NOT NULL,
    number BIGINT NOT NULL,
    session BIGINT NOT NULL,
    said_number BIGINT NOT NULL,
    started_us BIGINT NOT NULL,
    status BIGINT,
    cost BIGINT,
    detail BLOB NOT NULL,
    raw BLOB,
    PRIMARY KEY (trial_id, scorer_no, seat, number)
) WITHOUT ROWID;
";

/// What people say of answers.
const V3: &str = "
-- The items that labels stand for, each in its stratum. place: turn in the queue, NULL = not drawn.
CREATE TABLE review_item (
    run_no BIGINT NOT NULL,
    item_idx BIGINT NOT NULL,
    stratum TEXT NOT NULL,
    place BIGINT,
    PRIMARY KEY (run_no, item_idx)
) WITHOUT ROWID;

-- word: 0 fails, 1 passes, 2 skipped.
CREATE TABLE review_label (
    trial_id BIGINT NOT NULL,
    reviewer TEXT NOT NULL,
    word BIGINT NOT NULL,
    note BLOB,
    labelled_us BIGINT NOT NULL,
    PRIMARY KEY (trial_id, reviewer)
) WITHOUT ROWID;
";

/// Load tests.
const V4: &str = "
CREATE TABLE load_test (
    test_no INTEGER PRIMARY KEY,
    test_id TEXT NOT NULL UNIQUE,
    created_us BIGINT NOT NULL,
    plan TEXT NOT NULL
);
-- ending: NULL = the stage was cut off.
CREATE TABLE load_stage (
    test_no BIGINT NOT NULL,
    stage_idx BIGINT NOT NULL,
    plan TEXT NOT NULL,
    ending TEXT,
    PRIMARY KEY (test_no, stage_idx)
) WITHOUT ROWID;
-- Samples in the order in which they ended, some thousand to a row.
CREATE TABLE load_batch (
    batch_no INTEGER PRIMARY KEY,
    test_no BIGINT NOT NULL,
    stage_idx BIGINT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX load_batch_by_stage ON load_batch (test_no, stage_idx);
";

/// Token counts may carry sound, pictures and searches (a second mask in `codec`): no table changes,
/// but a program that does not know them must not read such a store.
const V5: &str = "";

/// What drift checks found.
const V6: &str = "
-- purpose: 0 a benchmark, 1 the baseline of drift checks, 2 a drift check.
ALTER TABLE run ADD COLUMN purpose BIGINT NOT NULL DEFAULT 0;

CREATE TABLE drift_look (
    baseline TEXT NOT NULL,
    number BIGINT NOT NULL,
    check_run TEXT NOT NULL,
    checked_us BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (baseline, number)
) WITHOUT ROWID;

-- state: 0 about to be sent, 1 sent.
CREATE TABLE drift_message (
    message TEXT PRIMARY KEY,
    state BIGINT NOT NULL
) WITHOUT ROWID;
";

/// Vectors of texts.
const V7: &str = "
-- model, text: hashes. is_over: 0 begun, 1 ended.
CREATE TABLE embedding_call (
    call_no INTEGER PRIMARY KEY,
    model BLOB NOT NULL,
    started_us BIGINT NOT NULL,
    n_texts BIGINT NOT NULL,
    n_chars BIGINT NOT NULL,
    is_over BIGINT NOT NULL DEFAULT 0,
    took_us BIGINT,
    input_tokens BIGINT,
    cost BIGINT,
    served BLOB,
    failure BLOB
);
CREATE INDEX embedding_call_by_model ON embedding_call (model, call_no);
-- vector: numbers of four bytes, the lowest first.
CREATE TABLE embedding (
    embedding_no INTEGER PRIMARY KEY,
    model BLOB NOT NULL,
    text BLOB NOT NULL,
    call_no BIGINT NOT NULL,
    vector BLOB NOT NULL
);
CREATE UNIQUE INDEX embedding_by_text ON embedding (model, text);
";

/// What the schema of an opened file asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Nothing.
    Ready,
    /// Creation or migration from this version.
    Behind(i64),
}

/// Looks at an opened file without changing it.
///
/// # Errors
/// [`StoreError::NotAStore`] for anything that is neither empty nor ours,
/// [`StoreError::NewerSchema`] for a store of a newer program.
pub(crate) fn inspect(conn: &Connection, place: &Place) -> Result<Readiness, StoreError> {
    let sql = |error: rusqlite::Error| StoreError::from_sqlite(&place.db, &error);
    let n_objects: i64 = conn
        .query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get(0))
        .map_err(sql)?;
    if n_objects == 0 {
        return Ok(Readiness::Behind(0));
    }
    let application: i64 = conn
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(sql)?;
    if application != APPLICATION_ID {
        return Err(StoreError::NotAStore {
            path: place.db.clone(),
            reason: "it is a database of another program".to_owned(),
        });
    }
    let found: i64 = conn
        .query_row("SELECT MAX(version) FROM schema_version", [], |row| {
            row.get(0)
        })
        .optional()
        .map_err(sql)?
        .unwrap_or(0);
    match found {
        VERSION => Ok(Readiness::Ready),
        older if older < VERSION => Ok(Readiness::Behind(older)),
        newer => Err(StoreError::NewerSchema {
            path: place.db.clone(),
            found: newer,
            known: VERSION,
        }),
    }
}

/// Brings the file to [`VERSION`] in one transaction; the caller holds the writer lock.
pub(crate) fn migrate(conn: &mut Connection, place: &Place) -> Result<(), StoreError> {
    let sql = |error: rusqlite::Error| StoreError::from_sqlite(&place.db, &error);
    // Another process may have done it between our look and our lock.
    let Readiness::Behind(from) = inspect(conn, place)? else {
        return Ok(());
    };
    if from == 0 {
        conn.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;")
            .map_err(sql)?;
    }
    let tx = conn
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(sql)?;
    let skip = usize::try_from(from).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(skip) {
        tx.execute_batch(migration).map_err(sql)?;
    }
    tx.execute("UPDATE schema_version SET version = $1", [VERSION])
        .map_err(sql)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(sql)?;
    tx.commit().map_err(sql)
}
