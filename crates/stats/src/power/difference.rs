//! Number of items to see a paired difference, and the difference that a number of items can show.
//!
//! In: plausible rates, two-sided confidence, power. Out: items (rounded up) or the smallest detectable
//! difference. Normal approximations: the exact test reaches 0.76 to 0.78 where these say 0.80, so plan
//! about 5 % more, or ask `mcnemar_power`.
//! Source: O. S. Miettinen, Biometrics 24 (1968); R. J. Connor, Biometrics 43 (1987).

use super::DiscordantRates;
use crate::error::{StatsError, check_open_unit};
use crate::special::normal;
use crate::{Confidence, TooFew};

/// Returns the items with which a difference of this size is seen with the given power.
///
/// `(z_{α/2} + z_β)² (p_d - d²) / d²`. Checked by `data_power`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless `0 < power < 1` and the difference is not 0.
pub fn items_to_detect(
    rates: DiscordantRates,
    confidence: Confidence,
    power: f64,
) -> Result<usize, StatsError> {
    let difference = nonzero_difference(rates)?;
    let z = z_sum(confidence, power)?;
    Ok(round_up(
        z * z * rates.variance() / (difference * difference),
    ))
}

/// Returns the items that McNemar's test needs for the same, by Connor's formula.
///
/// `(z_{α/2} sqrt(p_d) + z_β sqrt(p_d - d²))² / d²`. Checked by `data_power`.
///
/// # Errors
/// As [`items_to_detect`].
pub fn items_for_mcnemar(
    rates: DiscordantRates,
    confidence: Confidence,
    power: f64,
) -> Result<usize, StatsError> {
    let difference = nonzero_difference(rates)?;
    check_open_unit("power", power)?;
    let root = confidence.z_two_sided() * rates.discordant().sqrt()
        + normal::quantile(power) * rates.variance().sqrt();
    Ok(round_up(root * root / (difference * difference)))
}

/// Returns the smallest true difference that n items show with the given power.
///
/// `(z_{α/2} + z_β) sqrt(p_d / n)`, at 95 % and 80 % about `2.80 sqrt(p_d / n)`. A result above
/// `discordant` says that n items can show no difference at all. Checked by `data_power`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless `0 < discordant <= 1` and `0 < power < 1`, [`StatsError::TooFew`]
/// without items.
pub fn detectable_difference(
    discordant: f64,
    n: usize,
    confidence: Confidence,
    power: f64,
) -> Result<f64, StatsError> {
    let rates = DiscordantRates::new(discordant, 0.0)?;
    TooFew::check(n, 1)?;
    Ok(z_sum(confidence, power)? * (rates.discordant() / n as f64).sqrt())
}

fn z_sum(confidence: Confidence, power: f64) -> Result<f64, StatsError> {
    check_open_unit("power", power)?;
    Ok(confidence.z_two_sided() + normal::quantile(power))
}

fn nonzero_difference(rates: DiscordantRates) -> Result<f64, StatsError> {
    let value = rates.difference();
    if value == 0.0 {
        return Err(StatsError::OutOfRange {
            parameter: "difference",
            value,
            range: "other than 0",
        });
    }
    Ok(value)
}

/// At least one item; a cast of an enormous float saturates.
pub(crate) fn round_up(items: f64) -> usize {
    (items.ceil() as usize).max(1)
}
