//! Drift checks: what each found, written once, and which alarms have been told.
//!
//! In: the finding of a check, of which the first written stands. Out: all findings over a baseline, in
//! order. They go with the baseline. It knows no statistics: a finding is a text.

use rusqlite::{OptionalExtension as _, Row, params};
use trilemma_domain::RunId;

use crate::error::StoreError;
use crate::store::Store;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftLook {
    /// The run that holds its calls.
    pub check: RunId,
    /// The baseline that it was compared with.
    pub baseline: RunId,
    /// Checks since the baseline, this one included.
    pub number: u32,
    /// When it was done, microseconds since 1970-01-01 UTC.
    pub checked_us: i64,
    /// What was found, as JSON.
    pub body: String,
}

/// How far a message has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// It was never sent.
    Never,
    /// It may have been sent: the program ended while it was being sent.
    Unsure,
    /// It was sent.
    Done,
}

/// What checks over a baseline found.
const LOOKS: &str =
    "SELECT check_run, baseline, number, checked_us, body FROM drift_look WHERE baseline = $1";

fn look_of(row: &Row<'_>) -> rusqlite::Result<DriftLook> {
    Ok(DriftLook {
        check: RunId::from(row.get::<_, String>(0)?),
        baseline: RunId::from(row.get::<_, String>(1)?),
        number: row.get(2)?,
        checked_us: row.get(3)?,
        body: row.get(4)?,
    })
}

impl Store {
    /// Writes what a check found, unless a finding with its number is on record; says whether it was
    /// written.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn put_drift_look(&self, look: &DriftLook) -> Result<bool, StoreError> {
        self.inner.write(|tx| {
            let n_rows = tx.execute(
                "INSERT INTO drift_look (baseline, number, check_run, checked_us, body) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (baseline, number) DO NOTHING",
                params![
                    look.baseline.as_str(),
                    look.number,
                    look.check.as_str(),
                    look.checked_us,
                    look.body,
                ],
            )?;
            Ok(n_rows > 0)
        })
    }

    /// Gives what the checks over a baseline found, first check first.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn drift_looks(&self, baseline: &RunId) -> Result<Vec<DriftLook>, StoreError> {
        self.inner.read(|tx| {
            let mut statement = tx.prepare_cached(&format!("{LOOKS} ORDER BY number"))?;
            let looks = statement.query_map([baseline.as_str()], look_of)?;
            Ok(looks.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Gives what the latest check over a baseline found; `None` = there was no check.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn latest_drift_look(&self, baseline: &RunId) -> Result<Option<DriftLook>, StoreError> {
        self.inner.read(|tx| {
            let look = tx
                .prepare_cached(&format!("{LOOKS} ORDER BY number DESC LIMIT 1"))?
                .query_row([baseline.as_str()], look_of)
                .optional()?;
            Ok(look)
        })
    }

    /// Says how far a message has got.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn telling(&self, message: &str) -> Result<Telling, StoreError> {
        self.inner.read(|tx| {
            let state: Option<i64> = tx
                .query_row(
                    "SELECT state FROM drift_message WHERE message = $1",
                    [message],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(match state {
                None => Telling::Never,
                Some(0) => Telling::Unsure,
                Some(_) => Telling::Done,
            })
        })
    }

    /// Writes down, before a message is sent, that it may be, and after it that it was.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn put_telling(&self, message: &str, telling: Telling) -> Result<(), StoreError> {
        let state = match telling {
            Telling::Never => None,
            Telling::Unsure => Some(0),
            Telling::Done => Some(1),
        };
        self.inner.write(|tx| {
            match state {
                None => tx.execute("DELETE FROM drift_message WHERE message = $1", [message])?,
                Some(state) => tx.execute(
                    "INSERT INTO drift_message (message, state) VALUES ($1, $2) \
                     ON CONFLICT (message) DO UPDATE SET state = excluded.state",
                    params![message, state],
                )?,
            };
            Ok(())
        })
    }
}
