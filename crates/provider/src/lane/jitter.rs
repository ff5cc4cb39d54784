//! Random waits that are the same under the same seed.
//!
//! SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014;
//! constants as in Vigna's public-domain `splitmix64.c`).

use std::time::Duration;

/// A small generator; not for statistics.
#[derive(Debug)]
pub(crate) struct Jitter {
    state: u64,
}

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Gives a duration uniform in [0, `longest`), in microseconds.
    pub(crate) fn up_to(&mut self, longest: Duration) -> Duration {
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        // The high half of the product maps the draw evenly onto the range.
        let scaled = (u128::from(self.next()) * u128::from(micros)) >> 64;
        Duration::from_micros(u64::try_from(scaled).unwrap_or(micros))
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Gives the longest back-off after `n_failures` (at least 1): min(`cap`, `base` · 2^(n−1)).
pub(crate) fn ceiling(base: Duration, cap: Duration, n_failures: u32) -> Duration {
    let factor = 1u32
        .checked_shl(n_failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    base.checked_mul(factor)
        .map_or(cap, |longest| longest.min(cap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // First outputs of `splitmix64.c` for seed 1234567.
        let mut jitter = Jitter::new(1_234_567);
        let outputs: Vec<u64> = (0..3).map(|_| jitter.next()).collect();
        assert_eq!(
            outputs,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn waits_fill_the_range_and_no_more() {
        let mut jitter = Jitter::new(7);
        let longest = Duration::from_secs(2);
        let waits: Vec<Duration> = (0..2000).map(|_| jitter.up_to(longest)).collect();
        let mean = waits.iter().sum::<Duration>() / 2000;
        assert!(waits.iter().all(|wait| *wait < longest));
        assert!(
            mean > Duration::from_millis(950) && mean < Duration::from_millis(1050),
            "{mean:?}"
        );
    }

    #[test]
    fn ceilings_double_up_to_the_cap() {
        let base = Duration::from_millis(250);
        let cap = Duration::from_secs(20);
        let at = |n| ceiling(base, cap, n).as_millis();
        assert_eq!(
            [at(1), at(2), at(3), at(7), at(8), at(40), at(u32::MAX)],
            [250, 500, 1000, 16_000, 20_000, 20_000, 20_000]
        );
    }
}
