//! The one error type of the crate: what the caller can do about it decides the variant.
//!
//! In goes what was wrong with the input, out comes a text that fits after "failed to". There is no
//! variant for internal failure: the methods here either have an answer or name what is missing.

use serde::{Deserialize, Serialize};

/// Says that there are too few observations for a statement, and how many would do.
///
/// This is an answer ("undecided"), not a fault of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TooFew {
    /// Number of observations at hand.
    pub n: usize,
    /// Smallest number of observations with which the method can answer.
    pub needed: usize,
}

impl TooFew {
    /// Returns the number of observations that are missing.
    #[must_use]
    pub fn missing(self) -> usize {
        self.needed.saturating_sub(self.n)
    }

    /// Passes when `n` reaches `needed`.
    pub(crate) fn check(n: usize, needed: usize) -> Result<(), Self> {
        if n < needed {
            Err(Self { n, needed })
        } else {
            Ok(())
        }
    }
}

impl std::fmt::Display for TooFew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { n, needed } = self;
        write!(
            f,
            "estimate from {n} observations, at least {needed} are needed; hint: add {} more",
            self.missing()
        )
    }
}

impl std::error::Error for TooFew {}

/// Everything that can keep a method from answering.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StatsError {
    /// Too few observations.
    #[error(transparent)]
    TooFew(#[from] TooFew),
    /// All observations are equal, so resampling or a t interval would claim a certainty it cannot have.
    #[error(
        "estimate a spread from {n} equal values; hint: for values in a known range use the interval for bounded means"
    )]
    NoSpread {
        /// Number of observations.
        n: usize,
    },
    /// A value is NaN, infinite, or so large that its powers are.
    #[error(
        "use the value at position {idx}, it is no number of usable size; hint: remove or repair it"
    )]
    NotFinite {
        /// Zero-based position.
        idx: usize,
    },
    /// Two sequences that belong together differ in length.
    #[error("pair {left} values with {right}; hint: pass one value of each for every item")]
    LengthMismatch {
        /// Length of the first.
        left: usize,
        /// Length of the second.
        right: usize,
    },
    /// A parameter lies outside its range.
    #[error("use {value} as `{parameter}`; hint: it must be {range}")]
    OutOfRange {
        /// Name of the parameter.
        parameter: &'static str,
        /// The value given.
        value: f64,
        /// The range it must lie in, in words.
        range: &'static str,
    },
    /// The likelihood has no largest value: somebody always wins, or nobody links two parts of the data.
    #[error(
        "fit strengths, somebody always wins or always loses; hint: add comparisons between those apart"
    )]
    NoMaximum,
    /// A ratio has no finite upper end: its denominator may be zero.
    #[error("bound the ratio from above, its denominator may be zero; hint: add observations")]
    Unbounded {
        /// Lower end of the interval where one exists; `None` when the denominator is zero in the data itself.
        low: Option<f64>,
    },
}

/// Cubes of sums of values up to this size stay finite.
const LARGEST: f64 = 1e90;

/// Fails unless every value is finite, and of a size whose powers are finite too.
pub(crate) fn check_finite(values: &[f64]) -> Result<(), StatsError> {
    match values.iter().position(|v| v.is_nan() || v.abs() > LARGEST) {
        Some(idx) => Err(StatsError::NotFinite { idx }),
        None => Ok(()),
    }
}

/// Fails unless both lengths agree.
pub(crate) fn check_same_length(left: usize, right: usize) -> Result<(), StatsError> {
    if left == right {
        Ok(())
    } else {
        Err(StatsError::LengthMismatch { left, right })
    }
}

/// Fails unless `0 < value < 1`.
pub(crate) fn check_open_unit(parameter: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            parameter,
            value,
            range: "strictly between 0 and 1",
        })
    }
}

/// Fails unless `p` is a quantile level that arithmetic can tell from 0 and 1.
pub(crate) fn check_quantile_level(p: f64) -> Result<(), StatsError> {
    if (1e-9..=1.0 - 1e-9).contains(&p) {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            parameter: "p",
            value: p,
            range: "strictly between 0 and 1, by 1e-9",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_after_failed_to_and_carry_a_hint() {
        let errors = [
            StatsError::from(TooFew { n: 3, needed: 10 }),
            StatsError::NoSpread { n: 5 },
            StatsError::NotFinite { idx: 0 },
            StatsError::LengthMismatch { left: 1, right: 2 },
            check_open_unit("p", 1.5).unwrap_err(),
            StatsError::Unbounded { low: None },
            StatsError::NoMaximum,
        ];
        for error in errors {
            let text = error.to_string();
            assert!(text.starts_with(|c: char| c.is_ascii_lowercase()), "{text}");
            assert!(text.contains("hint:"), "{text}");
        }
    }

    #[test]
    fn open_unit_refuses_its_ends_and_nan() {
        for value in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(check_open_unit("p", value).is_err(), "{value}");
        }
        assert!(check_open_unit("p", 0.5).is_ok());
    }
}
