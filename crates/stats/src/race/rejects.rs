//! Successive rejects: a fixed number of questions halves a large field before a race begins.
//!
//! In: outcomes. Out: questions in phases; after each phase the worst arm is dropped, until as many are left
//! as wanted. All alive arms answer the same items. It needs its budget in advance and gives no error bound.
//! Source: J.-Y. Audibert, S. Bubeck, R. Munos, "Best arm identification in multi-armed bandits" (COLT 2010):
//! `n_k = ceil((B - K) / (L (K + 1 - k)))`, `L = 1/2 + Σ_{i=2}^K 1/i`.

use std::collections::BTreeSet;

use super::types::{Answer, Field, Query};
use super::weights::Weights;
use crate::StatsError;

/// The halving of a field.
#[derive(Debug, Clone)]
pub struct SuccessiveRejects {
    field: Field,
    keep: usize,
    /// Budget in questions.
    budget: usize,
    /// Passes, as items count.
    passes: Vec<f64>,
    weights: Weights,
    alive: Vec<usize>,
    /// Items that every alive arm has been asked.
    asked: usize,
    waiting: BTreeSet<Query>,
}

impl SuccessiveRejects {
    /// Lines up; the field shrinks to `keep` arms with about `budget` questions.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without arms or items, [`StatsError::OutOfRange`] for a tolerance outside (0, 1).
    pub fn new(field: Field, keep: usize, budget: usize) -> Result<Self, StatsError> {
        field.check()?;
        Ok(Self {
            keep: keep.max(1),
            budget,
            passes: vec![0.0; field.arms],
            weights: Weights::even(field.items),
            alive: (0..field.arms).collect(),
            asked: 0,
            waiting: BTreeSet::new(),
            field,
        })
    }

    /// Lets items count unequally, each by its weight at its place in the order.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] unless there is a weight per item, [`StatsError::NotFinite`] and
    /// [`StatsError::OutOfRange`] for weights that are not finite and above 0.
    pub fn weighted(self, weights: &[f64]) -> Result<Self, StatsError> {
        let weights = Weights::new(weights, self.field.items)?;
        Ok(Self { weights, ..self })
    }

    /// Returns the questions of the current phase; `None` once the field is as small as wanted.
    pub fn next_questions(&mut self) -> Option<Vec<Query>> {
        loop {
            if !self.waiting.is_empty() {
                return Some(self.waiting.iter().copied().collect());
            }
            if self.alive.len() <= self.keep {
                return None;
            }
            let phase = self.field.arms + 1 - self.alive.len();
            let until = self.length(phase).clamp(1, self.field.items);
            if self.asked < until {
                let items = self.asked..until;
                let queries = items
                    .flat_map(|item| self.alive.iter().map(move |arm| Query { arm: *arm, item }));
                self.waiting = queries.collect();
                self.asked = until;
            } else {
                self.drop_worst();
            }
        }
    }

    /// Takes an answer; what was not asked is ignored, and a missing one counts as failed.
    pub fn answer(&mut self, query: Query, answer: Answer) {
        if self.waiting.remove(&query)
            && let Some(passes) = self.passes.get_mut(query.arm)
        {
            *passes += self.weights.of(query.item) * answer.range().0;
        }
    }

    /// Returns the arms that are left, in their order.
    #[must_use]
    pub fn alive(&self) -> &[usize] {
        &self.alive
    }

    /// Items per arm at the end of phase `phase`, from 1 on.
    fn length(&self, phase: usize) -> usize {
        let arms = self.field.arms;
        let harmonic: f64 = 0.5 + (2..=arms).map(|i| 1.0 / i as f64).sum::<f64>();
        let spare = self.budget.saturating_sub(arms) as f64;
        (spare / (harmonic * (arms + 1 - phase) as f64)).ceil() as usize
    }

    /// Drops the arm with the fewest passes, of equals the last.
    fn drop_worst(&mut self) {
        let passes = |arm: usize| self.passes.get(arm).copied().unwrap_or(0.0);
        let worst = (self.alive.iter().rev()).min_by(|a, b| passes(**a).total_cmp(&passes(**b)));
        if let Some(worst) = worst.copied() {
            self.alive.retain(|arm| *arm != worst);
        }
    }
}
