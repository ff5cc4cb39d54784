//! Scores: how good one output is, from 0 (worst) to 1 (best), both ends included.

use serde::{Deserialize, Deserializer, Serialize};

/// A score in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Score(f64);

/// Says that a number is no score.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("accept {0} as a score; hint: scores lie between 0 and 1")]
pub struct ScoreError(pub f64);

impl Score {
    /// The worst score.
    pub const ZERO: Self = Self(0.0);
    /// The best score.
    pub const ONE: Self = Self(1.0);

    /// Wraps a number.
    ///
    /// # Errors
    /// [`ScoreError`] outside [0, 1] or when not a number.
    pub fn new(value: f64) -> Result<Self, ScoreError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(ScoreError(value))
        }
    }

    /// Cuts a finite number to [0, 1]; NaN becomes 0.
    #[must_use]
    pub fn clamped(value: f64) -> Self {
        Self(if value.is_nan() {
            0.0
        } else {
            value.clamp(0.0, 1.0)
        })
    }

    /// One for `true`, zero for `false`.
    #[must_use]
    pub fn from_match(matches: bool) -> Self {
        if matches { Self::ONE } else { Self::ZERO }
    }

    /// Gives the number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
