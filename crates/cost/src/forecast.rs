//! What a call is expected to use and cost before it is made.
//!
//! In: the size of a request, the longest answer so far. Out: tokens and money, on the high side: budgets
//! and rate limits reserve by them. What was used in the end is known from the answer.

use std::sync::atomic::{AtomicU64, Ordering};

use trilemma_domain::{NanoUsd, Usage};

use crate::pricer::Pricer;

/// Bytes of a request body per token, on the low side: planning errs towards more tokens.
const BYTES_PER_TOKEN: u64 = 3;
/// Output tokens that an unlimited answer is planned with before any was seen.
const FIRST_GUESS_TOKENS: u64 = 1_000;

/// Forecasts the calls of one candidate.
#[derive(Debug)]
pub struct Forecast {
    /// Most output tokens that it is asked for; `None` = no limit.
    limit: Option<u32>,
    /// Most output tokens seen so far; 0 = none was.
    most_output: AtomicU64,
}

impl Forecast {
    /// Of a candidate that is asked for at most `limit` output tokens; `None` = no limit.
    #[must_use]
    pub fn new(limit: Option<u32>) -> Self {
        Self {
            limit,
            most_output: AtomicU64::new(0),
        }
    }

    /// Tokens of a call with a request of so many bytes, its answer included.
    #[must_use]
    pub fn tokens(&self, n_bytes: usize) -> u64 {
        input(n_bytes).saturating_add(self.output())
    }

    /// Most that such a call is expected to cost; zero where no price is known.
    #[must_use]
    pub fn most_cost(&self, n_bytes: usize, pricer: Option<&Pricer>) -> NanoUsd {
        pricer
            .and_then(|pricer| pricer.production(input(n_bytes), self.output(), None))
            .and_then(|cost| cost.settle().ok())
            .unwrap_or_default()
    }

    /// Learns from an answer how long answers are.
    pub fn learn(&self, usage: &Usage) {
        self.most_output.fetch_max(usage.output, Ordering::Relaxed);
    }

    /// Half more than the longest answer seen, within the limit.
    fn output(&self) -> u64 {
        let seen = self.most_output.load(Ordering::Relaxed);
        let guess = if seen == 0 {
            FIRST_GUESS_TOKENS
        } else {
            seen.saturating_add(seen / 2)
        };
        let limit = self.limit.map(u64::from);
        limit.map_or(guess, |limit| limit.min(guess))
    }
}

fn input(n_bytes: usize) -> u64 {
    n_bytes as u64 / BYTES_PER_TOKEN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_planned_half_longer_than_the_longest_within_the_limit() {
        let learned = |limit| {
            let forecast = Forecast::new(limit);
            let before = forecast.tokens(30);
            for output in [40, 200, 100] {
                forecast.learn(&Usage {
                    output,
                    ..Usage::default()
                });
            }
            (before, forecast.tokens(30))
        };
        assert_eq!(learned(None), (1_010, 310));
        assert_eq!(learned(Some(250)), (260, 260));
        assert_eq!(Forecast::new(None).most_cost(30, None), NanoUsd::default());
    }
}
