//! A whole run as JSON lines: the run, its items, its trials with attempts, scores and judgements.

use std::io::Write;

use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use trilemma_domain::{Fingerprint, ItemId, RunId, Trial};

use crate::error::StoreError;
use crate::inner::{Fault, sound};
use crate::read::detail::{Details, StoredScore};
use crate::read::judgements::StoredJudgement;
use crate::rows::{COLUMNS, KEY_ORDER, TrialRow, run_ref, set_by_no};
use crate::score_set::ScoreSet;
use crate::store::Store;

/// Version of the exported format; every line carries it.
pub const EXPORT_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "record", rename_all = "snake_case")]
enum Line<'a> {
    Run {
        schema_version: u32,
        manifest: &'a RawValue,
        completed_us: Option<i64>,
        scores: &'a ScoreSet,
    },
    Item {
        schema_version: u32,
        id: &'a ItemId,
        item: &'a RawValue,
    },
    Trial {
        schema_version: u32,
        trial: &'a Trial,
        scores: &'a [StoredScore],
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        judgements: &'a [StoredJudgement],
    },
}

impl Store {
    /// Writes a run as JSON lines: one `run`, its `item`s in order, its settled `trial`s in key
    /// order. The same run gives the same bytes whatever the order of its calls was.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`]; errors of `out` as [`StoreError::Other`].
    pub fn export_jsonl(&self, run: &RunId, out: &mut dyn Write) -> Result<(), StoreError> {
        self.inner.read(|tx| {
            let found = run_ref(tx, run)?;
            let set = set_by_no(tx, found.set_no)?;
            let (manifest, golden, completed_us): (String, [u8; 32], Option<i64>) = tx.query_row(
                "SELECT manifest, golden, completed_us FROM run WHERE run_no = $1",
                [found.run_no],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            let manifest = sound(
                RawValue::from_string(manifest).ok(),
                "a manifest is no JSON",
            )?;
            let line = Line::Run {
                schema_version: EXPORT_VERSION,
                manifest: &manifest,
                completed_us,
                scores: &set,
            };
            self.line(out, &line)?;
            self.export_items(tx, &Fingerprint::from_bytes(golden), out)?;
            let details = Details::load(tx, &set)?;
            let sql = format!(
                "SELECT {COLUMNS} FROM trial t WHERE t.run_no = $1 AND t.state > 0 \
                 ORDER BY {KEY_ORDER}"
            );
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query([found.run_no])?;
            while let Some(row) = rows.next()? {
                let row = TrialRow::read(row, found.base_us)?;
                let detail = details.of(tx, &row)?;
                let line = Line::Trial {
                    schema_version: EXPORT_VERSION,
                    trial: &detail.trial,
                    scores: &detail.scores,
                    judgements: &detail.judgements,
                };
                self.line(out, &line)?;
            }
            Ok(())
        })
    }

    fn export_items(
        &self,
        conn: &Connection,
        golden: &Fingerprint,
        out: &mut dyn Write,
    ) -> Result<(), Fault> {
        let mut statement = conn.prepare_cached(
            "SELECT i.item_id, i.body FROM golden_item i JOIN golden_set g \
             ON g.golden_no = i.golden_no WHERE g.fingerprint = $1 ORDER BY i.position",
        )?;
        let mut rows = statement.query([golden.as_bytes()])?;
        while let Some(row) = rows.next()? {
            let id = ItemId::from(row.get::<_, String>(0)?);
            let body = String::from_utf8(row.get(1)?).ok();
            let body = sound(body, "an item is no text")?;
            let item = sound(one_line(body), "an item is no JSON")?;
            let line = Line::Item {
                schema_version: EXPORT_VERSION,
                id: &id,
                item: &item,
            };
            self.line(out, &line)?;
        }
        Ok(())
    }

    fn line(&self, out: &mut dyn Write, line: &Line<'_>) -> Result<(), Fault> {
        let other = |reason: String| {
            Fault::Store(StoreError::Other {
                path: self.path().to_owned(),
                reason,
            })
        };
        let mut bytes = serde_json::to_vec(line).map_err(|error| other(error.to_string()))?;
        bytes.push(b'\n');
        out.write_all(&bytes)
            .map_err(|error| other(format!("write the export: {error}")))
    }
}

/// JSON as it was stored, which must not hold line breaks here.
fn one_line(body: String) -> Option<Box<RawValue>> {
    if body.contains(['\n', '\r']) {
        let value: Value = serde_json::from_str(&body).ok()?;
        serde_json::value::to_raw_value(&value).ok()
    } else {
        RawValue::from_string(body).ok()
    }
}
