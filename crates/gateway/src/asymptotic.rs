//! Confidence sequences of a mean whose values have no bound, such as times and costs.
//!
//! In: n, mean and standard deviation of the values so far. Out: an interval that, computed at every n from
//! the first large one on, covers the mean at all of them together, about with the level claimed: the
//! coverage is that of a limit, as with a z interval. Conditions: independent values of finite variance.
//! Source: I. Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy, A. Ramdas, "Time-uniform central limit theory
//! and asymptotic confidence sequences", Annals of Statistics 52 (2024), theorem 2.2.

use trilemma_stats::Confidence;

/// Below this many values no limit helps.
const LEAST: usize = 30;
/// The number of values at which the sequence is about as narrow as it can be.
const BEST_AT: f64 = 300.0;

/// Returns `[mean, low, high]`; `None` below 30 values, or where a figure is not finite.
///
/// `mean ± sd · sqrt(2 (nρ² + 1) / (n²ρ²) · ln(sqrt(nρ² + 1) / α))` with `ρ² = (-2 ln α + ln(-2 ln α) + 1) /
/// 300`. Checked by `asymptotic_sequences_hold_at_all_times` and
/// `asymptotic_sequences_are_those_of_the_formula`.
#[must_use]
pub fn asymptotic_mean(n: usize, mean: f64, sd: f64, confidence: Confidence) -> Option<[f64; 3]> {
    if n < LEAST || !mean.is_finite() || !sd.is_finite() || sd < 0.0 {
        return None;
    }
    let (n, alpha) = (n as f64, confidence.alpha());
    let budget = -2.0 * alpha.ln();
    let rho_squared = (budget + budget.ln().max(0.0) + 1.0) / BEST_AT;
    let spread = n * rho_squared + 1.0;
    let half = sd * (2.0 * spread / (n * n * rho_squared) * (spread.sqrt() / alpha).ln()).sqrt();
    Some([mean, mean - half, mean + half])
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_stats::resample::{ChaChaStream, IndexStream as _};

    #[test]
    fn asymptotic_sequences_are_those_of_the_formula() {
        // α = 0.05: ρ² = (5.99146 + 1.79034 + 1) / 300 = 0.0292727; n = 100: spread 3.92727,
        // 2 · 3.92727 / 292.727 · ln(1.98173 / 0.05) = 0.0268324 · 3.67968 = 0.0987347, root 0.314221.
        let [mean, low, high] = asymptotic_mean(100, 3.0, 2.0, Confidence::P95).unwrap();
        assert_eq!(mean, 3.0);
        assert!((high - 3.0 - 2.0 * 0.314_221).abs() < 1e-4, "{high}");
        assert!((3.0 - low - (high - 3.0)).abs() < 1e-12);
        assert_eq!(asymptotic_mean(29, 3.0, 2.0, Confidence::P95), None);
        assert_eq!(asymptotic_mean(100, f64::NAN, 2.0, Confidence::P95), None);
    }

    /// 2,000 histories of 3,000 exponential values each, looked at after every one.
    #[test]
    fn asymptotic_sequences_hold_at_all_times() {
        let mut stream = ChaChaStream::new(11);
        let mut n_missed = 0;
        for _ in 0..2_000 {
            let (mut mean, mut squares) = (0.0, 0.0);
            for n in 1..=3_000_usize {
                let unit = ((stream.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
                let value = -unit.ln();
                let before = value - mean;
                mean += before / n as f64;
                squares += before * (value - mean);
                let sd = (squares / (n as f64 - 1.0).max(1.0)).sqrt();
                let found = asymptotic_mean(n, mean, sd, Confidence::P95);
                if found.is_some_and(|[_, low, high]| low > 1.0 || high < 1.0) {
                    n_missed += 1;
                    break;
                }
            }
        }
        // 5 % would be 100; values as skewed as these miss 7.5 % of the time.
        assert!((60..=190).contains(&n_missed), "{n_missed}");
    }
}
