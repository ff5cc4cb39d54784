//! Asking running work to come to an end.
//!
//! In: one call of [`Cancel::cancel`]. Out: every wait of a lane that holds a clone ends, and no
//! new attempt starts. Attempts in flight are not broken off: they are paid for. Whoever wants
//! them gone drops their future.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A request to stop, shared by its clones; it cannot be taken back.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    asked: AtomicBool,
    changed: Notify,
}

impl Cancel {
    /// Makes one that nobody has used yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop.
    pub fn cancel(&self) {
        self.shared.asked.store(true, Ordering::Release);
        self.shared.changed.notify_waiters();
    }

    /// Says whether somebody asked.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.shared.asked.load(Ordering::Acquire)
    }

    /// Waits until somebody asks.
    pub async fn cancelled(&self) {
        let mut notified = std::pin::pin!(self.shared.changed.notified());
        // Registered before the check, so that a request in between is not lost.
        notified.as_mut().enable();
        if !self.is_cancelled() {
            notified.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn every_clone_hears_it() {
        let cancel = Cancel::new();
        let clone = cancel.clone();
        let waiter = tokio::spawn(async move { clone.cancelled().await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!cancel.is_cancelled() && !waiter.is_finished());
        cancel.cancel();
        waiter.await.unwrap();
        cancel.cancelled().await;
        assert!(cancel.is_cancelled());
    }
}
