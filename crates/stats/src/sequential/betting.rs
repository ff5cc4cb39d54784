//! Confidence sequence of a mean by betting against every possible mean.
//!
//! In: values in [0, 1] in random order. Out: the interval at the last value; computed at every value, all
//! intervals together cover the mean of the population with the level claimed, however one stops. The
//! narrowest sequence here for few values, and the only one that knows of a finite set, where it closes
//! when all items were seen. Conditions: independent values, or a random order of a finite set.
//! Source: I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
//! (2024), theorem 3 (hedged capital) and section 5 (without replacement); the same authors' `confseq`.

use super::Population;
use super::bernstein::check_unit_values;
use super::bets::variance_adaptive;
use crate::mean::mean;
use crate::{Confidence, Estimate, Method, StatsError};

/// Possible means are looked at in steps of one in so many.
const GRID: u32 = 1000;
/// Share of the largest stake that cannot ruin.
const SHARE: f64 = 0.5;

/// Returns the mean with the hedged betting interval, ends on a grid of 1/1000 that is rounded outwards.
///
/// A mean m stays while `max(½ Π(1 + λ_i (x_i - m_i)), ½ Π(1 - λ_i (x_i - m_i))) <= 1/α`, with `m_i` the
/// mean that the next value has if the population's is m, `λ_i` as in `bets` at `α/2`, at most
/// `½/m_i` and `½/(1-m_i)`. Of a finite set, what is not yet seen lies between all 0 and all 1. Checked by
/// `data_confidence_sequences`.
///
/// # Errors
/// [`StatsError::TooFew`] without values, [`StatsError::OutOfRange`] for a value outside [0, 1],
/// [`StatsError::NotFinite`], [`StatsError::LengthMismatch`] for more values than the population has.
pub fn betting_mean(
    values: &[f64],
    confidence: Confidence,
    population: Population,
) -> Result<Estimate, StatsError> {
    check_unit_values(values)?;
    population.check(values.len())?;
    let stakes = variance_adaptive(values, 0.5 * confidence.alpha(), f64::INFINITY);
    let limit = (2.0 / confidence.alpha()).ln();
    let stays = |step: &u32| {
        let m = f64::from(*step) / f64::from(GRID);
        log_capital(values, &stakes, population, m) <= limit
    };
    let (low, high) = match ((0..=GRID).find(stays), (0..=GRID).rev().find(stays)) {
        (Some(first), Some(last)) => (
            f64::from(first.saturating_sub(1)) / f64::from(GRID),
            f64::from((last + 1).min(GRID)) / f64::from(GRID),
        ),
        // No possible mean is left standing; say nothing rather than nonsense.
        _ => (0.0, 1.0),
    };
    let point = mean(values).clamp(0.0, 1.0);
    let (possible_low, possible_high) = possible(values, population);
    Ok(Estimate {
        point,
        low: low.max(possible_low),
        high: high.min(possible_high),
        confidence,
        n: values.len(),
        method: Method::Betting,
        standard_error: None,
    })
}

/// Logarithm of the larger of the two capitals, each started with 1; infinite when m is impossible.
fn log_capital(values: &[f64], stakes: &[f64], population: Population, m: f64) -> f64 {
    let (mut up, mut down, mut sum) = (0.0_f64, 0.0_f64, 0.0);
    for ((seen, value), stake) in values.iter().enumerate().zip(stakes) {
        let next = population.mean_of_next(m, seen, sum);
        if !(0.0..=1.0).contains(&next) {
            return f64::INFINITY;
        }
        let off = value - next;
        up += (stake.min(SHARE / next) * off).ln_1p();
        down += (-stake.min(SHARE / (1.0 - next)) * off).ln_1p();
        sum += value;
    }
    up.max(down)
}

/// Range of the mean that the values seen leave possible.
fn possible(values: &[f64], population: Population) -> (f64, f64) {
    match population {
        Population::Source => (0.0, 1.0),
        Population::Finite(size) => {
            let size = size as f64;
            let sum: f64 = values.iter().sum();
            (sum / size, (sum + size - values.len() as f64) / size)
        }
    }
}
