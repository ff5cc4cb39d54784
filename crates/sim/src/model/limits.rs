//! Requests and tokens per minute.
//!
//! In: a call's cost in tokens. Out: leave to go on, or the time to wait. A bucket that starts full
//! and refills evenly (the generic cell rate algorithm in its bucket form, ITU-T I.371).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use trilemma_wire::server::{Bucket, RateState};

use crate::scenario::Limits;

/// The limits of one model.
#[derive(Debug)]
pub(crate) struct Limiter(Mutex<Levels>);

#[derive(Debug)]
struct Levels {
    requests: Option<Level>,
    tokens: Option<Level>,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    limit: u64,
    level: f64,
    at: Option<Instant>,
}

impl Level {
    fn new(limit: u64) -> Self {
        Self {
            limit,
            level: as_f64(limit),
            at: None,
        }
    }

    fn per_second(&self) -> f64 {
        as_f64(self.limit) / 60.0
    }

    fn refill(&mut self, now: Instant) {
        let passed = self
            .at
            .map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.level = (self.level + passed * self.per_second()).min(as_f64(self.limit));
        self.at = Some(now);
    }

    /// Time until `cost` is there; a cost above the limit is as the limit.
    fn wait(&self, cost: u64) -> Duration {
        let missing = as_f64(cost.min(self.limit)) - self.level;
        seconds(missing / self.per_second())
    }

    fn take(&mut self, cost: u64) {
        self.level -= as_f64(cost.min(self.limit));
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a level lies between 0 and the limit"
    )]
    fn state(&self) -> Bucket {
        Bucket {
            limit: self.limit,
            remaining: self.level.max(0.0) as u64,
            reset: seconds((as_f64(self.limit) - self.level) / self.per_second()),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "limits are far below 2^53, and a rounded one limits as well"
)]
fn as_f64(n: u64) -> f64 {
    n as f64
}

fn seconds(s: f64) -> Duration {
    Duration::try_from_secs_f64(s.max(0.0)).unwrap_or(Duration::MAX)
}

impl Limiter {
    /// Makes the limiter; `None` where there are no limits.
    pub(crate) fn new(limits: Limits) -> Option<Self> {
        let requests = limits.requests_per_minute.map(Level::new);
        let tokens = limits.tokens_per_minute.map(Level::new);
        (requests.is_some() || tokens.is_some())
            .then(|| Self(Mutex::new(Levels { requests, tokens })))
    }

    /// Takes one request and its tokens, or nothing and says how long to wait; and tells the state
    /// after that.
    pub(crate) fn take(&self, n_tokens: u64, now: Instant) -> (Result<(), Duration>, RateState) {
        let mut levels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Levels { requests, tokens } = &mut *levels;
        let mut wait = Duration::ZERO;
        for (level, cost) in [(&mut *requests, 1), (&mut *tokens, n_tokens)] {
            if let Some(level) = level {
                level.refill(now);
                wait = wait.max(level.wait(cost));
            }
        }
        let leave = if wait.is_zero() {
            if let Some(level) = requests {
                level.take(1);
            }
            if let Some(level) = tokens {
                level.take(n_tokens);
            }
            Ok(())
        } else {
            Err(wait)
        };
        let state = RateState {
            requests: requests.as_ref().map(Level::state),
            tokens: tokens.as_ref().map(Level::state),
        };
        (leave, state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lets_the_limit_through_and_then_one_for_each_interval() {
        let limits = Limits {
            requests_per_minute: Some(60),
            tokens_per_minute: None,
        };
        let limiter = Limiter::new(limits).unwrap();
        for _ in 0..60 {
            assert_eq!(limiter.take(5, Instant::now()).0, Ok(()));
        }
        let (leave, state) = limiter.take(5, Instant::now());
        assert_eq!(leave, Err(Duration::from_secs(1)));
        assert_eq!(state.requests.map(|bucket| bucket.remaining), Some(0));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(limiter.take(5, Instant::now()).0, Ok(()));
        assert!(limiter.take(5, Instant::now()).0.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_waits_takes_nothing() {
        let limits = Limits {
            requests_per_minute: Some(1_000),
            tokens_per_minute: Some(600),
        };
        let limiter = Limiter::new(limits).unwrap();
        assert_eq!(limiter.take(500, Instant::now()).0, Ok(()));
        let (leave, state) = limiter.take(200, Instant::now());
        assert_eq!(leave, Err(Duration::from_secs(10)));
        assert_eq!(state.tokens.map(|bucket| bucket.remaining), Some(100));
        assert_eq!(state.requests.map(|bucket| bucket.remaining), Some(999));
    }
}
