//! Chances that a pass rate is shown to meet or to miss a bar.
//!
//! In: plausible true rate, bar, items, one-sided confidence. Out: chances of the three verdicts of a gate
//! that uses Clopper-Pearson bounds, by exact sums. Conditions: independent items.
//! Source: `proportion::clopper_pearson_bound`; its lower bound reaches the bar exactly when as many
//! successes would occur with probability α or less at the bar.

use serde::{Deserialize, Serialize};

use super::search::{check_items, items_reaching};
use crate::Confidence;
use crate::error::{StatsError, check_open_unit};
use crate::special::binomial;

/// How likely each verdict of a gate is; the three sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GateChances {
    /// Chance that the lower bound reaches the bar.
    pub meets: f64,
    /// Chance that the upper bound stays below the bar.
    pub fails: f64,
    /// Chance of neither.
    pub undecided: f64,
    /// Number of items.
    pub n: usize,
}

/// Returns the chances of a gate "pass rate at least `bar`" with `n` items, the true rate being `rate`.
///
/// Checked by `gate_chances_agree_with_enumeration`.
///
/// # Errors
/// [`StatsError::TooFew`] without items, [`StatsError::OutOfRange`] unless `0 < bar < 1`,
/// `0 <= rate <= 1` and n is at most ten million.
pub fn gate_chances(
    rate: f64,
    bar: f64,
    n: usize,
    confidence: Confidence,
) -> Result<GateChances, StatsError> {
    check(rate, bar)?;
    check_items(n)?;
    let meets = chance_to_meet(rate, bar, n, confidence);
    let fails = chance_to_fail(rate, bar, n, confidence);
    Ok(GateChances {
        meets,
        fails,
        undecided: (1.0 - meets - fails).max(0.0),
        n,
    })
}

/// Returns the items with which the gate gives the right verdict with the given chance.
///
/// The chance is saw-toothed in n: the result reaches it, some larger n may fall a little short. `None`
/// when ten million items do not suffice, as when the rate equals the bar. Checked by
/// `gate_items_reach_the_power`.
///
/// # Errors
/// As [`gate_chances`], and unless `0 < power < 1`.
pub fn items_for_gate(
    rate: f64,
    bar: f64,
    confidence: Confidence,
    power: f64,
) -> Result<Option<usize>, StatsError> {
    check(rate, bar)?;
    check_open_unit("power", power)?;
    if rate == bar {
        return Ok(None);
    }
    let chance = if rate > bar {
        chance_to_meet
    } else {
        chance_to_fail
    };
    Ok(items_reaching(power, |n| chance(rate, bar, n, confidence)))
}

fn chance_to_meet(rate: f64, bar: f64, n: usize, confidence: Confidence) -> f64 {
    let one_too_few = binomial::upper_quantile(confidence.alpha(), n, bar);
    if rate >= 1.0 {
        f64::from(u8::from(one_too_few < n))
    } else {
        binomial::upper_tail(one_too_few, n, rate)
    }
}

fn chance_to_fail(rate: f64, bar: f64, n: usize, confidence: Confidence) -> f64 {
    match binomial::quantile(confidence.alpha(), n, bar).checked_sub(1) {
        None => 0.0,
        Some(most) => binomial::cdf(most, n, rate),
    }
}

fn check(rate: f64, bar: f64) -> Result<(), StatsError> {
    check_open_unit("bar", bar)?;
    if (0.0..=1.0).contains(&rate) {
        Ok(())
    } else {
        Err(StatsError::OutOfRange {
            parameter: "rate",
            value: rate,
            range: "between 0 and 1",
        })
    }
}
