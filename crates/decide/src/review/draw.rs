//! Draws the items that people are asked about.
//!
//! In: strata of all items, what was drawn before, how many more are wanted, a seed. Out: every item with its
//! stratum, the drawn ones with their turn. Within a stratum every item has the same chance, and the queue is
//! in random order across strata, so that the labels at hand stand for their stratum however far the work has
//! come. Strata are fixed when an item first enters: scoring again does not move it.

use std::collections::BTreeMap;

use trilemma_domain::ReviewItem;
use trilemma_stats::StatsError;
use trilemma_stats::humans::{StratumSize, allocate};
use trilemma_stats::resample::{ChaChaStream, IndexStream};

use super::signal::{ItemSignal, Stratum};

/// Items drawn where nothing is said: with a useful judge, ± 8 points or better.
pub const DEFAULT_LABELLED_ITEMS: usize = 100;
/// Labels that every stratum gets before the rest is shared out.
const FLOOR: usize = 8;
/// Strata of fewer items join the largest.
const SMALLEST: usize = 16;

/// Why nothing was drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DrawError {
    /// There is nothing to draw from.
    #[error(
        "draw items for review, none has a scored answer; hint: run `trilemma bench` or `trilemma score` first"
    )]
    NothingScored,
    /// All items are drawn.
    #[error("draw more items for review, all {n_items} are in the queue; hint: label them")]
    AllDrawn {
        /// Number of items.
        n_items: usize,
    },
    /// The shares make no sense.
    #[error(transparent)]
    Stats(#[from] StatsError),
}

/// Draws `n_more` items beside those of `before`; gives every item that changed or is new.
///
/// Checked by `draws_are_uniform_within_strata` and `later_draws_keep_what_is_drawn`.
///
/// # Errors
/// [`DrawError::NothingScored`], [`DrawError::AllDrawn`].
pub fn draw(
    before: &[ReviewItem],
    signals: &[ItemSignal],
    pass_threshold: f64,
    n_more: usize,
    seed: u64,
) -> Result<Vec<ReviewItem>, DrawError> {
    let frame = frame(before, signals, pass_threshold);
    if frame.is_empty() {
        return Err(DrawError::NothingScored);
    }
    let mut open: BTreeMap<String, Vec<&ReviewItem>> = BTreeMap::new();
    for item in frame.values().filter(|item| item.place.is_none()) {
        open.entry(item.stratum.clone()).or_default().push(item);
    }
    let n_open: usize = open.values().map(Vec::len).sum();
    if n_open == 0 {
        return Err(DrawError::AllDrawn {
            n_items: frame.len(),
        });
    }
    let sizes: Vec<StratumSize> = open
        .iter()
        .map(|(name, items)| StratumSize {
            n_items: items.len(),
            spread: Stratum::named(name).map_or(0.3, Stratum::spread),
        })
        .collect();
    let wanted = allocate(&sizes, n_more, FLOOR)?;
    let mut stream = ChaChaStream::new(seed);
    let mut drawn: Vec<u32> = Vec::new();
    for (items, wanted) in open.values().zip(wanted) {
        let mut order: Vec<u32> = items.iter().map(|item| item.item_idx).collect();
        shuffle(&mut order, &mut stream);
        drawn.extend(order.into_iter().take(wanted));
    }
    shuffle(&mut drawn, &mut stream);
    let next = frame
        .values()
        .filter_map(|item| item.place)
        .max()
        .map_or(0, |last| last.saturating_add(1));
    let turns: BTreeMap<u32, u32> = drawn.into_iter().zip(next..).collect();
    Ok(frame
        .into_values()
        .map(|item| ReviewItem {
            place: item.place.or_else(|| turns.get(&item.item_idx).copied()),
            ..item
        })
        .collect())
}

/// All items: those of before as they were, new ones in strata of their own.
fn frame(
    before: &[ReviewItem],
    signals: &[ItemSignal],
    pass_threshold: f64,
) -> BTreeMap<u32, ReviewItem> {
    let mut frame: BTreeMap<u32, ReviewItem> = before
        .iter()
        .map(|item| (item.item_idx, item.clone()))
        .collect();
    let new: Vec<(u32, Stratum)> = signals
        .iter()
        .filter(|item| !frame.contains_key(&item.item_idx))
        .filter_map(|item| Some((item.item_idx, Stratum::of(item, pass_threshold)?)))
        .collect();
    let mut sizes: BTreeMap<Stratum, usize> = BTreeMap::new();
    for (_, stratum) in &new {
        *sizes.entry(*stratum).or_default() += 1;
    }
    let Some((largest, _)) = sizes.iter().max_by_key(|(_, n)| **n) else {
        return frame;
    };
    // Items that came later had no chance in the earlier draw: they are a world of their own.
    let taken = |name: &str| before.iter().any(|item| item.stratum == name);
    for (item_idx, own) in &new {
        let is_small = sizes.get(own).is_some_and(|n| *n < SMALLEST);
        let mut stratum = if is_small { largest } else { own }.name().to_owned();
        while taken(&stratum) {
            stratum.push_str(", later");
        }
        let item = ReviewItem {
            item_idx: *item_idx,
            stratum,
            place: None,
        };
        frame.insert(*item_idx, item);
    }
    frame
}

/// Fisher and Yates.
fn shuffle(items: &mut [u32], stream: &mut ChaChaStream) {
    for last in (1..items.len()).rev() {
        items.swap(last, stream.next_index(last + 1));
    }
}
