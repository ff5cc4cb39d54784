//! A checked count of successes among trials.
//!
//! In: two counts or a slice of outcomes. Out: a pair of which every method may assume `successes <= n`
//! and `n >= 1`.

use serde::Serialize;

use crate::{StatsError, TooFew};

/// Successes among `n` independent trials; `successes <= n` and `n >= 1` always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    successes: usize,
    n: usize,
}

impl Count {
    /// Beyond this the interval ends lose digits.
    const LARGEST: usize = 1_000_000_000;

    /// Checks a count of `successes` among `n`.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] when `n` is 0, [`StatsError::OutOfRange`] when `successes > n` or n is
    /// above a billion.
    pub fn new(successes: usize, n: usize) -> Result<Self, StatsError> {
        TooFew::check(n, 1)?;
        if successes > n {
            return Err(StatsError::OutOfRange {
                parameter: "successes",
                value: successes as f64,
                range: "at most the number of trials",
            });
        }
        if n > Self::LARGEST {
            return Err(StatsError::OutOfRange {
                parameter: "n",
                value: n as f64,
                range: "at most a billion",
            });
        }
        Ok(Self { successes, n })
    }

    /// Counts the true values of `outcomes`.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] when there are none.
    pub fn of(outcomes: &[bool]) -> Result<Self, StatsError> {
        Self::new(
            outcomes.iter().filter(|passed| **passed).count(),
            outcomes.len(),
        )
    }

    /// Returns the number of successes, at most [`Count::n`].
    #[must_use]
    pub fn successes(self) -> usize {
        self.successes
    }

    /// Returns the number of trials, at least 1.
    #[must_use]
    pub fn n(self) -> usize {
        self.n
    }

    /// Returns successes / n, in [0, 1].
    #[must_use]
    pub fn rate(self) -> f64 {
        self.successes as f64 / self.n as f64
    }

    /// Returns the count of failures among the same trials.
    #[must_use]
    pub fn failures(self) -> Self {
        Self {
            successes: self.n - self.successes,
            n: self.n,
        }
    }
}
