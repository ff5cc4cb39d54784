//! Items whose answer changed sides, with both answers next to each other.
//!
//! In: the rounds before and the round now. Out: items that nearly always passed and now fail, then the
//! reverse; at most so many with texts.

use trilemma_domain::{DriftFlip, ItemId};

use crate::look::pairs;
use crate::round::Round;

/// Share of earlier answers on one side from which an item counts as settled.
const SETTLED: f64 = 0.8;
/// Most that are kept; the rest is counted.
const MOST: usize = 20;

/// The flipped items, and how many there are.
pub(crate) fn flips(items: &[ItemId], before: &[Round], now: &Round) -> (Vec<DriftFlip>, usize) {
    let mut all: Vec<DriftFlip> = items
        .iter()
        .zip(pairs(before, now))
        .filter_map(|(item, (earlier, own))| {
            let newest = own.last()?;
            let passes_now = newest.passes?;
            let outcomes: Vec<bool> = earlier.iter().filter_map(|one| one.passes).collect();
            let n_passed = outcomes.iter().filter(|passed| **passed).count();
            let on_other_side = if passes_now {
                outcomes.len() - n_passed
            } else {
                n_passed
            };
            let is_settled = on_other_side as f64 >= SETTLED * outcomes.len() as f64;
            if outcomes.is_empty() || !is_settled {
                return None;
            }
            let typical = earlier
                .iter()
                .rev()
                .find(|one| one.passes == Some(!passes_now));
            Some(DriftFlip {
                item: item.clone(),
                passed_before: (small(n_passed), small(outcomes.len())),
                passes_now,
                before: typical.map(|one| one.text.clone()),
                now: Some(newest.text.clone()),
            })
        })
        .collect();
    all.sort_by_key(|flip| flip.passes_now);
    let n = all.len();
    all.truncate(MOST);
    (all, n)
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
