//! Registered score sets and the numbers of their scorers.
//!
//! A scorer is registered once per label and fingerprint, so that several sets share its scores.

use rusqlite::{Connection, params};
use trilemma_domain::Fingerprint;

use crate::error::RecordError;
use crate::inner::{Fault, sound};
use crate::score_set::ScoreSet;

/// Finds or adds a set and its scorers; gives the set's number.
pub(crate) fn register(tx: &Connection, set: &ScoreSet) -> Result<i64, Fault> {
    let print = set.fingerprint();
    for scorer in &set.scorers {
        tx.execute(
            "INSERT INTO scorer (scorer_no, label, fingerprint) \
             VALUES ((SELECT COALESCE(MAX(scorer_no), 0) + 1 FROM scorer), $1, $2) \
             ON CONFLICT (label, fingerprint) DO NOTHING",
            params![scorer.spec.label, scorer.fingerprint.as_bytes()],
        )?;
    }
    let body = serde_json::to_string(set).map_err(|_| Fault::Damage("a score set has no JSON"))?;
    tx.execute(
        "INSERT INTO score_set (set_no, fingerprint, body) \
         VALUES ((SELECT COALESCE(MAX(set_no), 0) + 1 FROM score_set), $1, $2) \
         ON CONFLICT (fingerprint) DO NOTHING",
        params![print.as_bytes(), body],
    )?;
    Ok(set_no(tx, &print)?)
}

fn set_no(conn: &Connection, print: &Fingerprint) -> rusqlite::Result<i64> {
    conn.query_row(
        "SELECT set_no FROM score_set WHERE fingerprint = $1",
        [print.as_bytes()],
        |row| row.get(0),
    )
}

/// Reads a registered set.
pub(crate) fn set_by_no(conn: &Connection, set_no: i64) -> Result<ScoreSet, Fault> {
    let body: String = conn.query_row(
        "SELECT body FROM score_set WHERE set_no = $1",
        [set_no],
        |row| row.get(0),
    )?;
    sound(
        serde_json::from_str(&body).ok(),
        "a score set cannot be read",
    )
}

/// Finds a registered set by its fingerprint.
pub(crate) fn set_by_print(conn: &Connection, print: &Fingerprint) -> Result<ScoreSet, Fault> {
    match set_no(conn, print) {
        Ok(number) => set_by_no(conn, number),
        Err(rusqlite::Error::QueryReturnedNoRows) => {
            Err(RecordError::UnknownScoreSet(*print).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Numbers of a set's scorers, in its order.
pub(crate) fn scorer_numbers(conn: &Connection, set: &ScoreSet) -> Result<Vec<i64>, Fault> {
    let mut statement =
        conn.prepare_cached("SELECT scorer_no FROM scorer WHERE label = $1 AND fingerprint = $2")?;
    let numbers = set.scorers.iter().map(|scorer| {
        statement.query_row(
            params![scorer.spec.label, scorer.fingerprint.as_bytes()],
            |row| row.get(0),
        )
    });
    Ok(numbers.collect::<Result<_, _>>()?)
}
