//! Detectors of a fall from one pass rate to another.
//!
//! In: pass or fail in order, and the log likelihood ratio of "has fallen" against "as before". Out: a
//! statistic that rises after a change. Shiryaev-Roberts with threshold A raises a false alarm no sooner
//! than after A items on average, whatever happened before; the threshold of CUSUM has no such meaning and
//! is found by simulation. Conditions: independent items. With one stored baseline the days that are
//! compared to it are not independent, and their evidence must not be multiplied.
//! Source: E. S. Page, Biometrika 41 (1954); A. N. Shiryaev, Theory of Probability 8 (1963); M. Pollak, Annals
//! of Statistics 13 (1985); J. Shin, A. Ramdas, A. Rinaldo, "E-detectors" (2022).

use crate::StatsError;
use crate::error::check_open_unit;

/// Log likelihood ratio of one outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LikelihoodRatio {
    pass: f64,
    fail: f64,
}

impl LikelihoodRatio {
    /// Compares the pass rate `after` a change with the one `before`.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless both lie strictly between 0 and 1.
    pub fn new(before: f64, after: f64) -> Result<Self, StatsError> {
        check_open_unit("before", before)?;
        check_open_unit("after", after)?;
        Ok(Self {
            pass: (after / before).ln(),
            fail: ((1.0 - after) / (1.0 - before)).ln(),
        })
    }

    /// Returns `ln(P(outcome | after) / P(outcome | before))`.
    #[must_use]
    pub fn of(self, outcome: Outcome) -> f64 {
        match outcome {
            Outcome::Pass => self.pass,
            Outcome::Fail => self.fail,
        }
    }
}

/// Whether an item passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Pass,
    /// It did not.
    Fail,
}

impl From<bool> for Outcome {
    fn from(passed: bool) -> Self {
        if passed { Self::Pass } else { Self::Fail }
    }
}

/// Cumulative sum of log likelihood ratios, started afresh whenever it falls below 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cusum {
    ratio: LikelihoodRatio,
    statistic: f64,
}

impl Cusum {
    /// Starts at 0.
    #[must_use]
    pub fn new(ratio: LikelihoodRatio) -> Self {
        Self {
            ratio,
            statistic: 0.0,
        }
    }

    /// Takes the next outcome and returns `S_t = max(0, S_{t-1} + ln LR_t)`. Checked by
    /// `data_change_detection`.
    pub fn observe(&mut self, outcome: Outcome) -> f64 {
        self.statistic = (self.statistic + self.ratio.of(outcome)).max(0.0);
        self.statistic
    }
}

/// Shiryaev-Roberts statistic, on the logarithmic scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShiryaevRoberts {
    ratio: LikelihoodRatio,
    log_statistic: f64,
}

impl ShiryaevRoberts {
    /// Starts at R = 0.
    #[must_use]
    pub fn new(ratio: LikelihoodRatio) -> Self {
        Self {
            ratio,
            log_statistic: f64::NEG_INFINITY,
        }
    }

    /// Takes the next outcome and returns `ln R_t`, `R_t = (1 + R_{t-1}) LR_t`.
    ///
    /// An alarm at `ln R_t >= ln A` comes, without a change, no sooner than after A items on average.
    /// Checked by `data_change_detection`.
    pub fn observe(&mut self, outcome: Outcome) -> f64 {
        let before = self.log_statistic;
        let log_one_plus = if before > 0.0 {
            before + (-before).exp().ln_1p()
        } else {
            before.exp().ln_1p()
        };
        self.log_statistic = log_one_plus + self.ratio.of(outcome);
        self.log_statistic
    }
}
