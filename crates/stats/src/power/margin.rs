//! Chances of the verdicts against a margin, and the items that make them likely.
//!
//! In: plausible rates, margin, one-sided confidence. Out: how likely "not worse", "better", "worse" and
//! "undecided" are, by summing over all discordant counts with Tango's statistic, exactly as the verdict
//! will be taken. Conditions: independent items.
//! Source: T. Tango, Statistics in Medicine 17 (1998); sample size by normal approximation as in J.-M. Nam,
//! Biometrics 53 (1997), with the unrestricted variance.

use serde::{Deserialize, Serialize};

use super::DiscordantRates;
use super::difference::round_up;
use super::search::{check_items, expect_over_binomial, first_count, items_reaching};
use crate::Confidence;
use crate::error::{StatsError, check_open_unit};
use crate::paired::score;
use crate::special::{binomial, normal};

/// How likely each verdict of first against second is. `noninferior`, `inferior`, `undecided` sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MarginChances {
    /// Chance of showing "not worse by the margin or more"; includes `superior`.
    pub noninferior: f64,
    /// Chance of showing "better" (margin 0).
    pub superior: f64,
    /// Chance of showing "worse by more than the margin".
    pub inferior: f64,
    /// Chance of neither "not worse" nor "worse".
    pub undecided: f64,
    /// Number of items.
    pub n: usize,
}

/// Returns the chances of each verdict with `n` items, the truth being `rates`.
///
/// Checked by `verdict_chances_agree_with_enumeration`.
///
/// # Errors
/// [`StatsError::TooFew`] without items, [`StatsError::OutOfRange`] unless `0 <= margin < 1` and n is
/// at most ten million.
pub fn margin_chances(
    rates: DiscordantRates,
    margin: f64,
    n: usize,
    confidence: Confidence,
) -> Result<MarginChances, StatsError> {
    check_margin(margin)?;
    check_items(n)?;
    let z = confidence.z_one_sided();
    let noninferior = chance_above(rates, -margin, n, z);
    let superior = if margin == 0.0 {
        noninferior
    } else {
        chance_above(rates, 0.0, n, z)
    };
    let inferior = chance_not_above(rates, -margin, n, -z);
    let undecided = (1.0 - noninferior - inferior).max(0.0);
    Ok(MarginChances {
        noninferior,
        superior,
        inferior,
        undecided,
        n,
    })
}

/// Returns the items with which "not worse by `margin`" is shown with the given power, approximately.
///
/// `(z_α + z_β)² (p_d - d²) / (d + margin)²`, z one-sided. Checked by `data_power`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless `0 <= margin < 1`, `0 < power < 1` and the true difference is above
/// minus the margin.
pub fn items_for_noninferiority(
    rates: DiscordantRates,
    margin: f64,
    confidence: Confidence,
    power: f64,
) -> Result<usize, StatsError> {
    let room = room_above(rates, margin)?;
    check_open_unit("power", power)?;
    let z = confidence.z_one_sided() + normal::quantile(power);
    Ok(round_up(z * z * rates.variance() / (room * room)))
}

/// Returns the items with which the verdict "not worse by `margin`" has the given chance, by exact sums.
///
/// The chance is slightly saw-toothed in n: the result reaches it, a smaller n may too. `None` when ten
/// million items do not suffice. Checked by `exact_items_are_near_the_formula`.
///
/// # Errors
/// As [`items_for_noninferiority`].
pub fn items_for_noninferiority_verdict(
    rates: DiscordantRates,
    margin: f64,
    confidence: Confidence,
    power: f64,
) -> Result<Option<usize>, StatsError> {
    room_above(rates, margin)?;
    check_open_unit("power", power)?;
    let z = confidence.z_one_sided();
    Ok(items_reaching(power, |n| {
        chance_above(rates, -margin, n, z)
    }))
}

/// P(Z(hypothesis) >= z).
fn chance_above(rates: DiscordantRates, hypothesis: f64, n: usize, z: f64) -> f64 {
    // For a fixed number of discordant items Z rises with those of the first.
    expect_over_binomial(n, rates.discordant(), |m| {
        match first_count(m, |b| score(n, b, m - b, hypothesis) >= z) {
            None => 0.0,
            Some(0) => 1.0,
            Some(b) => binomial::upper_tail(b - 1, m, rates.first_share()),
        }
    })
}

/// P(Z(hypothesis) <= z).
fn chance_not_above(rates: DiscordantRates, hypothesis: f64, n: usize, z: f64) -> f64 {
    expect_over_binomial(n, rates.discordant(), |m| {
        match first_count(m, |b| score(n, b, m - b, hypothesis) > z) {
            None => 1.0,
            Some(0) => 0.0,
            Some(b) => binomial::cdf(b - 1, m, rates.first_share()),
        }
    })
}

fn check_margin(margin: f64) -> Result<(), StatsError> {
    if (0.0..1.0).contains(&margin) {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            parameter: "margin",
            value: margin,
            range: "at least 0 and below 1",
        })
    }
}

/// True difference plus margin; must be positive for non-inferiority to be true at all.
fn room_above(rates: DiscordantRates, margin: f64) -> Result<f64, StatsError> {
    check_margin(margin)?;
    let room = rates.difference() + margin;
    if room > 0.0 {
        return Ok(room);
    }
    Err(StatsError::OutOfRange {
        parameter: "difference",
        value: rates.difference(),
        range: "above minus the margin",
    })
}
