//! Small summaries of texts from which their similarity can be told.
//!
//! In: the texts of one item. Out: a [`Sketch`] and its bands; two texts whose similarity is 0.8 share a
//! band in 99.9 of 100 cases, two of similarity 0.3 in 5.

use std::collections::BTreeSet;

use super::shingle::{mix, runs};

/// Smallest hashes that are kept of a text.
const SKETCH_SIZE: usize = 128;
/// Bands of a sketch; sharing one makes two texts worth comparing.
const BANDS: usize = 20;
/// Minima in a band.
const ROWS: usize = 5;
/// Slots in which runs are counted; collisions only make a run look more frequent.
const SLOTS: usize = 1 << 20;
/// Below this number of texts nothing is called boilerplate.
const MIN_TEXTS: usize = 20;
/// A run in more than one in this many texts is boilerplate.
const BOILERPLATE_ONE_IN: usize = 5;

/// Calls its argument with each text of one item.
pub(crate) type Texts<'a> = &'a dyn Fn(&mut dyn FnMut(&str));

/// The smallest run hashes of a text, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sketch(Vec<u32>);

impl Sketch {
    /// Estimates the share of runs that two texts have in common, in [0, 1]; 0 where one has none.
    pub(crate) fn similarity(&self, other: &Self) -> f64 {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let (mut union, mut both) = (0_usize, 0_usize);
        while union < SKETCH_SIZE {
            match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => {
                    left.next();
                }
                (None, Some(_)) => {
                    right.next();
                }
                (Some(a), Some(b)) => match a.cmp(b) {
                    std::cmp::Ordering::Less => {
                        left.next();
                    }
                    std::cmp::Ordering::Greater => {
                        right.next();
                    }
                    std::cmp::Ordering::Equal => {
                        left.next();
                        right.next();
                        both += 1;
                    }
                },
            }
            union += 1;
        }
        if union == 0 {
            0.0
        } else {
            both as f64 / union as f64
        }
    }
}

/// Which runs stand in many texts.
pub(crate) struct Boilerplate {
    /// Number of texts per slot, and the last text counted there, so that each counts once.
    slots: Vec<(u32, u32)>,
    texts: usize,
}

impl Boilerplate {
    pub(crate) fn new() -> Self {
        Self {
            slots: vec![(0, 0); SLOTS],
            texts: 0,
        }
    }

    /// Counts the runs of one more item.
    pub(crate) fn count(&mut self, texts: Texts<'_>) {
        self.texts += 1;
        let stamp = u32::try_from(self.texts).unwrap_or(u32::MAX);
        let slots = &mut self.slots;
        texts(&mut |text| {
            runs(text, &mut |run| {
                if let Some((count, last)) = slots.get_mut(slot(run))
                    && *last != stamp
                {
                    *count += 1;
                    *last = stamp;
                }
            });
        });
    }

    fn holds(&self, run: u64) -> bool {
        self.texts >= MIN_TEXTS
            && self
                .slots
                .get(slot(run))
                .is_some_and(|&(count, _)| count as usize > self.texts / BOILERPLATE_ONE_IN)
    }
}

fn slot(run: u64) -> usize {
    // The upper bits order the sketch; the lower ones choose the slot.
    (run as usize) & (SLOTS - 1)
}

/// Makes sketches against one count of boilerplate.
pub(crate) struct Sketcher<'a> {
    pub(crate) boilerplate: Option<&'a Boilerplate>,
}

impl Sketcher<'_> {
    /// Summarises the texts of one item; `None` where nothing but boilerplate is in them.
    pub(crate) fn sketch(&self, texts: Texts<'_>) -> Option<(Sketch, Vec<u64>)> {
        let mut smallest: BTreeSet<u32> = BTreeSet::new();
        let mut largest = u32::MAX;
        let mut minima = [u64::MAX; BANDS * ROWS];
        texts(&mut |text| {
            runs(text, &mut |run| {
                if self.boilerplate.is_some_and(|b| b.holds(run)) {
                    return;
                }
                let rank = (run >> 32) as u32;
                if smallest.len() < SKETCH_SIZE || rank < largest {
                    smallest.insert(rank);
                    if smallest.len() > SKETCH_SIZE {
                        smallest.pop_last();
                    }
                    if smallest.len() == SKETCH_SIZE {
                        largest = smallest.last().copied().unwrap_or(u32::MAX);
                    }
                }
                let second = mix(run ^ 0x9e37_79b9_7f4a_7c15);
                let bin = (second % (BANDS * ROWS) as u64) as usize;
                if let Some(minimum) = minima.get_mut(bin) {
                    *minimum = (*minimum).min(second);
                }
            });
        });
        if smallest.is_empty() {
            return None;
        }
        Some((
            Sketch(smallest.into_iter().collect()),
            bands(&densify(&minima)),
        ))
    }
}

/// Fills empty bins from others chosen by hash, the same for every text.
fn densify(minima: &[u64; BANDS * ROWS]) -> [u64; BANDS * ROWS] {
    let mut filled = *minima;
    for (bin, value) in filled.iter_mut().enumerate() {
        let mut attempt = 0_u64;
        // Some bin is filled; the bound only guards against an unlucky sequence.
        while *value == u64::MAX && attempt < 10_000 {
            let other = mix((bin as u64) << 32 | attempt) % (BANDS * ROWS) as u64;
            *value = minima.get(other as usize).copied().unwrap_or(u64::MAX);
            attempt += 1;
        }
    }
    filled
}

fn bands(minima: &[u64]) -> Vec<u64> {
    minima
        .chunks(ROWS)
        .zip(0_u64..)
        .map(|(rows, band)| rows.iter().fold(mix(band), |key, &row| mix(key ^ row)))
        .collect()
}
