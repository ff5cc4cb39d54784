//! One session: workers take calls from the schedule, record what comes back, and go on.
//!
//! In: a job with a schedule. Out: everything of it called, recorded and scored, or the first error. A
//! worker's slot frees at the last byte of an answer; the commit and the scoring follow behind.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use trilemma_domain::{Attempt, FailureKind, Fingerprint, NanoUsd, Trial, TrialKey, TrialOutcome};
use trilemma_grade::{Pending, attempt_cost, grade_pending};
use trilemma_provider::{Connect, LaneCall};
use trilemma_store::{Receipt, Unscored};

use crate::entrant::{Entrant, Prepared};
use crate::error::BenchError;
use crate::follow::follow;
use crate::job::Job;
use crate::ledger::{self, Entry};
use crate::progress::SettledCall;
use crate::schedule::Next;

/// How long a worker sleeps when every candidate is held back, unless one is freed before.
const HELD_BACK: Duration = Duration::from_millis(20);
/// Workers that begin together, and the time until the next ones do: all at once would be a burst that no
/// later moment of a run has, and the first answers would show it.
const ABREAST: usize = 5;
const APART: Duration = Duration::from_millis(2);
/// Settled trials that may wait for their commit and scoring.
const BEHIND: usize = 1_024;

/// Ways to the tasks that record and score behind the workers.
#[derive(Clone)]
struct Tails {
    receipts: mpsc::Sender<Receipt<Trial>>,
    failed_attempts: mpsc::UnboundedSender<(TrialKey, Fingerprint, Attempt)>,
}

/// Calls what the schedule holds, and waits until all of it is recorded and scored.
///
/// # Errors
/// [`BenchError`] when the store or a scorer fails as a whole; what was settled is kept.
pub(crate) async fn session<C: Connect>(job: &Arc<Job<C>>) -> Result<(), BenchError> {
    let (receipts, receipts_in) = mpsc::channel(BEHIND);
    let (failed_attempts, failed_in) = mpsc::unbounded_channel();
    let tails = Tails {
        receipts,
        failed_attempts,
    };
    let follower = tokio::spawn(follow(job.clone(), receipts_in));
    let recorder = tokio::spawn(record_failed(job.clone(), failed_in));
    let mut workers = JoinSet::new();
    let begins = job.begins();
    for idx in 0..job.parts.concurrency.max(1) {
        if begins && idx > 0 && idx % ABREAST == 0 {
            tokio::time::sleep(APART).await;
            if !job.has_calls() {
                break;
            }
        }
        workers.spawn(work(job.clone(), tails.clone()));
    }
    drop(tails);
    while let Some(ended) = workers.join_next().await {
        if let Err(error) = ended {
            job.fail(BenchError::Defect(format!("a worker died: {error}")));
        }
    }
    for tail in [follower, recorder] {
        if let Err(error) = tail.await {
            job.fail(BenchError::Defect(format!(
                "a part of the engine died: {error}"
            )));
        }
    }
    let flushed = job.parts.writer.flush().await;
    if let Some(error) = job.take_error() {
        return Err(error);
    }
    flushed?;
    // A comparison waits for the incumbent's answer.
    if job.parts.grader.waits_for_incumbent() {
        grade_behind(job).await?;
    }
    Ok(())
}

async fn work<C: Connect>(job: Arc<Job<C>>, tails: Tails) {
    loop {
        match job.next() {
            Next::Done => return,
            Next::Wait => {
                tokio::select! {
                    () = job.freed.notified() => {}
                    () = tokio::time::sleep(HELD_BACK) => {}
                    () = job.parts.cancel.cancelled() => {}
                }
            }
            Next::Call(key) => {
                job.parts.progress.started(key.candidate_idx);
                let trial = one_trial(&job, &tails, key).await;
                job.parts.progress.ended(key.candidate_idx);
                job.freed.notify_one();
                match trial {
                    Ok(Some(trial)) => record(&job, &tails, trial).await,
                    Ok(None) => {}
                    Err(error) => job.fail(error),
                }
            }
        }
    }
}

/// Gets one trial settled; `None` = it stays open, because the run is being stopped.
async fn one_trial<C: Connect>(
    job: &Job<C>,
    tails: &Tails,
    key: TrialKey,
) -> Result<Option<Trial>, BenchError> {
    let (Some(entrant), Some(item)) = (
        job.parts.entrants.get(key.candidate_idx as usize),
        job.item(key.item_idx),
    ) else {
        return Err(BenchError::Defect(format!("no such trial: {key:?}")));
    };
    let prepared = match entrant.prepare(item, key.repeat) {
        Ok(prepared) => prepared,
        Err(failure) => return Ok(Some(unsent(key, *failure))),
    };
    let entry = Entry {
        key,
        request: prepared.fingerprint,
        is_repeat: job.maybe_sent.contains(&key),
    };
    if job.parts.cache
        && prepared.is_replayable
        && let Some(earlier) = job.parts.store.answered_by_request(&prepared.fingerprint)?
        && earlier.run != job.parts.run
    {
        return Ok(Some(ledger::replayed(
            &entry,
            earlier.run.as_str(),
            earlier.trial,
        )));
    }
    call(job, tails, (entrant, &prepared), &entry).await
}

async fn call<C: Connect>(
    job: &Job<C>,
    tails: &Tails,
    (entrant, prepared): (&Entrant<C>, &Prepared),
    entry: &Entry,
) -> Result<Option<Trial>, BenchError> {
    let Some(mut reservation) = job.budget.reserve(prepared.most_cost) else {
        job.stop_for_budget();
        return Ok(None);
    };
    job.parts.writer.announce(&job.parts.run, entry.key, 1)?;
    let pricer = entrant.parts.pricer.as_ref();
    let mut is_booked = false;
    let mut sink = |attempt: &Attempt| {
        is_booked = attempt.failure.is_some();
        if is_booked {
            let mut attempt = attempt.clone();
            attempt.cost = attempt_cost(&attempt, pricer);
            let may_follow = job.budget.again(&mut reservation, attempt.cost);
            // Another attempt may follow at once, so it is announced before it can be sent.
            let next = attempt.number.saturating_add(1);
            if may_follow
                && let Err(error) = job.parts.writer.announce(&job.parts.run, entry.key, next)
            {
                job.fail(BenchError::Store(error));
            }
            // The receiver lives until every worker has ended.
            let _ = tails
                .failed_attempts
                .send((entry.key, entry.request, attempt));
            if !may_follow {
                job.stop_for_budget();
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    };
    let call = LaneCall {
        request: &prepared.encoded,
        secret: entrant.parts.secret.as_ref(),
        estimated_tokens: prepared.estimated_tokens,
        cancel: &job.parts.cancel,
    };
    let outcome = entrant
        .parts
        .lane
        .call(&entrant.parts.client, call, &mut sink)
        .await;
    for usage in outcome.attempts.iter().filter_map(|attempt| attempt.usage) {
        entrant.learn(&usage);
    }
    let trial = ledger::called(entry, outcome, pricer);
    // Failed attempts are booked already; nothing came of what is set aside after one.
    let last = trial.attempts.last().filter(|_| !is_booked);
    job.budget
        .settle(reservation, last.map_or(Some(NanoUsd(0)), |last| last.cost));
    let is_open = matches!(&trial.outcome, TrialOutcome::Failed(failure)
        if failure.kind == FailureKind::Interrupted);
    Ok((!is_open).then_some(trial))
}

/// A trial whose request could not even be built.
fn unsent(key: TrialKey, failure: trilemma_domain::Failure) -> Trial {
    Trial {
        key,
        request: Fingerprint::builder()
            .field("unsent")
            .field(key.candidate_idx.to_be_bytes())
            .field(key.item_idx.to_be_bytes())
            .field(key.repeat.to_be_bytes())
            .finish(),
        origin: trilemma_domain::TrialOrigin::Called,
        attempts: Vec::new(),
        cost: Some(NanoUsd(0)),
        n_unpriced_attempts: 0,
        price_row: None,
        outcome: TrialOutcome::Failed(failure),
    }
}

async fn record<C: Connect>(job: &Job<C>, tails: &Tails, trial: Trial) {
    let is_replay = matches!(trial.origin, trilemma_domain::TrialOrigin::Replayed { .. });
    job.parts.progress.settled(
        trial.key.candidate_idx,
        SettledCall {
            is_answered: matches!(trial.outcome, TrialOutcome::Answered { .. }),
            is_replay,
            is_repeat: trial.origin == trilemma_domain::TrialOrigin::Repeated,
            n_attempts: trial.attempts.len() as u64,
            cost: if is_replay {
                NanoUsd(0)
            } else {
                trial.cost.unwrap_or_default()
            },
        },
    );
    match job.parts.writer.trial(&job.parts.run, trial).await {
        Ok(receipt) => {
            if tails.receipts.send(receipt).await.is_err() {
                job.fail(BenchError::Defect("scoring has ended too soon".to_owned()));
            }
        }
        Err(error) => job.fail(BenchError::Store(error)),
    }
}

/// Records failed attempts of trials that go on, as they happen.
async fn record_failed<C: Connect>(
    job: Arc<Job<C>>,
    mut attempts: mpsc::UnboundedReceiver<(TrialKey, Fingerprint, Attempt)>,
) {
    while let Some((key, request, attempt)) = attempts.recv().await {
        if let Err(error) = job
            .parts
            .writer
            .attempt(&job.parts.run, key, request, attempt)
            .await
        {
            job.fail(BenchError::Store(error));
        }
    }
}

/// Grades what has an answer and no score, such as what an earlier session left ungraded.
pub(crate) async fn grade_behind<C: Connect>(job: &Arc<Job<C>>) -> Result<(), BenchError> {
    if job.parts.cancel.is_cancelled() {
        return Ok(());
    }
    let pending = Pending {
        store: &job.parts.store,
        writer: &job.parts.writer,
        run: &job.parts.run,
        items: job.parts.items.clone(),
        grader: job.parts.grader.clone(),
        set: job.parts.score_set,
        docket: job.docket.clone(),
        // As with trials, the same command tries again what has failed; a judge's reply that
        // holds no grade is on record and is not asked for once more.
        which: Unscored::MissingOrFailed,
    };
    grade_pending(pending, &job.parts.cancel, |_, _| {}).await?;
    Ok(())
}
