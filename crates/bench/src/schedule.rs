//! Which call comes next: all candidates interleaved over one seeded random order of items.
//!
//! Every candidate walks the same shuffled list of (item, repeat), so that time of day is not
//! confounded with a candidate; who is furthest behind goes first, ties in seeded order. A candidate
//! that cannot be called right now is passed over and catches up later.
//!
//! In: sizes, seed, which trials are settled. Out: trial keys, each once.

use std::collections::HashSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use trilemma_domain::TrialKey;

/// Sizes of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Candidates.
    pub n_candidates: u32,
    /// Items.
    pub n_items: u32,
    /// Answers per candidate and item.
    pub repeats: u32,
}

impl Shape {
    /// Trials of the whole run.
    #[must_use]
    pub fn n_trials(self) -> u64 {
        u64::from(self.n_candidates) * u64::from(self.n_items) * u64::from(self.repeats)
    }
}

/// What the schedule says when asked for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Make this one.
    Call(TrialKey),
    /// Every candidate with calls left is passed over for now.
    Wait,
    /// Nothing is left to hand out.
    Done,
}

/// The calls of a run that are not settled yet.
#[derive(Debug)]
pub struct Schedule {
    shape: Shape,
    seed: u64,
    /// Positions in the order of the calls, shuffled: item + repeat × n_items.
    order: Vec<u64>,
    lanes: Vec<Lane>,
}

#[derive(Debug)]
struct Lane {
    /// Next position in `order`.
    cursor: usize,
    /// Places in `order` that need no call, as bits.
    settled: Vec<u64>,
    n_left: u64,
    closed: bool,
}

impl Schedule {
    /// Lays out a run; `is_settled` tells which trials need no call.
    #[must_use]
    pub fn new(shape: Shape, seed: u64, is_settled: impl Fn(TrialKey) -> bool) -> Self {
        let n_positions = u64::from(shape.n_items) * u64::from(shape.repeats);
        Self::over(shape, seed, shuffled(n_positions, seed), is_settled)
    }

    /// Lays out the first `n` places of the same order.
    #[must_use]
    pub fn beginning(
        shape: Shape,
        seed: u64,
        n: usize,
        is_settled: impl Fn(TrialKey) -> bool,
    ) -> Self {
        let n_positions = u64::from(shape.n_items) * u64::from(shape.repeats);
        let mut order = shuffled(n_positions, seed);
        order.truncate(n);
        Self::over(shape, seed, order, is_settled)
    }

    /// Lays out only these trials; the work grows with their number, not with the run.
    #[must_use]
    pub fn of(shape: Shape, seed: u64, wanted: &HashSet<TrialKey>) -> Self {
        let n_items = u64::from(shape.n_items.max(1));
        let position = |key: &TrialKey| u64::from(key.item_idx) + u64::from(key.repeat) * n_items;
        let mut order: Vec<u64> = wanted.iter().map(position).collect();
        // The toss makes it an order of the seed's, whatever the set was filled with.
        order.sort_unstable_by_key(|position| (mix(seed, *position, u32::MAX), *position));
        order.dedup();
        Self::over(shape, seed, order, |key| !wanted.contains(&key))
    }

    fn over(
        shape: Shape,
        seed: u64,
        order: Vec<u64>,
        is_settled: impl Fn(TrialKey) -> bool,
    ) -> Self {
        let lanes = (0..shape.n_candidates)
            .map(|candidate_idx| {
                Lane::new(&order, |position| {
                    is_settled(key(shape, candidate_idx, position))
                })
            })
            .collect();
        Self {
            shape,
            seed,
            order,
            lanes,
        }
    }

    /// Calls not handed out yet.
    #[must_use]
    pub fn n_left(&self) -> u64 {
        self.lanes
            .iter()
            .map(|lane| if lane.closed { 0 } else { lane.n_left })
            .sum()
    }

    /// Hands out the next call among candidates for which `may_call` holds.
    pub fn next(&mut self, mut may_call: impl FnMut(u32) -> bool) -> Next {
        let mut best: Option<(usize, u64, u32)> = None;
        let mut any_left = false;
        for (candidate_idx, lane) in (0u32..).zip(&mut self.lanes) {
            lane.skip_settled(self.order.len());
            if lane.closed || lane.n_left == 0 {
                continue;
            }
            any_left = true;
            let rank = (
                lane.cursor,
                mix(self.seed, lane.cursor as u64, candidate_idx),
                candidate_idx,
            );
            if best.is_none_or(|best| rank < best) && may_call(candidate_idx) {
                best = Some(rank);
            }
        }
        let Some((cursor, _, candidate_idx)) = best else {
            return if any_left { Next::Wait } else { Next::Done };
        };
        let position = self.order.get(cursor).copied();
        let lane = self.lanes.get_mut(candidate_idx as usize);
        match (position, lane) {
            (Some(position), Some(lane)) => {
                lane.cursor += 1;
                lane.n_left -= 1;
                Next::Call(key(self.shape, candidate_idx, position))
            }
            _ => Next::Done,
        }
    }

    /// Hands out nothing more for a candidate.
    pub fn close(&mut self, candidate_idx: u32) {
        if let Some(lane) = self.lanes.get_mut(candidate_idx as usize) {
            lane.closed = true;
        }
    }
}

impl Lane {
    fn new(order: &[u64], is_settled: impl Fn(u64) -> bool) -> Self {
        let mut settled = vec![0u64; order.len().div_ceil(64)];
        let mut n_left = order.len() as u64;
        for (place, position) in order.iter().enumerate() {
            if let (true, Some(word)) = (is_settled(*position), settled.get_mut(place / 64)) {
                *word |= 1 << (place % 64);
                n_left -= 1;
            }
        }
        Self {
            cursor: 0,
            settled,
            n_left,
            closed: false,
        }
    }

    fn skip_settled(&mut self, n_places: usize) {
        while self.cursor < n_places {
            let word = self.settled.get(self.cursor / 64).copied().unwrap_or(0);
            if word & (1 << (self.cursor % 64)) == 0 {
                return;
            }
            self.cursor += 1;
        }
    }
}

fn key(shape: Shape, candidate_idx: u32, position: u64) -> TrialKey {
    let n_items = u64::from(shape.n_items.max(1));
    TrialKey {
        candidate_idx,
        item_idx: u32::try_from(position % n_items).unwrap_or(u32::MAX),
        repeat: u32::try_from(position / n_items).unwrap_or(u32::MAX),
    }
}

/// Fisher–Yates with ChaCha8.
pub(crate) fn shuffled(n: u64, seed: u64) -> Vec<u64> {
    let mut order: Vec<u64> = (0..n).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..order.len()).rev() {
        // The bias of a remainder is below 2⁻³² for any run that fits a disk.
        let other = (rng.next_u64() % (last as u64 + 1)) as usize;
        order.swap(last, other);
    }
    order
}

/// `SplitMix64` over seed, position and candidate: a fair and repeatable toss.
fn mix(seed: u64, position: u64, candidate_idx: u32) -> u64 {
    let mut z = seed
        ^ position.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ u64::from(candidate_idx).wrapping_mul(0xD1B5_4A32_D192_ED03);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const SHAPE: Shape = Shape {
        n_candidates: 3,
        n_items: 40,
        repeats: 2,
    };

    fn drain(schedule: &mut Schedule) -> Vec<TrialKey> {
        let mut keys = Vec::new();
        while let Next::Call(key) = schedule.next(|_| true) {
            keys.push(key);
        }
        keys
    }

    #[test]
    fn hands_out_every_call_once() {
        let keys = drain(&mut Schedule::new(SHAPE, 7, |_| false));
        assert_eq!(keys.len() as u64, SHAPE.n_trials());
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
    }

    #[test]
    fn interleaves_candidates_at_every_moment() {
        let keys = drain(&mut Schedule::new(SHAPE, 7, |_| false));
        for round in keys.chunks(3) {
            let candidates: BTreeSet<u32> = round.iter().map(|key| key.candidate_idx).collect();
            let items: BTreeSet<(u32, u32)> =
                round.iter().map(|key| (key.item_idx, key.repeat)).collect();
            assert_eq!((candidates.len(), items.len()), (3, 1));
        }
        let leaders: BTreeSet<u32> = keys.chunks(3).map(|round| round[0].candidate_idx).collect();
        assert_eq!(leaders.len(), 3, "always the same candidate goes first");
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        let order = |seed| drain(&mut Schedule::new(SHAPE, seed, |_| false));
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn settled_trials_are_skipped_and_the_rest_keeps_its_order() {
        let all = drain(&mut Schedule::new(SHAPE, 7, |_| false));
        let half: BTreeSet<TrialKey> = all.iter().take(120).copied().collect();
        let rest = drain(&mut Schedule::new(SHAPE, 7, |key| half.contains(&key)));
        assert_eq!(rest, all[120..]);
    }

    #[test]
    fn the_beginning_of_a_run_is_that_of_the_whole_run() {
        let all = drain(&mut Schedule::new(SHAPE, 7, |_| false));
        let first = drain(&mut Schedule::beginning(SHAPE, 7, 10, |_| false));
        assert_eq!(first, all[..30]);
        let rest = drain(&mut Schedule::new(SHAPE, 7, |key| first.contains(&key)));
        assert_eq!(rest, all[30..]);
    }

    #[test]
    fn a_part_of_a_run_is_handed_out_once_and_alone() {
        let all = drain(&mut Schedule::new(SHAPE, 7, |_| false));
        let wanted: HashSet<TrialKey> = all.iter().step_by(7).copied().collect();
        let keys = drain(&mut Schedule::of(SHAPE, 7, &wanted));
        assert_eq!(keys.len(), wanted.len());
        assert_eq!(keys.iter().copied().collect::<HashSet<_>>(), wanted);
        assert_eq!(keys, drain(&mut Schedule::of(SHAPE, 7, &wanted)));
    }

    #[test]
    fn a_blocked_candidate_waits_and_catches_up() {
        let mut schedule = Schedule::new(SHAPE, 7, |_| false);
        for _ in 0..160 {
            assert!(
                matches!(schedule.next(|idx| idx != 1), Next::Call(key) if key.candidate_idx != 1)
            );
        }
        assert_eq!(schedule.next(|idx| idx != 1), Next::Wait);
        assert_eq!(drain(&mut schedule).len(), 80);
        assert_eq!(schedule.next(|_| true), Next::Done);
    }

    #[test]
    fn a_closed_candidate_gets_nothing_more() {
        let mut schedule = Schedule::new(SHAPE, 7, |_| false);
        schedule.close(0);
        assert_eq!(schedule.n_left(), 160);
        assert!(
            drain(&mut schedule)
                .iter()
                .all(|key| key.candidate_idx != 0)
        );
    }
}
