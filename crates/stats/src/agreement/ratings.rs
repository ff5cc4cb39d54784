//! Who said what: ratings of items by any number of raters, with gaps.
//!
//! In: one row per item with each rater's category or nothing. Out: how often each category was given to
//! each item, which is all that coefficients for interchangeable raters need. It does not say which rater
//! is better.

use super::scale::Weights;
use crate::error::{StatsError, TooFew};
use crate::special::student;
use crate::{Confidence, Estimate, Method};

/// Fewest items with two ratings or more: with fewer, no large-sample interval means anything.
pub const MIN_ITEMS: usize = 10;

/// Counts of categories per item.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratings {
    counts: Vec<Vec<f64>>,
    n_categories: usize,
}

impl Ratings {
    /// Counts ratings. `rows[i]` are the ratings of item i, `None` where a rater gave none; categories are
    /// numbered from 0. Items without any rating are left out.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] below two categories or for a category that is not below
    /// `n_categories`; [`StatsError::TooFew`] below [`MIN_ITEMS`] items with two ratings.
    pub fn new(rows: &[Vec<Option<usize>>], n_categories: usize) -> Result<Self, StatsError> {
        if !(2..=1000).contains(&n_categories) {
            return Err(StatsError::OutOfRange {
                parameter: "number of categories",
                value: n_categories as f64,
                range: "2 to 1000",
            });
        }
        let mut counts = Vec::with_capacity(rows.len());
        for row in rows {
            let mut count = vec![0.0; n_categories];
            for category in row.iter().flatten() {
                match count.get_mut(*category) {
                    Some(slot) => *slot += 1.0,
                    None => {
                        return Err(StatsError::OutOfRange {
                            parameter: "category",
                            value: *category as f64,
                            range: "below the number of categories",
                        });
                    }
                }
            }
            if row.iter().flatten().next().is_some() {
                counts.push(count);
            }
        }
        let ratings = Self {
            counts,
            n_categories,
        };
        TooFew::check(ratings.rated_twice().count(), MIN_ITEMS)?;
        Ok(ratings)
    }

    /// Number of categories.
    #[must_use]
    pub fn n_categories(&self) -> usize {
        self.n_categories
    }

    /// The items that have any rating.
    pub(crate) fn rated(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.counts.iter().map(Vec::as_slice)
    }

    /// The items that two raters or more have rated.
    pub(crate) fn rated_twice(&self) -> impl Iterator<Item = &[f64]> + Clone {
        self.rated().filter(|counts| n_ratings(counts) >= 2.0)
    }

    /// Number of ratings of each category.
    pub(crate) fn totals(&self) -> Vec<f64> {
        sums(self.rated(), self.n_categories)
    }
}

/// Number of ratings of one item.
pub(crate) fn n_ratings(counts: &[f64]) -> f64 {
    counts.iter().sum()
}

/// `Σ_k r_k ((W r)_k - 1)`: weighted agreeing ordered pairs of one item.
pub(crate) fn agreeing_pairs(counts: &[f64], weights: &Weights) -> f64 {
    weights
        .times(counts)
        .iter()
        .zip(counts)
        .map(|(weighted, count)| count * (weighted - 1.0))
        .sum()
}

/// Column sums.
pub(crate) fn sums<'a>(rows: impl Iterator<Item = &'a [f64]>, q: usize) -> Vec<f64> {
    rows.fold(vec![0.0; q], |mut total, row| {
        for (slot, value) in total.iter_mut().zip(row) {
            *slot += value;
        }
        total
    })
}

/// A coefficient on its way to an estimate.
pub(crate) struct Coefficient {
    /// `(observed - expected) / (1 - expected)`.
    pub(crate) point: f64,
    /// Agreement expected by chance, below 1.
    pub(crate) expected: f64,
    /// Standard error.
    pub(crate) error: f64,
    /// Items behind it.
    pub(crate) n: usize,
}

impl Coefficient {
    /// The t interval with n - 1 degrees of freedom, kept in [-1, 1].
    pub(crate) fn t_estimate(self, confidence: Confidence) -> Estimate {
        let critical = student::two_sided_critical(self.n as f64 - 1.0, confidence.alpha());
        self.estimate(critical, confidence)
    }

    /// The interval `point ± critical · error`, kept in [-1, 1].
    ///
    /// Raters who agree on every item leave no spread; the low end is then where the exact lower bound of
    /// the agreement rate (Clopper-Pearson at n of n) would put the coefficient.
    pub(crate) fn estimate(self, critical: f64, confidence: Confidence) -> Estimate {
        let (half, method) = (critical * self.error, Method::LargeSample);
        let (low, method) = if self.error > 1e-9 {
            (self.point - half, method)
        } else {
            let rate = (confidence.alpha() / 2.0).powf(1.0 / self.n as f64);
            let low = (rate - self.expected) / (1.0 - self.expected);
            (low.min(self.point), Method::ClopperPearson)
        };
        Estimate {
            point: self.point,
            low: low.max(-1.0).min(self.point),
            high: (self.point + half).min(1.0).max(self.point),
            confidence,
            n: self.n,
            method,
            standard_error: Some(self.error),
        }
    }
}

/// Fails where every rating is of one category, so that chance explains all agreement.
pub(crate) fn check_expected(expected: f64, n: usize) -> Result<(), StatsError> {
    if expected < 1.0 - 1e-12 {
        Ok(())
    } else {
        Err(StatsError::NoSpread { n })
    }
}
