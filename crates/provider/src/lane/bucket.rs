//! A token bucket that may be overdrawn by its last taker.
//!
//! In: amounts to take, and corrections once the true amount is known. Out: how long to wait.
//! It refills continuously, as vendors' own limiters do; a taker that needs more than the bucket
//! ever holds goes when it is full, and the debt delays those after it.

use std::time::Duration;

use tokio::time::Instant;

/// Rounding must not ask for another nanosecond.
const EPSILON: f64 = 1e-6;
/// A refill that takes longer counts as this.
const LONGEST_SECONDS: f64 = 86_400.0;

/// An allowance that refills over time.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    level: f64,
    capacity: f64,
    per_second: f64,
    at: Instant,
}

impl Bucket {
    /// Makes a full bucket of `per_minute` units a minute that holds `burst`'s worth, at least 1.
    pub(crate) fn per_minute(per_minute: u64, burst: Duration, now: Instant) -> Self {
        let per_second = to_f64(per_minute) / 60.0;
        let capacity = (per_second * burst.as_secs_f64()).max(1.0);
        Self {
            level: capacity,
            capacity,
            per_second,
            at: now,
        }
    }

    /// Makes a bucket with this much in it.
    pub(crate) fn holding(level: f64, capacity: f64, per_second: f64, now: Instant) -> Self {
        Self {
            level,
            capacity: capacity.max(1.0),
            per_second,
            at: now,
        }
    }

    /// How long until `amount` may be taken; zero = now.
    pub(crate) fn wait(&mut self, amount: f64, now: Instant) -> Duration {
        self.refill(now);
        let missing = amount.min(self.capacity) - self.level;
        if missing <= EPSILON {
            return Duration::ZERO;
        }
        let seconds = (missing / self.per_second).min(LONGEST_SECONDS);
        // Rounded up: a wait that ends a nanosecond early would be followed by another.
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(86_400))
            + Duration::from_nanos(1)
    }

    /// Takes `amount`, even if that overdraws it.
    pub(crate) fn take(&mut self, amount: f64) {
        self.level -= amount;
    }

    /// Corrects an earlier `take(reserved)` to what was used.
    pub(crate) fn settle(&mut self, reserved: f64, used: f64) {
        self.level = (self.level + reserved - used).min(self.capacity);
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.capacity);
        self.at = self.at.max(now);
    }
}

/// Counts beyond 2^53 lose their last digits, which no limit has.
#[expect(
    clippy::cast_precision_loss,
    reason = "limits and token counts are far below 2^53"
)]
pub(crate) fn to_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[tokio::test(start_paused = true)]
    async fn takers_wait_for_the_refill() {
        let start = Instant::now();
        let mut bucket = Bucket::per_minute(60, seconds(1), start);
        assert_eq!(bucket.wait(1.0, start), Duration::ZERO);
        bucket.take(1.0);
        let wait = bucket.wait(1.0, start);
        assert!(
            wait >= seconds(1) && wait < seconds(1) + Duration::from_micros(1),
            "{wait:?}"
        );
        assert_eq!(bucket.wait(1.0, start + wait), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_sees_more_than_the_allowance_and_one_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::per_minute(600, seconds(10), start);
        let mut now = start;
        let mut n_taken = 0;
        while now < start + seconds(60) {
            match bucket.wait(1.0, now) {
                Duration::ZERO => {
                    bucket.take(1.0);
                    n_taken += 1;
                }
                wait => now += wait,
            }
        }
        assert!((699..=700).contains(&n_taken), "{n_taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_taker_goes_when_full_and_its_debt_delays_the_next() {
        let start = Instant::now();
        let mut bucket = Bucket::per_minute(6000, seconds(10), start);
        assert_eq!(bucket.wait(3000.0, start), Duration::ZERO);
        bucket.take(3000.0);
        assert_eq!(bucket.wait(100.0, start).as_secs(), 21);
        bucket.settle(3000.0, 1000.0);
        assert_eq!(bucket.wait(100.0, start).as_secs(), 1);
    }
}
