//! Permits in first-come order, whose number can change while some are out.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// A fair semaphore of changing size.
#[derive(Debug)]
pub(crate) struct Gate {
    semaphore: Semaphore,
    size: Mutex<Size>,
}

#[derive(Debug)]
struct Size {
    n_permits: usize,
    /// Permits that are out and will not come back.
    n_owed: usize,
}

/// Leave to have one attempt in flight; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    gate: &'a Gate,
    inner: Option<SemaphorePermit<'a>>,
}

impl Gate {
    pub(crate) fn new(n_permits: usize) -> Self {
        let n_permits = n_permits.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            semaphore: Semaphore::new(n_permits),
            size: Mutex::new(Size {
                n_permits,
                n_owed: 0,
            }),
        }
    }

    /// Waits for a permit, behind those who came before.
    pub(crate) async fn enter(&self) -> Permit<'_> {
        Permit {
            gate: self,
            // The semaphore is never closed.
            inner: self.semaphore.acquire().await.ok(),
        }
    }

    /// Changes the number of permits; those out above it are withdrawn as they come back.
    pub(crate) fn resize(&self, n_permits: usize) {
        let n_permits = n_permits.clamp(1, Semaphore::MAX_PERMITS);
        let mut size = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        if n_permits > size.n_permits {
            let n_more = n_permits - size.n_permits;
            let n_kept = n_more.min(size.n_owed);
            size.n_owed -= n_kept;
            self.semaphore.add_permits(n_more - n_kept);
        } else {
            let n_less = size.n_permits - n_permits;
            let n_gone = self.semaphore.forget_permits(n_less);
            size.n_owed += n_less - n_gone;
        }
        size.n_permits = n_permits;
    }

    /// How many permits are out, and of how many.
    pub(crate) fn in_use(&self) -> (usize, usize) {
        let size = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        let n_all = size.n_permits + size.n_owed;
        (
            n_all.saturating_sub(self.semaphore.available_permits()),
            size.n_permits,
        )
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut size = self
            .gate
            .size
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if size.n_owed > 0
            && let Some(permit) = self.inner.take()
        {
            size.n_owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn shrinking_takes_back_what_is_out_as_it_returns() {
        let gate = Gate::new(4);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(gate.enter().await);
        }
        gate.resize(2);
        assert_eq!(gate.in_use(), (3, 2));
        assert_eq!(gate.semaphore.available_permits(), 0);
        held.pop();
        assert_eq!(
            (gate.in_use(), gate.semaphore.available_permits()),
            ((2, 2), 0)
        );
        held.pop();
        assert_eq!(
            (gate.in_use(), gate.semaphore.available_permits()),
            ((1, 2), 1)
        );
        gate.resize(5);
        assert_eq!(
            (gate.in_use(), gate.semaphore.available_permits()),
            ((1, 5), 4)
        );
        gate.resize(0);
        assert_eq!(gate.in_use(), (1, 1));
    }

    #[tokio::test]
    async fn growing_cancels_debts_first() {
        let gate = Gate::new(3);
        let held = [gate.enter().await, gate.enter().await, gate.enter().await];
        gate.resize(1);
        gate.resize(2);
        assert_eq!(gate.semaphore.available_permits(), 0);
        drop(held);
        assert_eq!(
            (gate.in_use(), gate.semaphore.available_permits()),
            ((0, 2), 2)
        );
    }
}
