//! Seeded draws.
//!
//! In: a seed and what the draw is for. Out: numbers that depend on nothing else, so that neither
//! the order in which calls arrive nor their number changes them. ChaCha8, the pinned generator of
//! this project; normal deviates by Box and Muller (1958).

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::scenario::Spread;

/// A stream of draws for one purpose.
#[derive(Debug)]
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    /// Starts the stream of `(seed, purpose, n)`.
    pub(crate) fn new(seed: u64, purpose: u64, n: u64) -> Self {
        let mut key = [0_u8; 32];
        for (slot, word) in key.chunks_exact_mut(8).zip([seed, purpose, n]) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number in [0, 1), of 53 bits.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits fit the mantissa exactly"
    )]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (0.5_f64).powi(53)
    }

    /// A number in `0..n`, 0 for `n = 0`; the bias of the multiplication is below n / 2^64.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * (n as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A standard normal deviate.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// One value of a spread.
    pub(crate) fn value(&mut self, spread: Spread) -> f64 {
        match spread {
            Spread::Fixed(x) => x,
            Spread::LogNormal(law) => {
                let x = law.median * (law.sigma * self.normal()).exp();
                law.max.map_or(x, |max| x.min(max))
            }
        }
    }

    /// One delay of a spread in milliseconds, times `factor`; at most a day.
    pub(crate) fn delay(&mut self, spread: Spread, factor: f64) -> Duration {
        const DAY_MS: f64 = 86_400_000.0;
        let ms = (self.value(spread) * factor).clamp(0.0, DAY_MS);
        Duration::try_from_secs_f64(ms / 1_000.0).unwrap_or(Duration::ZERO)
    }

    /// One count of a spread: rounded, at least 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a range that fits"
    )]
    pub(crate) fn count(&mut self, spread: Spread) -> usize {
        self.value(spread).round().clamp(1.0, 1e7) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_normal_draws_have_the_stated_median_and_spread() {
        let spread = Spread::log_normal(200.0, 0.5);
        let mut logs: Vec<f64> = (0..20_000)
            .map(|n| Draws::new(1, 2, n).value(spread).ln())
            .collect();
        logs.sort_by(f64::total_cmp);
        let quantile = |share: f64| logs[(share * 20_000.0) as usize];
        // Standard errors: 0.0044 at the median, 0.0062 at one deviation below and above.
        assert!((quantile(0.5) - 200.0_f64.ln()).abs() < 0.02);
        assert!((quantile(0.8413) - quantile(0.5) - 0.5).abs() < 0.03);
        assert!((quantile(0.5) - quantile(0.1587) - 0.5).abs() < 0.03);
    }

    #[test]
    fn below_is_even() {
        let mut counts = [0_u32; 7];
        let mut draws = Draws::new(5, 6, 7);
        for _ in 0..70_000 {
            counts[draws.below(7)] += 1;
        }
        // 10,000 expected each, standard deviation 93.
        assert!(
            counts.iter().all(|n| (9_600..10_400).contains(n)),
            "{counts:?}"
        );
        assert_eq!(draws.below(0), 0);
    }
}
