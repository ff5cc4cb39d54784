//! A triangular distribution: least, most likely, most.
//!
//! Quantile function by inversion; mean = (low + mode + high) ÷ 3. Source: S. Kotz, J. R. van Dorp,
//! *Beyond Beta* (2004), ch. 1.

/// Says what is wrong with a range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RangeError {
    /// Not low ≤ mode ≤ high, or not finite.
    #[error("read {low}, {mode}, {high} as a range; hint: write least, most likely, most")]
    OutOfOrder {
        /// As given.
        low: f64,
        /// As given.
        mode: f64,
        /// As given.
        high: f64,
    },
}

/// A range with its most likely value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    low: f64,
    mode: f64,
    high: f64,
}

impl Range {
    /// Makes a range.
    ///
    /// # Errors
    /// [`RangeError::OutOfOrder`] unless low ≤ mode ≤ high, all finite.
    pub fn new(low: f64, mode: f64, high: f64) -> Result<Self, RangeError> {
        let is_finite = low.is_finite() && mode.is_finite() && high.is_finite();
        if is_finite && low <= mode && mode <= high {
            Ok(Self { low, mode, high })
        } else {
            Err(RangeError::OutOfOrder { low, mode, high })
        }
    }

    /// A figure that is known; must be finite, else it is 0.
    #[must_use]
    pub fn exactly(figure: f64) -> Self {
        let figure = if figure.is_finite() { figure } else { 0.0 };
        Self {
            low: figure,
            mode: figure,
            high: figure,
        }
    }

    /// Least.
    #[must_use]
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Most likely.
    #[must_use]
    pub fn mode(&self) -> f64 {
        self.mode
    }

    /// Most.
    #[must_use]
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Whether there is only one value.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.low >= self.high
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        (self.low + self.mode + self.high) / 3.0
    }

    /// The value below which a share of the distribution lies; `share` in [0, 1].
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let width = self.high - self.low;
        if width <= 0.0 {
            return self.mode;
        }
        let below_mode = (self.mode - self.low) / width;
        if share < below_mode {
            self.low + (share * width * (self.mode - self.low)).sqrt()
        } else {
            self.high - ((1.0 - share) * width * (self.high - self.mode)).sqrt()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_out_of_order_are_refused() {
        assert!(Range::new(2.0, 1.0, 3.0).is_err());
        assert!(Range::new(1.0, f64::NAN, 3.0).is_err());
        assert!(Range::exactly(3.0).is_exact());
    }

    proptest! {
        #[test]
        fn quantiles_rise_and_stay_inside(a in 0.0f64..10.0, b in 0.0f64..10.0, c in 0.0f64..10.0, u in 0.0f64..1.0) {
            let range = Range::new(a, a + b, a + b + c).unwrap();
            let value = range.quantile(u);
            prop_assert!(value >= range.low() - 1e-9 && value <= range.high() + 1e-9);
            prop_assert!(range.quantile((u + 0.1).min(1.0)) >= value - 1e-9);
        }
    }
}
