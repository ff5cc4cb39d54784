//! Golden-set snapshots: the items as they were, stored once per content hash however many runs
//! use them.

use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, params};
use trilemma_domain::{Fingerprint, ItemId};

use crate::error::{RecordError, StoreError};
use crate::inner::{Fault, draw, sound};
use crate::store::Store;

impl Store {
    /// Stores the items of a golden set under its content hash; does not look at them when the
    /// store has them already.
    ///
    /// # Errors
    /// As the store gives them; on an error nothing is stored.
    pub fn put_items(
        &self,
        golden: &Fingerprint,
        items: impl IntoIterator<Item = (ItemId, String)>,
    ) -> Result<(), StoreError> {
        if self.inner.read(|tx| Ok(golden_no(tx, golden)?))?.is_some() {
            return Ok(());
        }
        self.inner.write_much(|tx| {
            if golden_no(tx, golden)?.is_some() {
                return Ok(());
            }
            let number = draw(tx, "golden")?;
            let mut insert = tx.prepare_cached(
                "INSERT INTO golden_item (golden_no, position, item_id, body) \
                 VALUES ($1, $2, $3, $4)",
            )?;
            let mut n_items = 0_i64;
            for (item, body) in items {
                insert.execute(params![number, n_items, item.as_str(), body.as_bytes()])?;
                n_items += 1;
            }
            tx.execute(
                "INSERT INTO golden_set (golden_no, fingerprint, n_items) VALUES ($1, $2, $3)",
                params![number, golden.as_bytes(), n_items],
            )?;
            Ok(())
        })
    }

    /// Streams the items of a golden set in order, each with its JSON as it was stored, until
    /// `see` breaks off.
    ///
    /// # Errors
    /// [`RecordError::UnknownGolden`].
    pub fn items(
        &self,
        golden: &Fingerprint,
        mut see: impl FnMut(ItemId, &str) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.read(|tx| {
            let number = known_golden(tx, golden)?;
            let mut statement = tx.prepare_cached(
                "SELECT item_id, body FROM golden_item WHERE golden_no = $1 ORDER BY position",
            )?;
            let mut rows = statement.query([number])?;
            while let Some(row) = rows.next()? {
                let item = ItemId::from(row.get::<_, String>(0)?);
                let body = row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?;
                let body = sound(std::str::from_utf8(body).ok(), "an item is no text")?;
                if see(item, body).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Gives the JSON of one item; `None` = the set has no such item.
    ///
    /// # Errors
    /// [`RecordError::UnknownGolden`].
    pub fn item(&self, golden: &Fingerprint, item: &ItemId) -> Result<Option<String>, StoreError> {
        self.inner.read(|tx| {
            let number = known_golden(tx, golden)?;
            item_body(tx, number, item)
        })
    }
}

fn item_body(conn: &Connection, number: i64, item: &ItemId) -> Result<Option<String>, Fault> {
    let body: Option<Vec<u8>> = conn
        .prepare_cached("SELECT body FROM golden_item WHERE golden_no = $1 AND item_id = $2")?
        .query_row(params![number, item.as_str()], |row| row.get(0))
        .optional()?;
    match body {
        None => Ok(None),
        Some(body) => sound(String::from_utf8(body).ok(), "an item is no text").map(Some),
    }
}

fn golden_no(conn: &Connection, golden: &Fingerprint) -> rusqlite::Result<Option<i64>> {
    conn.query_row(
        "SELECT golden_no FROM golden_set WHERE fingerprint = $1",
        [golden.as_bytes()],
        |row| row.get(0),
    )
    .optional()
}

fn known_golden(conn: &Connection, golden: &Fingerprint) -> Result<i64, Fault> {
    golden_no(conn, golden)?.ok_or_else(|| RecordError::UnknownGolden(*golden).into())
}
