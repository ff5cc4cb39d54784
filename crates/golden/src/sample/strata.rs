//! Strata: who may be drawn from each, and how many are.
//!
//! In: ranks of requests, one at a time. Out: per stratum the requests of lowest rank, within bounded
//! memory, and the number to draw from each.

use std::collections::BTreeMap;

use super::options::Allocation;
use super::scan::Place;

/// More strata than this are no strata.
pub(crate) const MAX_STRATA: usize = 1000;

/// A request that may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The first row that asks it.
    pub(crate) place: Place,
    /// How many rows ask it.
    pub(crate) count: u64,
}

/// One stratum.
#[derive(Debug)]
pub(crate) struct Stratum {
    /// Usable rows.
    pub(crate) rows: u64,
    /// Requests of lowest rank.
    pub(crate) entries: BTreeMap<u64, Entry>,
    /// How many are kept; never rises, so that what was dropped stays above what is kept.
    depth: usize,
}

/// All strata.
pub(crate) struct Strata {
    pub(crate) by_name: BTreeMap<Vec<String>, Stratum>,
    n: usize,
    allocation: Allocation,
    rows: u64,
    /// Entries kept in all.
    total: usize,
    limit: usize,
}

/// Entries that even the smallest stratum keeps.
const MIN_DEPTH: usize = 64;

impl Strata {
    /// Prepares to draw `n`.
    pub(crate) fn new(n: usize, allocation: Allocation) -> Self {
        Self {
            by_name: BTreeMap::new(),
            n,
            allocation,
            rows: 0,
            total: 0,
            // Above what thinning out leaves: 8 n and MIN_DEPTH for each stratum.
            limit: n.saturating_mul(16).saturating_add(100 * MAX_STRATA),
        }
    }

    /// Counts a row; false when there are more strata than [`MAX_STRATA`].
    pub(crate) fn add(&mut self, name: Vec<String>, rank: u64, place: Place) -> bool {
        if !self.by_name.contains_key(&name) && self.by_name.len() >= MAX_STRATA {
            return false;
        }
        // Twice the need, since near-duplicates will be passed over.
        let depth = self.n.saturating_mul(2).saturating_add(MIN_DEPTH);
        let stratum = self.by_name.entry(name).or_insert_with(|| Stratum {
            rows: 0,
            entries: BTreeMap::new(),
            depth,
        });
        stratum.rows += 1;
        self.rows += 1;
        let full = stratum.entries.len() >= stratum.depth;
        let too_high = stratum
            .entries
            .last_key_value()
            .is_some_and(|(&highest, _)| full && rank > highest);
        if too_high {
            return true;
        }
        // A request below the highest rank kept has never been dropped, since ranks kept only fall: so
        // counts are exact.
        match stratum.entries.get_mut(&rank) {
            Some(entry) => entry.count += 1,
            None => {
                stratum.entries.insert(rank, Entry { place, count: 1 });
                self.total += 1;
                if full {
                    stratum.entries.pop_last();
                    self.total -= 1;
                }
            }
        }
        if self.total > self.limit {
            self.thin_out();
        }
        true
    }

    /// Drops from each stratum what is far beyond the share that its rows so far give it.
    fn thin_out(&mut self) {
        let strata = self.by_name.len().max(1) as f64;
        for stratum in self.by_name.values_mut() {
            let share = match self.allocation {
                Allocation::Proportional => stratum.rows as f64 / self.rows as f64,
                Allocation::Equal => 1.0 / strata,
            };
            let wanted = (8.0 * share * self.n as f64) as usize;
            stratum.depth = stratum.depth.min(wanted.max(MIN_DEPTH));
            while stratum.entries.len() > stratum.depth {
                stratum.entries.pop_last();
                self.total -= 1;
            }
        }
    }
}

/// Decides how many of `n` each stratum gets, given its rows and how many it can give.
pub(crate) fn allocate(n: usize, allocation: Allocation, sizes: &[(u64, usize)]) -> Vec<usize> {
    let weight = |&(rows, _): &(u64, usize)| match allocation {
        Allocation::Proportional => rows as f64,
        Allocation::Equal => 1.0,
    };
    let mut given = vec![0_usize; sizes.len()];
    let supply: usize = sizes.iter().map(|&(_, can_give)| can_give).sum();
    let n = n.min(supply);
    if n >= sizes.len() {
        for (given, &(_, can_give)) in given.iter_mut().zip(sizes) {
            *given = can_give.min(1);
        }
    }
    // One at a time to whoever is furthest below its share (Webster's method): exact at any size, and
    // what one stratum cannot give goes to the others.
    let mut left = n - given.iter().sum::<usize>();
    let mut queue: std::collections::BinaryHeap<Claim> = given
        .iter()
        .zip(sizes)
        .enumerate()
        .filter(|(_, (given, size))| **given < size.1)
        .map(|(idx, (given, size))| Claim::new(weight(size), *given, idx))
        .collect();
    while left > 0 {
        let Some(claim) = queue.pop() else { break };
        let (Some(given), Some(size)) = (given.get_mut(claim.idx), sizes.get(claim.idx)) else {
            break;
        };
        *given += 1;
        left -= 1;
        if *given < size.1 {
            queue.push(Claim::new(weight(size), *given, claim.idx));
        }
    }
    given
}

/// How strongly a stratum claims the next item.
#[derive(PartialEq)]
struct Claim {
    strength: f64,
    idx: usize,
}

impl Claim {
    fn new(weight: f64, given: usize, idx: usize) -> Self {
        Self {
            strength: weight / (2 * given + 1) as f64,
            idx,
        }
    }
}

impl Eq for Claim {}

impl Ord for Claim {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_strength = self.strength.total_cmp(&other.strength);
        by_strength.then(other.idx.cmp(&self.idx))
    }
}

impl PartialOrd for Claim {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
