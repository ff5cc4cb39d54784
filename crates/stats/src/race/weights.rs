//! What items count: their weights, scaled so that an item counts 1 on average, or so that all together count as
//! many as equal ones that say as much.
//!
//! In: a weight per item, by its place in the random order. Out: what the first items count together, and what is
//! left after them. Without weights every item counts exactly 1.

use crate::error::{StatsError, check_finite, check_same_length};

/// Weights of the items of a race.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    each: Vec<f64>,
    /// Sums over the first 0, 1, 2, … items.
    sums: Vec<f64>,
    /// Sums of squares over the first 0, 1, 2, … items.
    squares: Vec<f64>,
}

impl Weights {
    /// Every item counts 1.
    pub(super) fn even(items: usize) -> Self {
        Self::over(vec![1.0; items])
    }

    /// Scales what was given.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] unless there is a weight per item, [`StatsError::NotFinite`], and
    /// [`StatsError::OutOfRange`] for a weight that is not above 0.
    pub(super) fn new(given: &[f64], items: usize) -> Result<Self, StatsError> {
        check_same_length(given.len(), items)?;
        check_finite(given)?;
        if let Some(weight) = given.iter().find(|weight| **weight <= 0.0) {
            return Err(StatsError::OutOfRange {
                parameter: "weight",
                value: *weight,
                range: "above 0",
            });
        }
        if given.iter().all(|weight| Some(weight) == given.first()) {
            return Ok(Self::even(items));
        }
        let mean = given.iter().sum::<f64>() / items as f64;
        Ok(Self::over(given.iter().map(|one| one / mean).collect()))
    }

    fn over(each: Vec<f64>) -> Self {
        let running = |value: fn(f64) -> f64| {
            let sums = each.iter().scan(0.0, |sum, one| {
                *sum += value(*one);
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect()
        };
        Self {
            sums: running(|one| one),
            squares: running(|one| one * one),
            each,
        }
    }

    /// The same, scaled so that all items together count as many as equal ones that say as much: `(Σw)² / Σw²`
    /// (L. Kish, Survey Sampling, 1965).
    pub(super) fn worth(&self) -> Self {
        let n = self.each.len();
        let scale = self.first(n) / at(&self.squares, n).max(f64::MIN_POSITIVE);
        Self::over(self.each.iter().map(|one| one * scale).collect())
    }

    /// What one item counts.
    pub(super) fn of(&self, item: usize) -> f64 {
        self.each.get(item).copied().unwrap_or(0.0)
    }

    /// What the first `n` items count together.
    pub(super) fn first(&self, n: usize) -> f64 {
        at(&self.sums, n)
    }

    /// What all items count together.
    pub(super) fn all(&self) -> f64 {
        self.first(self.each.len())
    }

    /// What the items after the first `n` count together.
    pub(super) fn rest(&self, n: usize) -> f64 {
        self.all() - self.first(n)
    }

    /// What a win among the items after the first `n` counts: so that so many equal ones have the variance of the
    /// unequal ones; 1 when nothing is left.
    pub(super) fn size_of_rest(&self, n: usize) -> f64 {
        let (rest, squares) = (
            self.rest(n),
            at(&self.squares, self.each.len()) - at(&self.squares, n),
        );
        if n < self.each.len() && rest > 0.0 {
            squares / rest
        } else {
            1.0
        }
    }

    /// The largest weight.
    pub(super) fn largest(&self) -> f64 {
        self.each.iter().copied().fold(0.0, f64::max)
    }
}

fn at(sums: &[f64], n: usize) -> f64 {
    sums.get(n).or(sums.last()).copied().unwrap_or(0.0)
}
