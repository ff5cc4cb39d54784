//! From independent p values to an alarm: the Shiryaev-Roberts e-detector.
//!
//! In: one p value per look, uniform and independent while nothing changes. Out: evidence that starts
//! afresh at every look, as a change may come at any of them, and the threshold at which it is an alarm.
//! It does not say what changed.

use serde::{Deserialize, Serialize};

use crate::error::{StatsError, check_open_unit};
use crate::special::normal;

/// Sizes of change that are bet on, in standard deviations of one look; an equal share each.
const SIZES: [f64; 5] = [0.5, 1.0, 1.5, 2.0, 3.0];
/// No single look moves the evidence by more than this many standard deviations.
const LARGEST_Z: f64 = 8.0;

/// How often an alarm may be false.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FalseAlarms {
    /// Chance of at least one false alarm within `looks` looks, in (0, 1).
    pub chance: f64,
    /// Number of looks; at least 1.
    pub looks: u32,
}

impl FalseAlarms {
    /// 5 % in 90 looks.
    pub const DEFAULT: Self = Self {
        chance: 0.05,
        looks: 90,
    };

    /// Checks them.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless `0 < chance < 1` and `looks >= 1`.
    pub fn new(chance: f64, looks: u32) -> Result<Self, StatsError> {
        check_open_unit("chance", chance)?;
        if looks == 0 {
            return Err(StatsError::OutOfRange {
                parameter: "looks",
                value: 0.0,
                range: "at least 1",
            });
        }
        Ok(Self { chance, looks })
    }

    /// Returns the logarithm of the evidence at which a detector that may use `share` of the chance gives
    /// alarm.
    ///
    /// `A = looks / (chance · share)`. Evidence has mean t after t looks without change, so by Doob's
    /// inequality it reaches A within `looks` looks with at most `chance · share`; shares add up over
    /// detectors by the union bound. Looks to the first false alarm are at least A on average, for ever.
    #[must_use]
    pub fn log_threshold(self, share: f64) -> f64 {
        (f64::from(self.looks) / (self.chance * share)).ln()
    }

    /// Returns the average number of looks to a false alarm that is guaranteed for all detectors together.
    #[must_use]
    pub fn mean_looks_between(self) -> f64 {
        f64::from(self.looks) / self.chance
    }
}

/// Evidence of one kind of change, look by look.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detector {
    /// Logarithm of the evidence by size of change; empty before the first look.
    levels: Vec<f64>,
    /// What each look showed, in standard deviations.
    looks: Vec<f64>,
}

impl Detector {
    /// Starts without evidence.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the p value of the next look; returns the logarithm of the evidence.
    ///
    /// `R_t = mean over λ of (1 + R_{t-1}) exp(λ z_t - λ²/2)` with `z = Φ⁻¹(1 - p)`: each factor has mean
    /// 1 while p is uniform, and at most 1 while p is larger than that. Checked by
    /// `slow_false_alarms_stay_below_what_is_stated` and `evidence_is_what_the_formula_says`.
    pub fn observe(&mut self, p_value: f64) -> f64 {
        let z = -normal::quantile(p_value.clamp(f64::MIN_POSITIVE, 1.0 - 1e-16));
        let z = if z.is_finite() {
            z.clamp(-LARGEST_Z, LARGEST_Z)
        } else {
            0.0
        };
        if self.levels.is_empty() {
            self.levels = vec![f64::NEG_INFINITY; SIZES.len()];
        }
        for (level, size) in self.levels.iter_mut().zip(SIZES) {
            *level = log_sum(0.0, *level) + size * z - size * size / 2.0;
        }
        self.looks.push(z);
        self.log_evidence()
    }

    /// Returns the logarithm of the evidence; `-∞` before the first look.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        let total = self.levels.iter().copied().fold(f64::NEG_INFINITY, log_sum);
        total - (SIZES.len() as f64).ln()
    }

    /// Returns the look, from 0, at which a change most likely began; `None` before the first look.
    ///
    /// The k that maximises `Σ_{t >= k} (λ z_t - λ²/2)` over k and λ.
    #[must_use]
    pub fn began(&self) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for size in SIZES {
            let mut sum = 0.0;
            for (look, z) in self.looks.iter().enumerate().rev() {
                sum += size * z - size * size / 2.0;
                if best.is_none_or(|(most, _)| sum > most) {
                    best = Some((sum, look));
                }
            }
        }
        best.map(|(_, look)| look)
    }

    /// Returns the number of looks.
    #[must_use]
    pub fn n_looks(&self) -> usize {
        self.looks.len()
    }
}

/// `ln(e^a + e^b)` without overflow.
fn log_sum(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if high == f64::NEG_INFINITY {
        return high;
    }
    high + (low - high).exp().ln_1p()
}
