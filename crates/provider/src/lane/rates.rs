//! Requests and tokens per minute: what the project says, and what the vendor's headers say.
//!
//! In: an estimate before an attempt, true usage and headers after it. Out: how long to wait.
//! The project's limits are kept strictly. What headers report is advice: it delays an attempt by
//! at most a minute, and once an attempt is served against it, it is not listened to any more,
//! because a wrong header must not stop a run.

use std::time::Duration;

use tokio::time::Instant;
use trilemma_wire::client::{RateLimits, Window};

use super::bucket::{Bucket, to_f64};
use super::config::LaneConfig;

/// Longest delay on a header's word alone.
const LONGEST_ADVICE: Duration = Duration::from_secs(60);
/// Vendors' limits are per minute where a header does not say when they reset.
const MINUTE_SECONDS: f64 = 60.0;

/// All allowances of a lane.
#[derive(Debug)]
pub(crate) struct Rates {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    learnt: Learnt,
    is_distrusted: bool,
}

/// How long an attempt must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateWait {
    /// Zero = it may start.
    pub(crate) wait: Duration,
    /// It starts although headers still advise against it.
    pub(crate) is_against_advice: bool,
}

/// Allowances read from headers.
#[derive(Debug, Default)]
struct Learnt {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    input_tokens: Option<Bucket>,
    output_tokens: Option<Bucket>,
}

impl Rates {
    pub(crate) fn new(config: &LaneConfig, now: Instant) -> Self {
        let bucket = |limit: Option<u64>| {
            limit.map(|limit| Bucket::per_minute(limit.max(1), config.burst, now))
        };
        Self {
            requests: bucket(config.rpm),
            tokens: bucket(config.tpm),
            learnt: Learnt::default(),
            is_distrusted: false,
        }
    }

    /// How long until an attempt of about `n_tokens` may start; `waited` = how long it has waited
    /// on headers' advice already.
    pub(crate) fn wait(&mut self, n_tokens: u64, waited: Duration, now: Instant) -> RateWait {
        let n_tokens = to_f64(n_tokens);
        let strict = [(&mut self.requests, 1.0), (&mut self.tokens, n_tokens)];
        let strict = longest(strict, now);
        let learnt = &mut self.learnt;
        let advised = longest(
            [
                (&mut learnt.requests, 1.0),
                (&mut learnt.tokens, n_tokens),
                (&mut learnt.input_tokens, n_tokens),
                (&mut learnt.output_tokens, 1.0),
            ],
            now,
        );
        let heeded = advised.min(LONGEST_ADVICE.saturating_sub(waited));
        RateWait {
            wait: strict.max(heeded),
            is_against_advice: heeded < advised,
        }
    }

    /// An attempt was served against the headers' advice.
    pub(crate) fn distrust(&mut self) {
        self.is_distrusted = true;
        self.learnt = Learnt::default();
    }

    /// Reserves an attempt of about `n_tokens`.
    pub(crate) fn take(&mut self, n_tokens: u64) {
        let n_tokens = to_f64(n_tokens);
        let learnt = &mut self.learnt;
        let takes = [
            (&mut self.requests, 1.0),
            (&mut self.tokens, n_tokens),
            (&mut learnt.requests, 1.0),
            (&mut learnt.tokens, n_tokens),
            (&mut learnt.input_tokens, n_tokens),
        ];
        for (bucket, amount) in takes {
            if let Some(bucket) = bucket {
                bucket.take(amount);
            }
        }
    }

    /// Corrects a reservation to what was used.
    pub(crate) fn settle(&mut self, n_reserved: u64, n_used: u64) {
        if let Some(tokens) = &mut self.tokens {
            tokens.settle(to_f64(n_reserved), to_f64(n_used));
        }
    }

    /// Takes over what a response head said.
    pub(crate) fn learn(&mut self, limits: &RateLimits, now: Instant) {
        if self.is_distrusted {
            return;
        }
        let learnt = &mut self.learnt;
        for (window, bucket) in [
            (&limits.requests, &mut learnt.requests),
            (&limits.tokens, &mut learnt.tokens),
            (&limits.input_tokens, &mut learnt.input_tokens),
            (&limits.output_tokens, &mut learnt.output_tokens),
        ] {
            if let Some(read) = window.as_ref().and_then(|window| read(window, now)) {
                *bucket = Some(read);
            }
        }
    }
}

fn longest<const N: usize>(buckets: [(&mut Option<Bucket>, f64); N], now: Instant) -> Duration {
    buckets
        .into_iter()
        .filter_map(|(bucket, amount)| bucket.as_mut().map(|bucket| bucket.wait(amount, now)))
        .max()
        .unwrap_or_default()
}

/// A header's window as a bucket.
///
/// OpenAI and Anthropic both define `reset` as the time until the allowance is full again, so it
/// refills by (limit − remaining) ÷ reset a second. Without `limit` nothing is known before the
/// reset: the bucket holds one unit then.
fn read(window: &Window, now: Instant) -> Option<Bucket> {
    let remaining = to_f64(window.remaining?);
    let Some(limit) = window.limit.map(to_f64) else {
        let reset = window.reset?.as_secs_f64().max(1e-3);
        return (remaining < 1.0).then(|| Bucket::holding(0.0, 1.0, 1.0 / reset, now));
    };
    let per_second = match window.reset.map(|reset| reset.as_secs_f64()) {
        Some(reset) if reset > 0.0 && limit > remaining => (limit - remaining) / reset,
        _ => limit / MINUTE_SECONDS,
    };
    (limit >= 1.0).then(|| Bucket::holding(remaining.min(limit), limit, per_second, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(limit: Option<u64>, remaining: u64, reset_s: u64) -> Option<Window> {
        Some(Window {
            limit,
            remaining: Some(remaining),
            reset: Some(Duration::from_secs(reset_s)),
        })
    }

    fn unlimited(now: Instant) -> Rates {
        Rates::new(&LaneConfig::default(), now)
    }

    #[tokio::test(start_paused = true)]
    async fn an_exhausted_allowance_is_waited_for() {
        let now = Instant::now();
        let wait_ms = |requests, tokens, n_tokens| {
            let mut rates = unlimited(now);
            let limits = RateLimits {
                requests,
                tokens,
                ..RateLimits::default()
            };
            rates.learn(&limits, now);
            rates.wait(n_tokens, Duration::ZERO, now).wait.as_millis()
        };
        assert_eq!(wait_ms(None, None, 100), 0);
        assert_eq!(wait_ms(window(Some(500), 3, 60), None, 100), 0);
        // Full in 60 s means the next of 500 comes after 120 ms.
        assert_eq!(wait_ms(window(Some(500), 0, 60), None, 100), 120);
        // Without a limit the reset itself is waited for.
        assert_eq!(wait_ms(window(None, 0, 7), None, 100), 7000);
        // 100 of 60,000 tokens remain: 900 more come at about 1,000 a second.
        assert_eq!(wait_ms(None, window(Some(60_000), 100, 60), 1000), 901);
        // No header stops a lane for longer than a minute.
        assert_eq!(wait_ms(window(None, 0, 86_400), None, 100), 60_000);
    }

    #[tokio::test(start_paused = true)]
    async fn advice_is_followed_for_a_minute_in_all() {
        let now = Instant::now();
        let mut rates = unlimited(now);
        rates.learn(
            &RateLimits {
                requests: window(None, 0, 86_400),
                ..RateLimits::default()
            },
            now,
        );
        let minute = Duration::from_secs(60);
        let wait = rates.wait(1, minute, now + minute);
        assert_eq!((wait.wait, wait.is_against_advice), (Duration::ZERO, true));
        rates.distrust();
        assert_eq!(rates.wait(1, Duration::ZERO, now).wait, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn reservations_are_settled_with_true_usage() {
        let now = Instant::now();
        let config = LaneConfig {
            tpm: Some(6000),
            ..LaneConfig::default()
        };
        let mut rates = Rates::new(&config, now);
        rates.take(1000);
        assert_eq!(rates.wait(500, Duration::ZERO, now).wait.as_secs(), 5);
        rates.settle(1000, 400);
        assert_eq!(rates.wait(500, Duration::ZERO, now).wait, Duration::ZERO);
    }
}
