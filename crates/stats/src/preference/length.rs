//! How often one contender would win if both answers were equally long.
//!
//! In: per item the preference for the contender's answer and how much longer it is than its rival's. Out: the
//! intercept of `logit P = b₀ tanh(lead ÷ sd) + b₁` as a win rate, with its interval. People and judges like
//! longer answers; this takes the part away that length explains within these battles.
//! Conditions: independent items (or clusters), some tens of them; what length explains is taken for its effect,
//! so where longer answers truly are better this takes too much away.
//! Source: Y. Dubois et al., arXiv 2404.04475 (2024), without the term for the difficulty of an instruction and
//! without regularisation, which need figures of other models.

use super::logistic::{Row, fit, sigmoid};
use crate::error::{StatsError, TooFew, check_finite, check_same_length};
use crate::{Confidence, Estimate, Method};

/// Fewest battles that anything is said from.
const MIN_BATTLES: usize = 30;

/// A win rate with the part of length taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct LengthControlled {
    /// Win rate at equal lengths, in (0, 1).
    pub win_rate: Estimate,
    /// Win rate as it is.
    pub raw: f64,
    /// Log odds per unit of `tanh(lead ÷ sd)`: above 0 = longer answers win more.
    pub length_effect: Estimate,
}

/// Returns the win rate at equal lengths.
///
/// `wins[i]` is the preference for the contender in [0, 1] (0.5 = a tie), `leads[i]` the length of its answer minus
/// that of its rival, in any unit; `clusters` as in [`super::bradley_terry`]. Checked by
/// `data_length_controlled`; coverage by `length_is_taken_out_and_the_interval_covers`.
///
/// # Errors
/// [`StatsError::TooFew`] below 30 battles, [`StatsError::NoSpread`] when all leads are equal,
/// [`StatsError::NoMaximum`] where one side always wins, [`StatsError::OutOfRange`] for a preference outside
/// [0, 1], [`StatsError::NotFinite`], [`StatsError::LengthMismatch`].
pub fn length_controlled(
    wins: &[f64],
    leads: &[f64],
    clusters: Option<&[usize]>,
    confidence: Confidence,
) -> Result<LengthControlled, StatsError> {
    check_same_length(wins.len(), leads.len())?;
    if let Some(clusters) = clusters {
        check_same_length(wins.len(), clusters.len())?;
    }
    TooFew::check(wins.len(), MIN_BATTLES)?;
    check_finite(wins)?;
    check_finite(leads)?;
    if let Some(value) = wins.iter().find(|win| !(0.0..=1.0).contains(*win)) {
        return Err(StatsError::OutOfRange {
            parameter: "preference",
            value: *value,
            range: "between 0 and 1",
        });
    }
    let n = wins.len() as f64;
    let mean = leads.iter().sum::<f64>() / n;
    let squares: f64 = leads.iter().map(|lead| (lead - mean).powi(2)).sum();
    let spread = (squares / (n - 1.0)).sqrt();
    if spread <= 0.0 {
        return Err(StatsError::NoSpread { n: wins.len() });
    }
    let rows: Vec<Row> = wins
        .iter()
        .zip(leads)
        .map(|(win, lead)| Row {
            x: vec![(lead / spread).tanh(), 1.0],
            y: *win,
        })
        .collect();
    let fit = fit(&rows, clusters)?;
    let part = |at: usize| {
        let point = fit.coefficients.get(at).copied().unwrap_or(0.0);
        let line = fit.covariance.get(at);
        let error = line.and_then(|line| line.get(at)).map_or(0.0, |v| v.sqrt());
        (point, error)
    };
    let z = fit.reach(confidence);
    let ((slope, slope_error), (intercept, error)) = (part(0), part(1));
    let rate = sigmoid(intercept);
    let estimate = |point: f64, (low, high): (f64, f64), error: f64| Estimate {
        point,
        low,
        high,
        confidence,
        n: wins.len(),
        method: Method::LargeSample,
        standard_error: Some(error),
    };
    Ok(LengthControlled {
        win_rate: estimate(
            rate,
            // The ends are those of the log odds, so that they stay within (0, 1).
            (
                sigmoid(intercept - z * error),
                sigmoid(intercept + z * error),
            ),
            error * rate * (1.0 - rate),
        ),
        raw: wins.iter().sum::<f64>() / n,
        length_effect: estimate(
            slope,
            (slope - z * slope_error, slope + z * slope_error),
            slope_error,
        ),
    })
}
