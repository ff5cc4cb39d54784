//! Mean and spread of values as they come, in constant memory.
//!
//! In: finite numbers, one by one. Out: their number, mean and standard deviation.
//! Source: B. P. Welford, Technometrics 4 (1962), which does not cancel as sums of squares do.

use serde::{Deserialize, Serialize};

/// Running sums of values.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Running {
    n: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
}

impl Running {
    /// Takes a value in.
    pub fn add(&mut self, value: f64) {
        self.n += 1;
        let before = value - self.mean;
        self.mean += before / self.n as f64;
        self.squares += before * (value - self.mean);
    }

    /// How many values came.
    #[must_use]
    pub fn n(&self) -> usize {
        usize::try_from(self.n).unwrap_or(usize::MAX)
    }

    /// The mean, in the unit of the values; `None` before the first one.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then_some(self.mean)
    }

    /// The standard deviation (n − 1 below the line), in the unit of the values; `None` below two values.
    #[must_use]
    pub fn standard_deviation(&self) -> Option<f64> {
        (self.n > 1).then(|| (self.squares / (self.n as f64 - 1.0)).max(0.0).sqrt())
    }
}

impl FromIterator<f64> for Running {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut running = Self::default();
        values.into_iter().for_each(|value| running.add(value));
        running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_sums_are_those_of_the_definition() {
        let mut running = Running::default();
        assert_eq!(
            (running.n(), running.mean(), running.standard_deviation()),
            (0, None, None)
        );
        running.add(1e9 + 4.0);
        assert_eq!(running.standard_deviation(), None);
        // 4, 7, 13, 16 have mean 10 and variance 30; a large offset changes neither.
        [7.0, 13.0, 16.0]
            .iter()
            .for_each(|value| running.add(1e9 + value));
        assert_eq!(running.n(), 4);
        assert_eq!(running.mean(), Some(1e9 + 10.0));
        let sd = running.standard_deviation().unwrap();
        assert!((sd - 30.0_f64.sqrt()).abs() < 1e-9, "{sd}");
    }
}
