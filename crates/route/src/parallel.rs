//! Work in parts that do not depend on each other, on as many cores as there are.
//!
//! In: a number of parts and what is done for each. Out: what came of them, in their order, the same on any number of
//! cores. Parts of a part are done one after the other: the cores are busy already.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

thread_local! {
    /// Whether this thread works on a part.
    static IS_PART: Cell<bool> = const { Cell::new(false) };
}

/// Does the parts.
pub(crate) fn in_parallel<T: Send>(n_parts: usize, part: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let n_cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let n_workers = n_cores.min(n_parts);
    if n_workers < 2 || IS_PART.get() {
        return (0..n_parts).map(part).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        IS_PART.set(true);
        let mut own = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= n_parts {
                return own;
            }
            own.push((at, part(at)));
        }
    };
    let mut all: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().flat_map(|worker| match worker.join() {
            Ok(own) => own,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    });
    all.sort_by_key(|one| one.0);
    all.into_iter().map(|one| one.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_their_order_and_parts_of_parts_on_their_own_thread() {
        let found = in_parallel(20, |at| {
            let own = thread::current().id();
            let inner = in_parallel(3, |part| (part, thread::current().id() == own));
            (at, inner)
        });
        for (at, (own, inner)) in found.iter().enumerate() {
            assert_eq!(at, *own);
            assert_eq!(*inner, [(0, true), (1, true), (2, true)]);
        }
        assert!(in_parallel(0, |at| at).is_empty());
    }
}
