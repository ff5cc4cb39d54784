//! Golden sets drawn out of a recorded one, on all cores.

use trilemma_stats::resample::{ChaChaStream, IndexStream};

/// Calls `each` for `n_sets` golden sets of `n_items` out of `n_all`, drawn without replacement; the
/// answers come in the order of the sets, the same on any number of cores.
pub(crate) fn each_set<T: Send>(
    n_all: usize,
    n_items: usize,
    n_sets: usize,
    each: impl Fn(&[usize]) -> T + Sync,
) -> Vec<T> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let block = n_sets.div_ceil(n_threads).max(1);
    let each = &each;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_sets)
            .step_by(block)
            .map(|first| {
                let last = (first + block).min(n_sets);
                scope.spawn(move || {
                    (first..last)
                        .map(|set| each(&draw(n_all, n_items, set as u64)))
                        .collect::<Vec<T>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    })
}

/// The items of one golden set.
fn draw(n_all: usize, n_items: usize, seed: u64) -> Vec<usize> {
    let mut stream = ChaChaStream::new(seed);
    let mut order: Vec<usize> = (0..n_all).collect();
    for place in 0..n_items.min(n_all) {
        order.swap(place, place + stream.next_index(n_all - place));
    }
    order.truncate(n_items);
    order
}
