//! A confidence level that is known to be valid.
//!
//! In goes a number, out comes a level strictly between 0 and 1 and the quantities derived from it. It
//! does not choose a level for anyone.

use serde::{Deserialize, Serialize};

use crate::error::{StatsError, check_open_unit};
use crate::special::normal;

/// A confidence level, strictly between 0 and 1; 0.95 means "covers the truth in 95 of 100 repetitions".
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Confidence(f64);

impl Confidence {
    /// 90 %.
    pub const P90: Self = Self(0.90);
    /// 95 %.
    pub const P95: Self = Self(0.95);
    /// 99 %.
    pub const P99: Self = Self(0.99);

    /// Checks a level.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless `0 < level < 1`.
    pub fn new(level: f64) -> Result<Self, StatsError> {
        check_open_unit("confidence", level)?;
        Ok(Self(level))
    }

    /// Returns the level, in (0, 1).
    #[must_use]
    pub fn level(self) -> f64 {
        self.0
    }

    /// Returns the error rate `1 - level`, in (0, 1).
    #[must_use]
    pub fn alpha(self) -> f64 {
        1.0 - self.0
    }

    /// Returns z with `P(|Z| <= z) = level` for a standard normal Z (1.96 at 95 %).
    #[must_use]
    pub fn z_two_sided(self) -> f64 {
        -normal::quantile(self.alpha() / 2.0)
    }

    /// Returns z with `P(Z <= z) = level` for a standard normal Z (1.645 at 95 %).
    #[must_use]
    pub fn z_one_sided(self) -> f64 {
        -normal::quantile(self.alpha())
    }

    /// Returns the level shared evenly over `n_statements` (Bonferroni); the same level for zero or one.
    #[must_use]
    pub fn shared_over(self, n_statements: usize) -> Self {
        Self(1.0 - self.alpha() / n_statements.max(1) as f64)
    }
}

impl TryFrom<f64> for Confidence {
    type Error = StatsError;

    fn try_from(level: f64) -> Result<Self, StatsError> {
        Self::new(level)
    }
}

impl From<Confidence> for f64 {
    fn from(confidence: Confidence) -> Self {
        confidence.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z_values_are_the_textbook_ones() {
        assert!((Confidence::P95.z_two_sided() - 1.959_963_984_540_054).abs() < 1e-12);
        assert!((Confidence::P95.z_one_sided() - 1.644_853_626_951_472_2).abs() < 1e-12);
        assert!((Confidence::P90.z_two_sided() - Confidence::P95.z_one_sided()).abs() < 1e-12);
    }

    #[test]
    fn refuses_what_is_no_level_also_from_json() {
        for level in [0.0, 1.0, 95.0, f64::NAN] {
            assert!(Confidence::new(level).is_err());
        }
        assert_eq!(
            serde_json::from_str::<Confidence>("0.95").unwrap(),
            Confidence::P95
        );
        assert!(serde_json::from_str::<Confidence>("95").is_err());
    }

    #[test]
    fn sharing_raises_the_level() {
        assert!((Confidence::P95.shared_over(5).alpha() - 0.01).abs() < 1e-12);
        assert_eq!(Confidence::P95.shared_over(0), Confidence::P95);
    }
}
