//! Follows the commits of a run and scores each answer once it is durable.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use trilemma_domain::{ScoreRecord, Trial, TrialOrigin, TrialOutcome};
use trilemma_grade::{GradeError, answer_view};
use trilemma_provider::Connect;
use trilemma_store::Receipt;

use crate::error::BenchError;
use crate::job::Job;

/// Answers whose judges may be called at once; their lanes limit the calls themselves.
const IN_FLIGHT: usize = 64;
/// Records that are written together.
const BATCH: usize = 128;

/// Scores what comes until the channel closes; a store that fails ends the run.
pub(crate) async fn follow<C: Connect>(
    job: Arc<Job<C>>,
    mut receipts: mpsc::Receiver<Receipt<Trial>>,
) {
    let slots = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut tasks = JoinSet::new();
    let mut batch: Vec<ScoreRecord> = Vec::with_capacity(BATCH);
    loop {
        let receipt = match receipts.try_recv() {
            Ok(receipt) => receipt,
            Err(_) => {
                flush(&job, &mut batch).await;
                let Some(receipt) = receipts.recv().await else {
                    break;
                };
                receipt
            }
        };
        let trial = match receipt.await {
            Ok(trial) => trial,
            Err(error) => {
                job.fail(BenchError::Store(error));
                continue;
            }
        };
        if job.grader().is_pure() {
            batch.extend(in_place(&job, &trial));
            if batch.len() >= BATCH {
                flush(&job, &mut batch).await;
            }
        } else if let Ok(slot) = slots.clone().acquire_owned().await {
            while tasks.try_join_next().is_some() {}
            let job = job.clone();
            tasks.spawn(async move {
                match with_calls(&job, &trial).await {
                    Ok(mut records) => flush(&job, &mut records).await,
                    Err(error) => job.fail(error.into()),
                }
                job.parts.progress.judged(job.docket().tally().spent);
                drop(slot);
            });
        }
    }
    flush(&job, &mut batch).await;
    while tasks.join_next().await.is_some() {}
}

async fn flush<C: Connect>(job: &Job<C>, batch: &mut Vec<ScoreRecord>) {
    if batch.is_empty() {
        return;
    }
    let records = std::mem::take(batch);
    if let Err(error) = job
        .writer()
        .scores(job.run_id(), job.score_set(), records)
        .await
    {
        job.fail(BenchError::Store(error));
    }
}

fn in_place<C: Connect>(job: &Job<C>, trial: &Trial) -> Vec<ScoreRecord> {
    let (Some(item), TrialOutcome::Answered { reply, timing }) =
        (job.item(trial.key.item_idx), &trial.outcome)
    else {
        return Vec::new();
    };
    let answer = answer_view(reply, timing, trial.cost, is_replay(trial));
    job.grader().grade_in_place(trial.key, item, &answer)
}

async fn with_calls<C: Connect>(
    job: &Job<C>,
    trial: &Trial,
) -> Result<Vec<ScoreRecord>, GradeError> {
    let (Some(item), TrialOutcome::Answered { reply, timing }) =
        (job.item(trial.key.item_idx), &trial.outcome)
    else {
        return Ok(Vec::new());
    };
    let answer = answer_view(reply, timing, trial.cost, is_replay(trial));
    job.grader()
        .grade(job.docket(), trial.key, (item, &answer), job.cancel())
        .await
}

fn is_replay(trial: &Trial) -> bool {
    match trial.origin {
        TrialOrigin::Replayed { .. } => true,
        TrialOrigin::Called | TrialOrigin::Repeated | TrialOrigin::Imported => false,
    }
}
