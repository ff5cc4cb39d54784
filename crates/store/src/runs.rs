//! Runs: begin, find, complete, delete.
//!
//! In: manifests. Out: what is there, at a glance or in full. A run's number is never given twice.

use rusqlite::{Connection, OptionalExtension, Row, params};
use trilemma_domain::{Fingerprint, RunId};

use crate::error::{RecordError, StoreError};
use crate::inner::{Fault, draw, hold, sound};
use crate::manifest::{RunManifest, RunPurpose};
use crate::rows::{register, run_ref};
use crate::store::Store;

/// A run at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunInfo {
    /// Its name.
    pub run: RunId,
    /// [`RunManifest::fingerprint`].
    pub fingerprint: Fingerprint,
    /// When it began, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// When it was completed; `None` = it can be resumed.
    pub completed_us: Option<i64>,
    /// The program that began it.
    pub trilemma_version: String,
    /// The project's name.
    pub project: String,
    /// Content hash of its golden set.
    pub golden: Fingerprint,
    /// Fingerprint of the score set that speaks for it now.
    pub score_set: Fingerprint,
    /// Candidates.
    pub n_candidates: u64,
    /// Items.
    pub n_items: u64,
    /// Trials per candidate and item.
    pub repeats: u64,
    /// Trials answered so far.
    pub n_answered: u64,
    /// Trials that ended without an answer.
    pub n_failed: u64,
    /// What it is for.
    pub purpose: RunPurpose,
}

impl RunInfo {
    /// Trials that the run consists of when complete.
    #[must_use]
    pub fn n_trials(&self) -> u64 {
        self.n_candidates
            .saturating_mul(self.n_items)
            .saturating_mul(self.repeats)
    }
}

const INFO: &str = "SELECT r.run_id, r.fingerprint, r.created_us, r.completed_us, \
    r.trilemma_version, r.project, r.golden, s.fingerprint, r.n_candidates, r.n_items, r.repeats, \
    (SELECT COUNT(*) FROM trial t WHERE t.run_no = r.run_no AND t.state = 1), \
    (SELECT COUNT(*) FROM trial t WHERE t.run_no = r.run_no AND t.state = 2), r.purpose \
    FROM run r JOIN score_set s ON s.set_no = r.set_no";

fn info(row: &Row<'_>) -> rusqlite::Result<RunInfo> {
    let count = |idx| row.get(idx).map(i64::cast_unsigned);
    let print = |idx| row.get(idx).map(Fingerprint::from_bytes);
    Ok(RunInfo {
        run: RunId::from(row.get::<_, String>(0)?),
        fingerprint: print(1)?,
        created_us: row.get(2)?,
        completed_us: row.get(3)?,
        trilemma_version: row.get(4)?,
        project: row.get(5)?,
        golden: print(6)?,
        score_set: print(7)?,
        n_candidates: count(8)?,
        n_items: count(9)?,
        repeats: count(10)?,
        n_answered: count(11)?,
        n_failed: count(12)?,
        purpose: match row.get(13)? {
            1_i64 => RunPurpose::Baseline,
            2 => RunPurpose::Check,
            _ => RunPurpose::Benchmark,
        },
    })
}

impl Store {
    /// Begins a run and registers its score set.
    ///
    /// # Errors
    /// [`RecordError::RunExists`] when the name is taken; [`StoreError::InUse`] while another
    /// process writes.
    pub fn begin_run(&self, manifest: &RunManifest) -> Result<RunId, StoreError> {
        let text = serde_json::to_string(manifest).map_err(|error| StoreError::Other {
            path: self.path().to_owned(),
            reason: error.to_string(),
        })?;
        self.inner.write_much(|tx| {
            if run_ref(tx, &manifest.run).is_ok() {
                return Err(RecordError::RunExists(manifest.run.clone()).into());
            }
            let set_no = register(tx, &manifest.scores)?;
            tx.execute(
                "INSERT INTO run (run_no, run_id, fingerprint, created_us, completed_us, \
                 trilemma_version, project, golden, n_candidates, n_items, repeats, set_no, \
                 manifest, purpose) VALUES ($1, $2, $3, $4, NULL, $5, $6, $7, $8, $9, $10, $11, $12, \
                 $13)",
                params![
                    draw(tx, "run")?,
                    manifest.run.as_str(),
                    manifest.fingerprint().as_bytes(),
                    manifest.created_us,
                    manifest.trilemma_version,
                    manifest.project,
                    manifest.golden.as_bytes(),
                    manifest.candidates.len() as i64,
                    manifest.items.len() as i64,
                    manifest.repeats,
                    set_no,
                    text,
                    match manifest.purpose() {
                        RunPurpose::Benchmark => 0,
                        RunPurpose::Baseline => 1,
                        RunPurpose::Check => 2,
                    },
                ],
            )?;
            Ok(manifest.run.clone())
        })
    }

    /// Finds the newest run that asks for the same calls and is not completed.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn find_resumable(&self, fingerprint: &Fingerprint) -> Result<Option<RunInfo>, StoreError> {
        let query = format!(
            "{INFO} WHERE r.fingerprint = $1 AND r.completed_us IS NULL ORDER BY r.run_no DESC LIMIT 1"
        );
        self.inner.read(|tx| {
            Ok(tx
                .query_row(&query, [fingerprint.as_bytes()], info)
                .optional()?)
        })
    }

    /// Lists all runs, oldest first.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn runs(&self) -> Result<Vec<RunInfo>, StoreError> {
        let query = format!("{INFO} ORDER BY r.run_no");
        self.inner.read(|tx| {
            let mut statement = tx.prepare(&query)?;
            let runs = statement.query_map([], info)?;
            Ok(runs.collect::<Result<_, _>>()?)
        })
    }

    /// Whether there is any run but this one.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn has_other_runs(&self, run: &RunId) -> Result<bool, StoreError> {
        self.inner.read(|tx| {
            let query = "SELECT EXISTS (SELECT 1 FROM run WHERE run_id <> $1)";
            Ok(tx.query_row(query, [run.as_str()], |row| row.get(0))?)
        })
    }

    /// Gives one run at a glance.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`].
    pub fn run(&self, run: &RunId) -> Result<RunInfo, StoreError> {
        let query = format!("{INFO} WHERE r.run_id = $1");
        self.inner.read(|tx| {
            tx.query_row(&query, [run.as_str()], info)
                .optional()?
                .ok_or_else(|| RecordError::UnknownRun(run.clone()).into())
        })
    }

    /// Gives the manifest of a run as it was recorded.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`]; [`StoreError::Corrupt`] when it cannot be read.
    pub fn manifest(&self, run: &RunId) -> Result<RunManifest, StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let text: String = tx.query_row(
                "SELECT manifest FROM run WHERE run_no = $1",
                [run.run_no],
                |row| row.get(0),
            )?;
            sound(
                serde_json::from_str(&text).ok(),
                "a manifest cannot be read",
            )
        })
    }

    /// Marks a run as completed and forgets its announced calls; it is not resumed any more.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`].
    pub fn complete_run(&self, run: &RunId, completed_us: i64) -> Result<(), StoreError> {
        self.inner.write(|tx| {
            let found = run_ref(tx, run)?;
            tx.execute(
                "UPDATE run SET completed_us = $1 WHERE run_no = $2",
                params![completed_us, found.run_no],
            )?;
            Ok(())
        })?;
        hold(&self.inner.journal).drop_run(run)
    }

    /// Forgets the announced calls of a run: nothing of it is in flight any more.
    ///
    /// # Errors
    /// As the file system gives them; [`StoreError::InUse`] while another process writes.
    pub fn forget_calls(&self, run: &RunId) -> Result<(), StoreError> {
        self.inner.ensure_lock()?;
        hold(&self.inner.journal).drop_run(run)
    }

    /// Deletes a run with everything that belongs to it alone, its golden snapshot included when
    /// no other run uses it, and gives the space back.
    ///
    /// # Errors
    /// [`RecordError::UnknownRun`].
    pub fn delete_run(&self, run: &RunId) -> Result<(), StoreError> {
        const OF_TRIAL: &str = "WHERE trial_id IN (SELECT trial_id FROM trial WHERE run_no = $1)";
        self.inner.write(|tx| {
            let found = run_ref(tx, run)?;
            for table in [
                "answer",
                "attempt",
                "raw_body",
                "score",
                "judgement",
                "judge_attempt",
                "review_label",
            ] {
                tx.execute(&format!("DELETE FROM {table} {OF_TRIAL}"), [found.run_no])?;
            }
            tx.execute("DELETE FROM review_item WHERE run_no = $1", [found.run_no])?;
            tx.execute("DELETE FROM drift_look WHERE baseline = $1", [run.as_str()])?;
            tx.execute("DELETE FROM trial WHERE run_no = $1", [found.run_no])?;
            tx.execute("DELETE FROM run WHERE run_no = $1", [found.run_no])?;
            tx.execute_batch(
                "DELETE FROM golden_item WHERE golden_no IN (SELECT golden_no FROM golden_set \
                 WHERE fingerprint NOT IN (SELECT golden FROM run)); \
                 DELETE FROM golden_set WHERE fingerprint NOT IN (SELECT golden FROM run);",
            )?;
            Ok(())
        })?;
        self.inner.forget();
        hold(&self.inner.journal).drop_run(run)?;
        let conn = self.inner.connect()?;
        give_back(&conn).map_err(|fault| self.inner.tell(fault))
    }
}

/// Gives free pages back to the file system.
fn give_back(conn: &Connection) -> Result<(), Fault> {
    // Every step of this statement frees one page.
    let mut vacuum = conn.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = vacuum.query([])?;
    while rows.next()?.is_some() {}
    // Not done while somebody reads; the space then goes back with the next checkpoint.
    Ok(conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}
