//! What the observed items stand for.
//!
//! In: nothing or a size. Out: the population that a sequential statement is about. The two must never be
//! mixed: about a finite set one knows everything once all of it was seen, about a source never.

use serde::{Deserialize, Serialize};

use crate::StatsError;

/// What a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// The source of which the items are independent draws.
    Source,
    /// A finite set of this many items, drawn from in random order without replacement.
    Finite(usize),
}

impl Population {
    /// Fails when more items were observed than there are.
    pub(crate) fn check(self, observed: usize) -> Result<(), StatsError> {
        match self {
            Self::Finite(size) if observed > size => Err(StatsError::LengthMismatch {
                left: observed,
                right: size,
            }),
            Self::Source | Self::Finite(_) => Ok(()),
        }
    }

    /// Mean of what comes next if the whole has mean `mean`, after `seen` values that sum to `sum`.
    ///
    /// The source: `mean`. A finite set of N: `(N · mean - sum) / (N - seen)`.
    pub(crate) fn mean_of_next(self, mean: f64, seen: usize, sum: f64) -> f64 {
        match self {
            Self::Source => mean,
            Self::Finite(size) => {
                (size as f64 * mean - sum) / size.saturating_sub(seen).max(1) as f64
            }
        }
    }
}
