//! Confidence sequences of a mean in closed form: empirical Bernstein and Hoeffding.
//!
//! In: values in [0, 1] in random order. Out: the interval at the last value; computed at every value, all
//! intervals together cover the mean of the source with the level claimed, however one stops. Cheaper to
//! compute than `betting` and wider. Conditions: independent values, or a random order.
//! Source: I. Waudby-Smith, A. Ramdas, JRSS B 86 (2024), propositions 1 and 2.

use super::bets::variance_adaptive;
use crate::error::{TooFew, check_finite};
use crate::mean::mean;
use crate::{Confidence, Estimate, Method, StatsError};

/// Largest stake of the empirical Bernstein sequence.
const LARGEST_BERNSTEIN: f64 = 0.5;
/// Largest stake of the Hoeffding sequence.
const LARGEST_HOEFFDING: f64 = 1.0;

/// Returns the mean with the predictable plug-in empirical Bernstein interval.
///
/// Each end at `α/2`: `Σ λ_i x_i / Σ λ_i ± (ln(2/α) + Σ (x_i - m_{i-1})² ψ(λ_i)) / Σ λ_i` with `ψ(λ) =
/// -ln(1-λ) - λ` and `m_{i-1}` the mean of the values before. Adapts to the spread of the values. Checked
/// by `data_confidence_sequences`.
///
/// # Errors
/// [`StatsError::TooFew`] without values, [`StatsError::OutOfRange`] for a value outside [0, 1],
/// [`StatsError::NotFinite`].
pub fn empirical_bernstein_mean(
    values: &[f64],
    confidence: Confidence,
) -> Result<Estimate, StatsError> {
    two_sided(
        values,
        confidence,
        Method::EmpiricalBernstein,
        |side, alpha| {
            let stakes = variance_adaptive(side, alpha, LARGEST_BERNSTEIN);
            let mut bound = Weighted::default();
            let (mut sum, mut before) = (0.0, 0.0);
            for ((value, stake), t) in side.iter().zip(stakes).zip(1_u32..) {
                let off = value - before;
                bound.add(*value, stake, off * off * (-(-stake).ln_1p() - stake));
                sum += value;
                before = sum / f64::from(t);
            }
            bound.lower(alpha)
        },
    )
}

/// Returns the mean with the predictable plug-in Hoeffding interval, which ignores the spread.
///
/// Each end at `α/2`: `Σ λ_i x_i / Σ λ_i ± (ln(2/α) + Σ λ_i²/8) / Σ λ_i` with `λ_t = min(1, sqrt(8 ln(2/α)
/// / (t ln(1+t))))`. Checked by `data_confidence_sequences`.
///
/// # Errors
/// As [`empirical_bernstein_mean`].
pub fn hoeffding_sequence_mean(
    values: &[f64],
    confidence: Confidence,
) -> Result<Estimate, StatsError> {
    two_sided(
        values,
        confidence,
        Method::HoeffdingSequence,
        |side, alpha| {
            let mut bound = Weighted::default();
            for (value, t) in side.iter().zip(1_u32..) {
                let t = f64::from(t);
                let stake = (8.0 * (1.0 / alpha).ln() / (t * t.ln_1p()))
                    .sqrt()
                    .min(LARGEST_HOEFFDING);
                bound.add(*value, stake, stake * stake / 8.0);
            }
            bound.lower(alpha)
        },
    )
}

/// Sums of a bound: stakes, staked values, and the price of the stakes.
#[derive(Debug, Default)]
struct Weighted {
    stakes: f64,
    values: f64,
    price: f64,
}

impl Weighted {
    fn add(&mut self, value: f64, stake: f64, price: f64) {
        self.stakes += stake;
        self.values += stake * value;
        self.price += price;
    }

    fn lower(&self, alpha: f64) -> f64 {
        (self.values - (1.0 / alpha).ln() - self.price) / self.stakes
    }
}

/// Applies a one-sided lower bound at half the error rate to the values and to their complements.
fn two_sided(
    values: &[f64],
    confidence: Confidence,
    method: Method,
    lower: impl Fn(&[f64], f64) -> f64,
) -> Result<Estimate, StatsError> {
    check_unit_values(values)?;
    let half = 0.5 * confidence.alpha();
    let complements: Vec<f64> = values.iter().map(|value| 1.0 - value).collect();
    let point = mean(values).clamp(0.0, 1.0);
    Ok(Estimate {
        point,
        low: lower(values, half).clamp(0.0, 1.0).min(point),
        high: (1.0 - lower(&complements, half)).clamp(0.0, 1.0).max(point),
        confidence,
        n: values.len(),
        method,
        standard_error: None,
    })
}

/// Fails without values and for a value that does not lie in [0, 1].
pub(super) fn check_unit_values(values: &[f64]) -> Result<(), StatsError> {
    check_finite(values)?;
    TooFew::check(values.len(), 1)?;
    match values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        Some(value) => Err(StatsError::OutOfRange {
            parameter: "values",
            value: *value,
            range: "between 0 and 1",
        }),
        None => Ok(()),
    }
}
