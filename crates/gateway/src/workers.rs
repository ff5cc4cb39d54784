//! Threads that answer, each with a runtime of its own.
//!
//! In: connections. Out: each is served by the thread that has fewest of them, and stays there: its
//! timers, and the connections of upstreams that it uses, belong to the same thread, so that a request
//! wakes no thread but its own. What is done beside answering has the runtime of whoever serves.
//!
//! A runtime whose threads take work from each other spends, on a request that waits for its upstream,
//! several wake-ups of a second thread that finds nothing to do.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Distance between wake-ups of a thread that has nothing to do: less than any limit that every request has.
const TICK: Duration = Duration::from_secs(5);

/// Threads that answer; they end with this.
#[derive(Debug)]
pub struct Workers {
    first: Worker,
    others: Vec<Worker>,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    n_open: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A connection's place on a thread, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    n_open: Arc<AtomicUsize>,
}

impl Workers {
    /// Starts so many threads.
    ///
    /// # Errors
    /// The system's, where it gives no thread.
    pub fn start(n: NonZeroUsize) -> io::Result<Self> {
        Ok(Self {
            first: Worker::start()?,
            others: (1..n.get())
                .map(|_| Worker::start())
                .collect::<io::Result<_>>()?,
        })
    }

    /// Gives the runtime of the thread that has fewest connections, and a place there.
    pub(crate) fn seat(&self) -> (&Handle, Seat) {
        let n_open = |worker: &Worker| worker.n_open.load(Ordering::Relaxed);
        let worker = self.others.iter().fold(&self.first, |least, other| {
            if n_open(other) < n_open(least) {
                other
            } else {
                least
            }
        });
        worker.n_open.fetch_add(1, Ordering::Relaxed);
        let n_open = Arc::clone(&worker.n_open);
        (&worker.handle, Seat { n_open })
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("answers".to_owned())
            .spawn(move || {
                runtime.block_on(until(stopped));
                // All connections are over; a name that is still being looked up keeps nobody.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle,
            n_open: Arc::default(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

/// Waits until it is to stop.
///
/// A timer that is to fire before all others wakes the driver, by a system call; where there is always one that
/// fires soon, those of requests never do.
async fn until(stopped: oneshot::Receiver<()>) {
    let mut stopped = std::pin::pin!(stopped);
    while timeout(TICK, stopped.as_mut()).await.is_err() {}
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _joined = thread.join();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.n_open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_fewest_gets_the_next_and_all_end_together() {
        let workers = Workers::start(NonZeroUsize::new(2).unwrap()).unwrap();
        let (first, kept) = workers.seat();
        let (second, left) = workers.seat();
        assert_ne!(first.id(), second.id());
        drop(left);
        assert_eq!(workers.seat().0.id(), second.id());
        drop(kept);
        let named = first.spawn(async { std::thread::current().name().map(str::to_owned) });
        let named = Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(named);
        assert_eq!(named.unwrap().as_deref(), Some("answers"));
    }
}
