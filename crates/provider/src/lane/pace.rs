//! How many attempts may be in flight: up by addition, down by multiplication.
//!
//! In: the outcome of each attempt. Out: the limit. Once per round trip (a round ends with the
//! first outcome of an attempt that started within it) the limit becomes
//! `limit · (1 − share/2) + (1 − share)`, where `share` is the part of the round's outcomes that
//! was throttled: halved when all are, up by one when none is, and cut by a twentieth where one in
//! ten is. The proportional cut is that of DCTCP (Alizadeh et al., SIGCOMM 2010; RFC 8257): an
//! endpoint that refuses 5 % at random keeps most of its concurrency, one at its limit loses half.
//!
//! An endpoint that comes back after an outage may be started slowly: the limit falls to a sixteenth of its
//! ceiling and doubles with each round without a refusal, as in TCP's slow start (RFC 5681).

use tokio::time::Instant;

use super::bucket::to_f64;

/// What an attempt says about load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// It was answered.
    Served,
    /// It was refused for load: 429, 503 or 529.
    Throttled,
}

/// The concurrency limit of a lane.
#[derive(Debug)]
pub(crate) struct Pace {
    limit: f64,
    ceiling: f64,
    /// Doubling after an outage, until something is refused or the ceiling is reached.
    is_ramping: bool,
    round_start: Instant,
    n_served: u64,
    n_throttled: u64,
}

/// Part of the ceiling at which a lane starts again after an outage.
const RESTART: f64 = 1.0 / 16.0;

impl Pace {
    pub(crate) fn new(ceiling: usize, now: Instant) -> Self {
        let ceiling = to_f64(u64::try_from(ceiling).unwrap_or(u64::MAX)).max(1.0);
        Self {
            limit: ceiling,
            ceiling,
            is_ramping: false,
            round_start: now,
            n_served: 0,
            n_throttled: 0,
        }
    }

    /// Takes an outcome in; `started` is when its attempt was admitted.
    pub(crate) fn note(&mut self, load: Load, started: Instant, now: Instant) {
        match load {
            Load::Served => self.n_served += 1,
            Load::Throttled => self.n_throttled += 1,
        }
        if started < self.round_start {
            return;
        }
        let share = self.throttled_share();
        self.is_ramping &= self.n_throttled == 0 && self.limit < self.ceiling;
        let next = if self.is_ramping {
            2.0 * self.limit
        } else {
            self.limit * (1.0 - share / 2.0) + (1.0 - share)
        };
        self.limit = next.clamp(1.0, self.ceiling);
        self.round_start = now;
        self.n_served = 0;
        self.n_throttled = 0;
    }

    /// Starts again slowly; rounds count from now.
    pub(crate) fn restart(&mut self, now: Instant) {
        self.limit = (self.ceiling * RESTART).max(1.0).min(self.limit);
        self.is_ramping = true;
        self.round_start = now;
        self.n_served = 0;
        self.n_throttled = 0;
    }

    /// The part of this round's outcomes that was throttled, in [0, 1]; 0 before the first.
    pub(crate) fn throttled_share(&self) -> f64 {
        let n = self.n_served + self.n_throttled;
        if n == 0 {
            return 0.0;
        }
        to_f64(self.n_throttled) / to_f64(n)
    }

    /// The limit as a whole number, at least 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped between 1 and the ceiling, which came from a usize"
    )]
    pub(crate) fn limit(&self) -> usize {
        self.limit as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Plays rounds of `limit` attempts, each 100 ms long; `is_throttled` by attempt number.
    fn play(
        pace: &mut Pace,
        n_rounds: u32,
        mut is_throttled: impl FnMut(usize) -> bool,
    ) -> Vec<usize> {
        let mut now = pace.round_start;
        let mut n = 0;
        let mut limits = Vec::new();
        for _ in 0..n_rounds {
            let started = now + Duration::from_millis(1);
            now += Duration::from_millis(100);
            for _ in 0..pace.limit() {
                n += 1;
                let load = if is_throttled(n) {
                    Load::Throttled
                } else {
                    Load::Served
                };
                pace.note(load, started, now);
            }
            limits.push(pace.limit());
        }
        limits
    }

    #[tokio::test(start_paused = true)]
    async fn full_throttling_halves_once_per_round_trip() {
        let mut pace = Pace::new(64, Instant::now());
        assert_eq!(play(&mut pace, 8, |_| true), [32, 16, 8, 4, 2, 1, 1, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn recovery_adds_one_per_round_trip_up_to_the_ceiling() {
        let mut pace = Pace::new(8, Instant::now());
        play(&mut pace, 4, |_| true);
        assert_eq!(play(&mut pace, 9, |_| false), [2, 3, 4, 5, 6, 7, 8, 8, 8]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_start_doubles_until_something_is_refused() {
        let mut pace = Pace::new(64, Instant::now());
        pace.restart(pace.round_start);
        assert_eq!(pace.limit(), 4);
        assert_eq!(play(&mut pace, 5, |_| false), [8, 16, 32, 64, 64]);
        pace.restart(pace.round_start);
        assert_eq!(play(&mut pace, 2, |_| false), [8, 16]);
        assert!(play(&mut pace, 1, |_| true)[0] <= 16, "{pace:?}");
        // From there it adds one a round, as ever; the first still counts late refusals.
        let limits = play(&mut pace, 4, |_| false);
        let steps: Vec<usize> = limits.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(steps, [1, 1, 1], "{limits:?}");
        let mut small = Pace::new(3, Instant::now());
        small.restart(small.round_start);
        assert_eq!(play(&mut small, 3, |_| false), [2, 3, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_random_refusals_cost_little() {
        let mut pace = Pace::new(50, Instant::now());
        let limits = play(&mut pace, 400, |n| n % 20 == 0);
        assert!(limits.iter().all(|limit| *limit >= 25), "{limits:?}");
    }
}
