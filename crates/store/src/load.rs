//! Load tests: plans, stages and every sample, so that all figures can be worked out again.
//!
//! In: a plan, stages as they begin and end, samples in batches, each committed before the call returns. Out: the
//! same. Samples come back in the order in which they were recorded. It computes no figure.

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use trilemma_domain::{LoadPlan, LoadSample, LoadStage, LoadTestId, StageEnd};

use crate::codec::{put_samples, read_samples};
use crate::error::{RecordError, StoreError};
use crate::inner::{Fault, sound};
use crate::store::Store;

/// A load test at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadTestInfo {
    /// What it rests on.
    pub plan: LoadPlan,
    /// Stages begun.
    pub n_stages: u64,
    /// Stages that came to an end.
    pub n_ended: u64,
}

fn test_no(tx: &Transaction<'_>, test: &LoadTestId) -> Result<i64, Fault> {
    tx.prepare_cached("SELECT test_no FROM load_test WHERE test_id = $1")?
        .query_row([test.as_str()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| RecordError::UnknownLoadTest(test.clone()).into())
}

fn text_of(value: &impl Serialize) -> Result<String, Fault> {
    sound(
        serde_json::to_string(value).ok(),
        "a plan cannot be written down",
    )
}

fn value_of<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    sound(
        serde_json::from_str(text).ok(),
        "the plan of a load test is none",
    )
}

impl Store {
    /// Begins a load test; a name that is taken gets a number behind it. Gives the name under which it stands.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while another process writes to this store.
    pub fn begin_load_test(&self, plan: &LoadPlan) -> Result<LoadTestId, StoreError> {
        let mut plan = plan.clone();
        self.inner.write(|tx| {
            let wanted = plan.test.clone();
            let mut n_tries = 1_u32;
            while tx
                .prepare_cached("SELECT 1 FROM load_test WHERE test_id = $1")?
                .exists([plan.test.as_str()])?
            {
                n_tries += 1;
                plan.test = LoadTestId::from(format!("{wanted}-{n_tries}"));
            }
            tx.execute(
                "INSERT INTO load_test (test_id, created_us, plan) VALUES ($1, $2, $3)",
                params![plan.test.as_str(), plan.created_us, text_of(&plan)?],
            )?;
            Ok(())
        })?;
        Ok(plan.test)
    }

    /// Begins a stage of a load test.
    ///
    /// # Errors
    /// [`RecordError::UnknownLoadTest`].
    pub fn begin_load_stage(
        &self,
        test: &LoadTestId,
        stage_idx: u32,
        stage: &LoadStage,
    ) -> Result<(), StoreError> {
        self.inner.write(|tx| {
            let test_no = test_no(tx, test)?;
            tx.execute(
                "INSERT INTO load_stage (test_no, stage_idx, plan) VALUES ($1, $2, $3)",
                params![test_no, stage_idx, text_of(stage)?],
            )?;
            Ok(())
        })
    }

    /// Writes down how a stage ended.
    ///
    /// # Errors
    /// [`RecordError::UnknownLoadTest`].
    pub fn end_load_stage(
        &self,
        test: &LoadTestId,
        stage_idx: u32,
        end: &StageEnd,
    ) -> Result<(), StoreError> {
        self.inner.write(|tx| {
            let test_no = test_no(tx, test)?;
            tx.execute(
                "UPDATE load_stage SET ending = $1 WHERE test_no = $2 AND stage_idx = $3",
                params![text_of(end)?, test_no, stage_idx],
            )?;
            Ok(())
        })
    }

    /// Records samples, all or none; they may be of several stages.
    ///
    /// # Errors
    /// [`RecordError::UnknownLoadTest`].
    pub fn put_load_samples(
        &self,
        test: &LoadTestId,
        samples: &[LoadSample],
    ) -> Result<(), StoreError> {
        self.inner.write(|tx| {
            let test_no = test_no(tx, test)?;
            for batch in samples.chunk_by(|a, b| a.stage_idx == b.stage_idx) {
                let Some(first) = batch.first() else { continue };
                let mut body = Vec::new();
                put_samples(&mut body, batch.iter());
                tx.prepare_cached(
                    "INSERT INTO load_batch (test_no, stage_idx, body) VALUES ($1, $2, $3)",
                )?
                .execute(params![test_no, first.stage_idx, body])?;
            }
            Ok(())
        })
    }

    /// Gives all load tests, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn load_tests(&self) -> Result<Vec<LoadTestInfo>, StoreError> {
        self.inner.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT t.plan, \
                 (SELECT COUNT(*) FROM load_stage s WHERE s.test_no = t.test_no), \
                 (SELECT COUNT(*) FROM load_stage s WHERE s.test_no = t.test_no AND s.ending IS NOT NULL) \
                 FROM load_test t ORDER BY t.created_us, t.test_no",
            )?;
            let mut rows = statement.query([])?;
            let mut tests = Vec::new();
            while let Some(row) = rows.next()? {
                let count = |idx| row.get(idx).map(i64::cast_unsigned);
                tests.push(LoadTestInfo {
                    plan: value_of(&row.get::<_, String>(0)?)?,
                    n_stages: count(1)?,
                    n_ended: count(2)?,
                });
            }
            Ok(tests)
        })
    }

    /// Gives the stages of a load test in order; one without an end was cut off.
    ///
    /// # Errors
    /// [`RecordError::UnknownLoadTest`].
    pub fn load_stages(
        &self,
        test: &LoadTestId,
    ) -> Result<Vec<(LoadStage, Option<StageEnd>)>, StoreError> {
        self.inner.read(|tx| {
            let test_no = test_no(tx, test)?;
            let mut statement = tx.prepare_cached(
                "SELECT plan, ending FROM load_stage WHERE test_no = $1 ORDER BY stage_idx",
            )?;
            let mut rows = statement.query([test_no])?;
            let mut stages = Vec::new();
            while let Some(row) = rows.next()? {
                let end: Option<String> = row.get(1)?;
                let end = end.as_deref().map(value_of).transpose()?;
                stages.push((value_of(&row.get::<_, String>(0)?)?, end));
            }
            Ok(stages)
        })
    }

    /// Reads the samples of a stage one after the other.
    ///
    /// # Errors
    /// [`RecordError::UnknownLoadTest`], [`StoreError::Corrupt`].
    pub fn load_samples(
        &self,
        test: &LoadTestId,
        stage_idx: u32,
        mut see: impl FnMut(LoadSample),
    ) -> Result<(), StoreError> {
        self.inner.read(|tx| {
            let test_no = test_no(tx, test)?;
            let mut statement = tx.prepare_cached(
                "SELECT body FROM load_batch WHERE test_no = $1 AND stage_idx = $2 ORDER BY batch_no",
            )?;
            let mut rows = statement.query(params![test_no, stage_idx])?;
            while let Some(row) = rows.next()? {
                let body: Vec<u8> = row.get(0)?;
                sound(
                    read_samples(&body, stage_idx, &mut see),
                    "samples of a load test make no sense",
                )?;
            }
            Ok(())
        })
    }

    /// Removes a load test with everything that belongs to it.
    ///
    /// # Errors
    /// [`RecordError::UnknownLoadTest`].
    pub fn remove_load_test(&self, test: &LoadTestId) -> Result<(), StoreError> {
        self.inner.write(|tx| {
            let test_no = test_no(tx, test)?;
            for table in ["load_batch", "load_stage", "load_test"] {
                tx.execute(
                    &format!("DELETE FROM {table} WHERE test_no = $1"),
                    [test_no],
                )?;
            }
            Ok(())
        })
    }
}
