//! The four cells of a paired comparison.
//!
//! In: outcomes of two alternatives on the same items. Out: how often both, one or none were right. It
//! keeps no items, only counts.

use serde::{Deserialize, Serialize};

use crate::error::{StatsError, TooFew, check_same_length};

/// How many items both, only one, or none of two alternatives got right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cells {
    /// Both right.
    pub both: usize,
    /// Only the first right.
    pub only_first: usize,
    /// Only the second right.
    pub only_second: usize,
    /// Both wrong.
    pub neither: usize,
}

impl Cells {
    /// Counts the cells of two outcome sequences, item by item.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] unless both have one outcome per item.
    pub fn of(first: &[bool], second: &[bool]) -> Result<Self, StatsError> {
        check_same_length(first.len(), second.len())?;
        let mut cells = Self::default();
        for pair in first.iter().zip(second) {
            match pair {
                (true, true) => cells.both += 1,
                (true, false) => cells.only_first += 1,
                (false, true) => cells.only_second += 1,
                (false, false) => cells.neither += 1,
            }
        }
        Ok(cells)
    }

    /// Returns the number of items.
    #[must_use]
    pub fn n(self) -> usize {
        self.discordant()
            .saturating_add(self.both)
            .saturating_add(self.neither)
    }

    /// Returns the number of items on which exactly one was right; only these carry a comparison.
    #[must_use]
    pub fn discordant(self) -> usize {
        self.only_first.saturating_add(self.only_second)
    }

    /// Returns the cells with the two alternatives exchanged.
    #[must_use]
    pub fn swapped(self) -> Self {
        Self {
            only_first: self.only_second,
            only_second: self.only_first,
            ..self
        }
    }

    /// Returns rate of the first minus rate of the second, in [-1, 1]; meaningful only for `n >= 1`.
    pub(crate) fn difference(self) -> f64 {
        (self.only_first as f64 - self.only_second as f64) / self.n() as f64
    }

    /// Fails without items, and with more than a count in `f64` can tell apart after squaring.
    pub(crate) fn check(self) -> Result<(), StatsError> {
        TooFew::check(self.n(), 1)?;
        if self.n() > 1_000_000_000 {
            return Err(StatsError::OutOfRange {
                parameter: "n",
                value: self.n() as f64,
                range: "at most a billion",
            });
        }
        Ok(())
    }
}
