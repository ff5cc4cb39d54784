//! Who may still be the best of several arms, while all of them answer the same items.
//!
//! In: answers, in a random order of the items. Out: the arms that are not shown to be worse than another. For
//! requirements that compare with the best: its place can only be taken by an arm that is still in.
//!
//! An arm is released when the evidence that some other arm is better reaches `(K - 1)/δ`. Of the truly best arm each
//! of these K - 1 claims is false, and each reaches that with probability at most `δ/(K - 1)`, whenever one looks
//! (Ville; `evidence`). So the best is released with probability at most δ; that others are costs nothing. What is
//! missing counts for the arm that would be released. Conditions: items independent, each counting the same.
//! Checked by `the_best_is_released_at_most_as_often_as_claimed`.

use super::evidence::Null;
use super::grid::Grid;
use super::types::Answer;
use crate::sequential::Population;

/// The arms that may be the best.
#[derive(Debug, Clone)]
pub(super) struct Contest {
    arms: Vec<usize>,
    /// Arms that began.
    n_began: usize,
    /// Items that all of them have answered.
    pub(super) seen: usize,
    delta: f64,
    null: Null,
}

impl Contest {
    /// Lines up; `delta` bounds the probability that the best is released.
    pub(super) fn new(arms: Vec<usize>, population: Population, delta: f64) -> Self {
        Self {
            n_began: arms.len(),
            arms,
            seen: 0,
            delta,
            null: Null::not_better(population),
        }
    }

    /// The arms that may be the best.
    pub(super) fn arms(&self) -> &[usize] {
        &self.arms
    }

    /// Whether one arm is left, or everything was answered.
    pub(super) fn is_over(&self, items: usize) -> bool {
        self.arms.len() < 2 || self.seen >= items
    }

    /// Looks at the first `seen` items, which all arms that are left have answered.
    pub(super) fn look(&mut self, known: &Grid<Option<Answer>>, seen: usize) {
        self.seen = seen;
        let rivals = self.n_began.saturating_sub(1).max(1);
        let wanted = (rivals as f64 / self.delta).ln();
        let arms = self.arms.clone();
        let is_worse = |arm: usize| {
            let others = arms.iter().filter(|other| **other != arm);
            let mut shown = others.map(|other| self.evidence(known, (*other, arm)));
            shown.any(|evidence| evidence >= wanted)
        };
        let left: Vec<usize> = arms.iter().copied().filter(|arm| !is_worse(*arm)).collect();
        // All at once can only be worse than each other by mistake.
        if !left.is_empty() {
            self.arms = left;
        }
    }

    /// Logarithm of the evidence that `better` is better than `worse`.
    fn evidence(&self, known: &Grid<Option<Answer>>, (better, worse): (usize, usize)) -> f64 {
        let range =
            |arm: usize, item: usize| known.get(arm, item).map_or((0.0, 1.0), Answer::range);
        let lows = (0..self.seen).map(|item| range(better, item).0 - range(worse, item).1);
        self.null.log_evidence(lows)
    }
}
