//! Work that is done beside the traffic: so much at once, within bounded memory.
//!
//! In: pieces of work, handed over without a wait. Out: each done by a task of its own, or given back because too
//! much waits. When the gateway ends, what waits is forgotten and what is under way gets a moment.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// Pieces that may wait.
const MAX_WAITING: usize = 64;
/// Bytes that may wait.
const MAX_WAITING_BYTES: usize = 16 << 20;
/// Time that work under way gets to end when the gateway stops.
const REST: Duration = Duration::from_secs(2);

/// Does one piece.
pub(crate) type Work<T> = Box<dyn Fn(T) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Takes pieces of work.
pub(crate) struct Beside<T> {
    sender: Mutex<Option<mpsc::Sender<(T, usize)>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: Notify,
    n_waiting_bytes: AtomicUsize,
}

impl<T: Send + 'static> Beside<T> {
    /// Starts; `most` pieces are worked on at once. Within a runtime.
    pub(crate) fn new(most: usize, work: Work<T>) -> Self {
        let shared = Arc::new(Shared::default());
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        let task = tokio::spawn(work_on(Arc::clone(&shared), receiver, most, work));
        Self {
            sender: Mutex::new(Some(sender)),
            task: Mutex::new(Some(task)),
            shared,
        }
    }

    /// Hands a piece of about so many bytes over; never waits. False = too much waits, or it has ended.
    pub(crate) fn send(&self, piece: T, n_bytes: usize) -> bool {
        let waiting = &self.shared.n_waiting_bytes;
        let before = waiting.fetch_add(n_bytes, Ordering::Relaxed);
        let is_taken = before + n_bytes <= MAX_WAITING_BYTES && {
            let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
            sender
                .as_ref()
                .is_some_and(|sender| sender.try_send((piece, n_bytes)).is_ok())
        };
        if !is_taken {
            waiting.fetch_sub(n_bytes, Ordering::Relaxed);
        }
        is_taken
    }

    /// Ends: what waits is forgotten, what is under way gets a moment.
    pub(crate) async fn end(&self) {
        let sender = {
            let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
            sender.take()
        };
        drop(sender);
        self.shared.stop.notify_one();
        let task = {
            let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
            task.take()
        };
        if let Some(task) = task {
            let _ended = task.await;
        }
    }
}

async fn work_on<T: Send + 'static>(
    shared: Arc<Shared>,
    mut receiver: mpsc::Receiver<(T, usize)>,
    most: usize,
    work: Work<T>,
) {
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shared.stop.notified() => break,
            Some(_) = under_way.join_next() => {}
            piece = receiver.recv(), if under_way.len() < most => match piece {
                Some((piece, n_bytes)) => {
                    shared.n_waiting_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
                    under_way.spawn(work(piece));
                }
                None => break,
            },
        }
    }
    let _rested = timeout(REST, async {
        while under_way.join_next().await.is_some() {}
    })
    .await;
    // A call that is broken off is recorded at the most that it can have cost.
    under_way.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[tokio::test]
    async fn what_does_not_fit_is_given_back() {
        let done = Arc::new(AtomicU64::new(0));
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let (count, open) = (Arc::clone(&done), Arc::clone(&gate));
        let beside: Beside<u64> = Beside::new(
            1,
            Box::new(move |n| {
                let (count, open) = (Arc::clone(&count), Arc::clone(&open));
                Box::pin(async move {
                    if let Ok(leave) = open.acquire().await {
                        leave.forget();
                        count.fetch_add(n, Ordering::Relaxed);
                    }
                })
            }),
        );
        assert!(!beside.send(1, MAX_WAITING_BYTES + 1));
        assert!(beside.send(1, MAX_WAITING_BYTES));
        assert!(!beside.send(1, 1));
        // One is under way, and its bytes are free again.
        tokio::task::yield_now().await;
        let n_taken = (0..2 * MAX_WAITING).filter(|_| beside.send(1, 1)).count();
        assert_eq!(n_taken, MAX_WAITING);
        gate.add_permits(1 + MAX_WAITING);
        while done.load(Ordering::Relaxed) < 1 + MAX_WAITING as u64 {
            tokio::task::yield_now().await;
        }
        beside.end().await;
        assert!(!beside.send(1, 1));
    }
}
