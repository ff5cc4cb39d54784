//! Wall time, in one place.
//!
//! Out: microseconds since 1970-01-01 UTC. Durations never come from here; they are differences of
//! monotonic stamps.

use tokio::time::Instant;

/// Tells wall time; a test or a replay can start it anywhere.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    start: Option<(i64, Instant)>,
}

impl Clock {
    /// Follows the machine's clock, steps included.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Stands at `unix_us` now and runs with the runtime's clock, which tests can pause.
    #[must_use]
    pub fn starting_at(unix_us: i64) -> Self {
        Self {
            start: Some((unix_us, Instant::now())),
        }
    }

    /// Gives microseconds since 1970-01-01 UTC, negative before.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        match self.start {
            Some((unix_us, since)) => unix_us.saturating_add(micros(since.elapsed())),
            None => system_us(),
        }
    }

    /// Gives milliseconds since 1970-01-01 UTC, negative before.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now_us().div_euclid(1000)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one clock that reads wall time"
)]
fn system_us() -> i64 {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => micros(since),
        Err(before) => micros(before.duration()).saturating_neg(),
    }
}

fn micros(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_started_clock_runs_with_the_runtime() {
        let clock = Clock::starting_at(1_700_000_000_000_000);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(clock.now_us(), 1_700_000_001_500_000);
        assert_eq!(clock.now_ms(), 1_700_000_001_500);
    }

    #[test]
    fn the_system_clock_is_past_2025() {
        assert!(Clock::system().now_us() > 1_735_689_600_000_000);
    }
}
