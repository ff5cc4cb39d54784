//! The side of the writer that tasks see.

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use trilemma_domain::{
    Attempt, Fingerprint, Judgement, JudgementKey, RunId, ScoreRecord, Trial, TrialKey,
    TrialOutcome,
};

use crate::error::StoreError;
use crate::inner::{Inner, hold};
use crate::journal::{Call, judge_mark, run_hash};
use crate::writer::insert::Session;
use crate::writer::receipt::{Commits, Committed, Receipt};
use crate::writer::thread;

/// Bytes that may wait in the queue. A record larger than this still passes, alone.
const QUEUE_BYTES: usize = 8 << 20;
/// Queue space is counted in units of this size, at least one per record, so that the queue is
/// bounded by count as well.
const UNIT_BYTES: usize = 1 << 10;

/// Takes records and commits them; cheap to clone.
///
/// When the last clone is dropped, everything in the queue is committed first.
#[derive(Debug, Clone)]
pub struct Writer {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones share; ends the thread when dropped.
#[derive(Debug)]
pub(crate) struct Shared {
    inner: Arc<Inner>,
    queue: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
    room: Arc<Semaphore>,
    session: u32,
    subscribers: Subscribers,
}

pub(crate) type Subscribers = Arc<Mutex<Vec<mpsc::UnboundedSender<Committed>>>>;
type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// One record on its way, with the queue space that it occupies until it is committed.
#[derive(Debug)]
pub(crate) enum Message {
    Trial {
        run: RunId,
        trial: Box<Trial>,
        answer: Answer<Trial>,
        room: OwnedSemaphorePermit,
    },
    Attempt {
        run: RunId,
        key: TrialKey,
        request: Fingerprint,
        attempt: Box<Attempt>,
        answer: Answer<()>,
        room: OwnedSemaphorePermit,
    },
    JudgeAttempt {
        run: RunId,
        set: Fingerprint,
        key: JudgementKey,
        attempt: Box<Attempt>,
        answer: Answer<()>,
        room: OwnedSemaphorePermit,
    },
    Judgement {
        run: RunId,
        set: Fingerprint,
        judgement: Box<Judgement>,
        answer: Answer<()>,
        room: OwnedSemaphorePermit,
    },
    Scores {
        run: RunId,
        set: Fingerprint,
        scores: Vec<ScoreRecord>,
        answer: Answer<()>,
        room: OwnedSemaphorePermit,
    },
    Flush(Answer<()>),
}

/// Starts the thread; the caller holds the writer lock.
pub(crate) fn start(inner: &Arc<Inner>) -> Result<Shared, StoreError> {
    let conn = inner.connect()?;
    let session = Session::open(conn).map_err(|fault| inner.tell(fault))?;
    let session_no = session.number();
    let (queue, messages) = channel();
    let subscribers = Subscribers::default();
    let committer = thread::Committer::new(Arc::clone(inner), session, Arc::clone(&subscribers));
    let thread = std::thread::Builder::new()
        .name("trilemma-store".to_owned())
        .spawn(move || committer.run(&messages))
        .map_err(|error| StoreError::from_io(&inner.place.db, &error))?;
    Ok(Shared {
        inner: Arc::clone(inner),
        queue: Some(queue),
        thread: Some(thread),
        room: Arc::new(Semaphore::new(QUEUE_BYTES / UNIT_BYTES)),
        session: session_no,
        subscribers,
    })
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told to everyone who waited for a receipt.
            let _ = thread.join();
        }
    }
}

impl Writer {
    /// Announces a call in the journal: one small write, before the call's first byte is sent.
    /// `attempt` is its number within the trial, from 1.
    ///
    /// # Errors
    /// As the file system gives them; the call must not be made then.
    pub fn announce(&self, run: &RunId, key: TrialKey, attempt: u32) -> Result<(), StoreError> {
        let call = Call {
            run: run_hash(run),
            session: self.shared.session,
            key,
            attempt,
        };
        hold(&self.shared.inner.journal).announce(&call)
    }

    /// Records a settled trial. Waits while the queue is full; the receipt gives the trial back
    /// once it is durable.
    ///
    /// A trial that exists is replaced: its earlier attempts stay, their cost is added, attempt
    /// numbers continue; its scores go. Attempts that [`Writer::attempt`] has recorded already are
    /// recognised by number and start time.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when the writer has ended; the receipt tells everything else.
    pub async fn trial(&self, run: &RunId, trial: Trial) -> Result<Receipt<Trial>, StoreError> {
        let room = self.room(trial_bytes(&trial)).await?;
        let (answer, receipt) = self.receipt();
        self.send(Message::Trial {
            run: run.clone(),
            trial: Box::new(trial),
            answer,
            room,
        })?;
        Ok(receipt)
    }

    /// Records a failed attempt of a trial that still goes on. `request` is the trial's request.
    ///
    /// # Errors
    /// As [`Writer::trial`].
    pub async fn attempt(
        &self,
        run: &RunId,
        key: TrialKey,
        request: Fingerprint,
        attempt: Attempt,
    ) -> Result<Receipt<()>, StoreError> {
        let room = self.room(attempt_bytes(&attempt)).await?;
        let (answer, receipt) = self.receipt();
        self.send(Message::Attempt {
            run: run.clone(),
            key,
            request,
            attempt: Box::new(attempt),
            answer,
            room,
        })?;
        Ok(receipt)
    }

    /// Announces the call of a judge, as [`Writer::announce`] does for a trial's.
    ///
    /// # Errors
    /// As the file system gives them; the call must not be made then.
    pub fn announce_judgement(
        &self,
        run: &RunId,
        key: TrialKey,
        request: &Fingerprint,
    ) -> Result<(), StoreError> {
        self.announce(run, key, judge_mark(request))
    }

    /// Records a failed attempt of a judge's call that still goes on; `set` is the score set in
    /// which its scorer is counted.
    ///
    /// # Errors
    /// As [`Writer::trial`].
    pub async fn judge_attempt(
        &self,
        run: &RunId,
        set: Fingerprint,
        key: JudgementKey,
        attempt: Attempt,
    ) -> Result<Receipt<()>, StoreError> {
        let room = self.room(attempt_bytes(&attempt)).await?;
        let (answer, receipt) = self.receipt();
        self.send(Message::JudgeAttempt {
            run: run.clone(),
            set,
            key,
            attempt: Box::new(attempt),
            answer,
            room,
        })?;
        Ok(receipt)
    }

    /// Records a settled call of a judge; an earlier one of the same seat is replaced, its attempts
    /// stay. Attempts that [`Writer::judge_attempt`] has recorded already are recognised.
    ///
    /// # Errors
    /// As [`Writer::trial`].
    pub async fn judgement(
        &self,
        run: &RunId,
        set: Fingerprint,
        judgement: Judgement,
    ) -> Result<Receipt<()>, StoreError> {
        let n_bytes = outcome_bytes(&judgement.outcome)
            + judgement.attempts.iter().map(attempt_bytes).sum::<usize>();
        let room = self.room(512 + n_bytes).await?;
        let (answer, receipt) = self.receipt();
        self.send(Message::Judgement {
            run: run.clone(),
            set,
            judgement: Box::new(judgement),
            answer,
            room,
        })?;
        Ok(receipt)
    }

    /// Records what scorers of the set with this fingerprint said; an earlier word of the same
    /// scorer on the same trial is replaced. All of them are recorded, or none.
    ///
    /// # Errors
    /// As [`Writer::trial`].
    pub async fn scores(
        &self,
        run: &RunId,
        set: Fingerprint,
        scores: Vec<ScoreRecord>,
    ) -> Result<Receipt<()>, StoreError> {
        let n_bytes = scores.iter().map(score_bytes).sum();
        let room = self.room(n_bytes).await?;
        let (answer, receipt) = self.receipt();
        self.send(Message::Scores {
            run: run.clone(),
            set,
            scores,
            answer,
            room,
        })?;
        Ok(receipt)
    }

    /// Waits until everything recorded before is durable.
    ///
    /// # Errors
    /// The first error since the last flush of a record whose receipt was dropped.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let (answer, receipt) = self.receipt();
        self.send(Message::Flush(answer))?;
        receipt.await
    }

    /// Subscribes to the commits of trials, from now on.
    #[must_use]
    pub fn subscribe(&self) -> Commits {
        let (sender, receiver) = mpsc::unbounded_channel();
        hold(&self.shared.subscribers).push(sender);
        Commits(receiver)
    }

    fn path(&self) -> PathBuf {
        self.shared.inner.place.db.clone()
    }

    fn closed(&self) -> StoreError {
        StoreError::Closed { path: self.path() }
    }

    fn receipt<T>(&self) -> (Answer<T>, Receipt<T>) {
        let (sender, answer) = oneshot::channel();
        let path = self.path();
        (sender, Receipt { answer, path })
    }

    fn send(&self, message: Message) -> Result<(), StoreError> {
        self.shared
            .queue
            .as_ref()
            .and_then(|queue| queue.send(message).ok())
            .ok_or_else(|| self.closed())
    }

    async fn room(&self, n_bytes: usize) -> Result<OwnedSemaphorePermit, StoreError> {
        let n_units = n_bytes
            .div_ceil(UNIT_BYTES)
            .clamp(1, QUEUE_BYTES / UNIT_BYTES);
        let n_units = u32::try_from(n_units).unwrap_or(u32::MAX);
        Arc::clone(&self.shared.room)
            .acquire_many_owned(n_units)
            .await
            .map_err(|_| self.closed())
    }
}

/// About what a trial occupies in memory.
fn trial_bytes(trial: &Trial) -> usize {
    let attempts = trial.attempts.iter().map(attempt_bytes);
    512 + outcome_bytes(&trial.outcome) + attempts.sum::<usize>()
}

fn outcome_bytes(outcome: &TrialOutcome) -> usize {
    match outcome {
        TrialOutcome::Failed(failure) => failure.message.len(),
        TrialOutcome::Answered { reply, timing } => {
            let response = &reply.response;
            let texts = [&response.reasoning, &response.refusal];
            let calls = response
                .tool_calls
                .iter()
                .map(|call| 256 + value_bytes(&call.arguments));
            response.text.len()
                + texts.into_iter().flatten().map(String::len).sum::<usize>()
                + calls.sum::<usize>()
                + timing.chunk_us.len() * 4
        }
    }
}

fn attempt_bytes(attempt: &Attempt) -> usize {
    256 + attempt.raw_body.as_ref().map_or(0, Vec::len)
        + attempt.timing.chunk_us.len() * 4
        + attempt
            .failure
            .as_ref()
            .map_or(0, |failure| failure.message.len())
}

fn value_bytes(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    32 + match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(value_bytes).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + value_bytes(value))
            .sum(),
    }
}

fn score_bytes(score: &ScoreRecord) -> usize {
    use trilemma_domain::ScoredOutcome;
    64 + match &score.outcome {
        ScoredOutcome::Scored { explanation, .. } => explanation.as_ref().map_or(0, String::len),
        ScoredOutcome::NotApplicable { reason } | ScoredOutcome::Failed { reason } => reason.len(),
    }
}
