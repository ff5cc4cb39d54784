//! Takes samples from any number of tasks and commits them in groups on a thread of its own.
//!
//! In: samples. Out: the same in the store, at most 100 ms or 4,096 samples later. A request's slot is free
//! at its last byte, not at its commit; a disk that cannot keep up fills a queue of 65,536 samples and then
//! holds the requests back, which shows as waiting in the client.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::time::Instant;
use trilemma_domain::{LoadSample, LoadTestId};
use trilemma_store::{Store, StoreError};

use crate::error::LoadError;

const QUEUE: usize = 65_536;
const MAX_BATCH: usize = 4_096;
const MAX_AGE: Duration = Duration::from_millis(100);

/// Where samples go; false = they are lost, so that the test must end.
pub type Sink = Arc<dyn Fn(LoadSample) -> bool + Send + Sync>;

enum Note {
    Sample(Box<LoadSample>),
    Flush(SyncSender<Result<(), StoreError>>),
}

/// The thread that commits; everything in its queue is committed before it ends.
pub struct Recorder {
    queue: Option<SyncSender<Note>>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`LoadError::Defect`] when the system gives no thread.
    pub fn start(store: Store, test: LoadTestId) -> Result<Self, LoadError> {
        let (queue, notes) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("trilemma-load".to_owned())
            .spawn(move || record(&store, &test, &notes))
            .map_err(|error| LoadError::Defect(error.to_string()))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Gives a way in.
    #[must_use]
    pub fn sink(&self) -> Sink {
        let queue = self.queue.clone();
        Arc::new(move |sample| {
            let note = Note::Sample(Box::new(sample));
            queue.as_ref().is_some_and(|queue| queue.send(note).is_ok())
        })
    }

    /// Waits until everything taken before is durable.
    ///
    /// # Errors
    /// The first error since the last flush.
    pub fn flush(&self) -> Result<(), LoadError> {
        let gone = || LoadError::Defect("the recording thread has ended".to_owned());
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        let (answer, done) = sync_channel(1);
        queue.send(Note::Flush(answer)).map_err(|_| gone())?;
        Ok(done.recv().map_err(|_| gone())??)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            // Whoever flushed was told of a panic.
            let _ = thread.join();
        }
    }
}

fn record(store: &Store, test: &LoadTestId, notes: &Receiver<Note>) {
    let mut failure = None;
    let mut batch: Vec<LoadSample> = Vec::new();
    let commit = |batch: &mut Vec<LoadSample>, failure: &mut Option<StoreError>| {
        if let Err(error) = store.put_load_samples(test, batch) {
            failure.get_or_insert(error);
        }
        batch.clear();
    };
    while let Ok(first) = notes.recv() {
        let begun = Instant::now();
        let mut next = Some(first);
        while let Some(note) = next {
            match note {
                Note::Sample(sample) => batch.push(*sample),
                Note::Flush(answer) => {
                    commit(&mut batch, &mut failure);
                    // Whoever asked may have gone.
                    let _ = answer.send(failure.take().map_or(Ok(()), Err));
                }
            }
            let left = MAX_AGE.saturating_sub(begun.elapsed());
            let is_full = batch.len() >= MAX_BATCH || left.is_zero();
            next = match notes.recv_timeout(left) {
                Ok(note) if !is_full => Some(note),
                Ok(note) => {
                    commit(&mut batch, &mut failure);
                    Some(note)
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
            };
        }
        if !batch.is_empty() {
            commit(&mut batch, &mut failure);
        }
    }
}
