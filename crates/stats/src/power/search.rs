//! Smallest number of items that reaches a power, and sums over the number of discordant items.
//!
//! Exact power is saw-toothed in n because counts are whole, so "smallest" means: this n reaches the
//! power, and the last n that the bisection tried below does not.

use crate::error::{StatsError, TooFew};
use crate::special::binomial;

/// Beyond this a plan is no plan.
const MOST_ITEMS: usize = 10_000_000;

/// Fails unless `n` is a number of items that one can plan with.
pub(crate) fn check_items(n: usize) -> Result<(), StatsError> {
    TooFew::check(n, 1)?;
    if n > MOST_ITEMS {
        return Err(StatsError::OutOfRange {
            parameter: "n",
            value: n as f64,
            range: "at most ten million",
        });
    }
    Ok(())
}

/// Returns an n with `power_at(n) >= wanted`, by doubling and bisection; `None` up to ten million items.
pub(crate) fn items_reaching(wanted: f64, power_at: impl Fn(usize) -> f64) -> Option<usize> {
    let (mut below, mut enough) = (0, 8);
    while power_at(enough) < wanted {
        below = enough;
        enough *= 2;
        if enough > MOST_ITEMS {
            return None;
        }
    }
    while enough - below > 1 {
        let middle = below + (enough - below) / 2;
        if power_at(middle) >= wanted {
            enough = middle
        } else {
            below = middle
        }
    }
    Some(enough)
}

/// Returns the expectation of `chance(m)` over m ~ Bin(n, p); counts that hardly ever occur are skipped.
pub(crate) fn expect_over_binomial(n: usize, p: f64, chance: impl Fn(usize) -> f64) -> f64 {
    let mean = n as f64 * p;
    let reach = 9.0 * (mean * (1.0 - p)).sqrt() + 20.0;
    let first = (mean - reach).max(0.0) as usize;
    let last = ((mean + reach).ceil() as usize).min(n);
    (first..=last)
        .map(|m| {
            let weight = binomial::pmf(m, n, p);
            if weight < 1e-16 {
                0.0
            } else {
                weight * chance(m)
            }
        })
        .sum()
}

/// Returns the smallest count in 0..=m for which the monotone `holds` is true, `None` when it never is.
pub(crate) fn first_count(m: usize, holds: impl Fn(usize) -> bool) -> Option<usize> {
    if !holds(m) {
        return None;
    }
    let (mut low, mut high) = (0, m);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    Some(high)
}
