//! A sample that is sorted once and then asked many times.
//!
//! In: finite values in any order. Out: the same values ascending, at least one of them.

use crate::error::{StatsError, TooFew, check_finite};

/// A non-empty sample of finite values in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// Sorts `values`.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without values, [`StatsError::NotFinite`].
    pub fn new(mut values: Vec<f64>) -> Result<Self, StatsError> {
        TooFew::check(values.len(), 1)?;
        check_finite(&values)?;
        values.sort_unstable_by(f64::total_cmp);
        Ok(Self(values))
    }

    /// Returns the values, ascending.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// Returns the number of values, at least 1.
    #[must_use]
    pub fn n(&self) -> usize {
        self.0.len()
    }

    /// Value at zero-based `idx`, the largest beyond the end.
    pub(crate) fn at(&self, idx: usize) -> f64 {
        self.0
            .get(idx)
            .or(self.0.last())
            .copied()
            .unwrap_or(f64::NAN)
    }
}
