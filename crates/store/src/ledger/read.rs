//! What a ledger says.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, params};
use trilemma_domain::{NanoUsd, Usage, UsageSource};

use super::file::LedgerFile;
use super::record::{Evidence, LedgerRow, RequestId};
use super::schema;
use crate::error::StoreError;

/// A request as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerEntry {
    /// What it cost.
    pub row: LedgerRow,
    /// What counted against budgets.
    pub charged: NanoUsd,
    /// Why and how; `None` = left out under pressure.
    pub evidence: Option<Evidence>,
    /// What its client said of the answer last, in [0, 1]; `None` = nothing.
    pub feedback: Option<f64>,
    /// What scorers that need no expected answer said of it, by name, in [0, 1]; empty = nothing.
    pub scores: BTreeMap<String, f64>,
}

/// A session that ended without saying so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crashed {
    /// The session.
    pub session: i64,
    /// What it recorded.
    pub recorded: NanoUsd,
    /// What counts as spent for it: the most that it can have spent.
    pub counted: NanoUsd,
}

/// Sessions whose leases count: neither ended in order nor reconciled.
const OPEN: &str = "SELECT id FROM sessions WHERE ended_us IS NULL AND reconciled_us IS NULL";

impl LedgerFile {
    /// What counts as spent since `first_day` by one client, or by all where `client` is `None`.
    ///
    /// Recorded amounts, and for each session that died the larger of its leases and its records.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn spent(&self, client: Option<&str>, first_day: i64) -> Result<NanoUsd, StoreError> {
        let sql = |error: rusqlite::Error| StoreError::from_sqlite(&self.place.db, &error);
        // The budget of all is leased under the empty name.
        let lease_name = client.unwrap_or("");
        let text = format!(
            "SELECT COALESCE(SUM(MAX(COALESCE(r.nano, 0), COALESCE(l.nano, 0))), 0) FROM sessions s \
             LEFT JOIN (SELECT session, SUM(charged) AS nano FROM requests \
                        WHERE day >= ?1 AND (?2 IS NULL OR client = ?2) GROUP BY session) r \
               ON r.session = s.id \
             LEFT JOIN (SELECT session, SUM(nano) AS nano FROM leases \
                        WHERE day >= ?1 AND client = ?3 AND session IN ({OPEN}) GROUP BY session) l \
               ON l.session = s.id"
        );
        self.conn
            .query_row(&text, params![first_day, client, lease_name], |row| {
                row.get(0)
            })
            .map(NanoUsd)
            .map_err(sql)
    }

    /// Sessions that ended without saying so, and for which more counts than they recorded. The
    /// caller makes sure that none of them is still running: see [`LedgerFile::reconcile`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn crashed(&self) -> Result<Vec<Crashed>, StoreError> {
        let sql = |error: rusqlite::Error| StoreError::from_sqlite(&self.place.db, &error);
        let text = format!(
            "SELECT s.id, COALESCE((SELECT SUM(charged) FROM requests WHERE session = s.id), 0), \
                    COALESCE((SELECT SUM(nano) FROM leases WHERE session = s.id AND client = ''), 0) \
             FROM sessions s WHERE s.id IN ({OPEN}) ORDER BY s.id"
        );
        let mut statement = self.conn.prepare(&text).map_err(sql)?;
        let rows = statement
            .query_map([], |row| {
                let (recorded, leased): (i64, i64) = (row.get(1)?, row.get(2)?);
                Ok(Crashed {
                    session: row.get(0)?,
                    recorded: NanoUsd(recorded),
                    counted: NanoUsd(recorded.max(leased)),
                })
            })
            .map_err(sql)?;
        rows.collect::<rusqlite::Result<_>>().map_err(sql)
    }

    /// The text that is kept under a name; `None` = there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = |error: rusqlite::Error| StoreError::from_sqlite(&self.place.db, &error);
        let has_notes = schema::has_table(&self.conn, "notes").map_err(sql)?;
        if !has_notes {
            return Ok(None);
        }
        let found = self
            .conn
            .query_row("SELECT text FROM notes WHERE name = ?1", [name], |row| {
                row.get(0)
            });
        found.optional().map_err(sql)
    }

    /// Forgets the text under a name.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a gateway is running.
    pub fn forget_note(&self, name: &str) -> Result<(), StoreError> {
        let _lock = self.place.lock()?;
        let sql = |error: rusqlite::Error| StoreError::from_sqlite(&self.place.db, &error);
        schema::with_notes(&self.conn).map_err(sql)?;
        self.conn
            .execute("DELETE FROM notes WHERE name = ?1", [name])
            .map_err(sql)?;
        Ok(())
    }

    /// Says that dead sessions cost no more than they recorded; gives how many there were.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a gateway is running.
    pub fn reconcile(&self, now_us: i64) -> Result<usize, StoreError> {
        let _lock = self.place.lock()?;
        self.conn
            .execute(
                "UPDATE sessions SET reconciled_us = ?1 \
                 WHERE ended_us IS NULL AND reconciled_us IS NULL",
                [now_us],
            )
            .map_err(|error| StoreError::from_sqlite(&self.place.db, &error))
    }

    /// Reads all requests since a moment, in order of session and number, one at a time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entries(
        &self,
        since_us: i64,
        on_entry: &mut dyn FnMut(LedgerEntry),
    ) -> Result<(), StoreError> {
        let sql = |error: rusqlite::Error| StoreError::from_sqlite(&self.place.db, &error);
        // Tables that came later, and are there once a session of this version has begun.
        let found = |table, column: &'static str| -> Result<&'static str, StoreError> {
            let has = schema::has_table(&self.conn, table).map_err(sql)?;
            Ok(if has { column } else { "NULL" })
        };
        let feedback = found(
            "feedback",
            "(SELECT score FROM feedback f WHERE f.session = r.session AND f.number = r.number)",
        )?;
        let scores = found(
            "scores",
            "(SELECT json_group_object(scorer, score) FROM scores s \
              WHERE s.session = r.session AND s.number = r.number)",
        )?;
        let text = format!(
            "SELECT session, number, at_us, client, candidate, requested, served, input, \
                    cache_read, cache_write_5m, cache_write_1h, output, reasoning, raw_usage, \
                    cost, charged, is_estimated, evidence, {feedback}, {scores} \
             FROM requests r WHERE at_us >= ?1 ORDER BY session, number"
        );
        let mut statement = self.conn.prepare(&text).map_err(sql)?;
        let mut rows = statement.query([since_us]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            on_entry(entry(row).map_err(sql)?);
        }
        Ok(())
    }
}

fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<LedgerEntry> {
    let count = |idx: usize| -> rusqlite::Result<Option<u64>> {
        let n: Option<i64> = row.get(idx)?;
        Ok(n.map(|n| u64::try_from(n).unwrap_or(0)))
    };
    let is_estimated: bool = row.get(16)?;
    let usage = match (count(7)?, count(11)?) {
        (Some(input_uncached), Some(output)) => Some(Usage {
            input_uncached,
            cache_read: count(8)?,
            cache_write_5m: count(9)?,
            cache_write_1h: count(10)?,
            output,
            reasoning: count(12)?,
            source: if is_estimated {
                UsageSource::Estimated
            } else {
                UsageSource::Reported
            },
            // Sound, pictures and searches stand in the vendor's own words beside it.
            ..Usage::default()
        }),
        _ => None,
    };
    let evidence: Option<String> = row.get(17)?;
    let scores: Option<String> = row.get(19)?;
    Ok(LedgerEntry {
        row: LedgerRow {
            id: RequestId {
                session: row.get(0)?,
                number: row.get(1)?,
            },
            at_us: row.get(2)?,
            client: row.get(3)?,
            candidate: row.get(4)?,
            requested: row.get(5)?,
            served: row.get(6)?,
            usage,
            raw_usage: row.get(13)?,
            cost: row.get::<_, Option<i64>>(14)?.map(NanoUsd),
            is_estimated,
        },
        charged: NanoUsd(row.get(15)?),
        evidence: evidence.and_then(|text| serde_json::from_str(&text).ok()),
        feedback: row.get(18)?,
        scores: scores
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default(),
    })
}
