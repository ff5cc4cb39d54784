//! Exact power of the exact McNemar test.
//!
//! In: plausible rates, items, confidence. Out: the chance that the test finds a difference.
//! Source: the number of discordant items is Bin(n, p_d); given it, those of the first are binomial.

use super::DiscordantRates;
use super::search::{check_items, expect_over_binomial, first_count};
use crate::special::binomial;
use crate::{Confidence, StatsError};

/// Returns the probability that the exact two-sided McNemar test rejects at `1 - confidence`.
///
/// Checked by `data_power`.
///
/// # Errors
/// [`StatsError::TooFew`] without items, [`StatsError::OutOfRange`] above ten million.
pub fn mcnemar_power(
    rates: DiscordantRates,
    n: usize,
    confidence: Confidence,
) -> Result<f64, StatsError> {
    check_items(n)?;
    let share = rates.first_share();
    let rejects =
        |smaller: usize, m: usize| 2.0 * binomial::cdf(smaller, m, 0.5) <= confidence.alpha();
    Ok(expect_over_binomial(n, rates.discordant(), |m| {
        // Rejection falls off as the smaller of the two counts grows.
        let first_kept = first_count(m, |count| !rejects(count, m)).unwrap_or(m);
        match first_kept.checked_sub(1) {
            None => 0.0,
            Some(k) => binomial::cdf(k, m, share) + binomial::cdf(k, m, 1.0 - share),
        }
    }))
}
