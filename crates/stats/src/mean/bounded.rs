//! A mean of values known to lie in a range, with a guarantee for every n.
//!
//! In: values in [0, 1]. Out: an interval that covers at least as often as claimed whatever the
//! distribution, also when all values are equal, where bootstrap and t have nothing to say. It is wide:
//! about 1.4 times the normal interval at a spread of pass/fail kind, more when the values vary less.
//! Conditions: independent values.
//! Source: Chernoff's bound in relative-entropy form, W. Hoeffding, JASA 58 (1963), theorem 1.

use super::student_t::mean;
use crate::error::{TooFew, check_finite};
use crate::{Confidence, Estimate, Method, StatsError};

/// Returns the mean of values in [0, 1] with the Chernoff interval.
///
/// `{m : n · KL(mean, m) <= ln(2/α)}` with `KL(p, q) = p ln(p/q) + (1-p) ln((1-p)/(1-q))`. Checked by
/// `bounded_mean_covers_and_handles_equal_values`.
///
/// # Errors
/// [`StatsError::TooFew`] without values, [`StatsError::OutOfRange`] for a value outside [0, 1],
/// [`StatsError::NotFinite`].
pub fn bounded_mean(values: &[f64], confidence: Confidence) -> Result<Estimate, StatsError> {
    check_finite(values)?;
    TooFew::check(values.len(), 1)?;
    if let Some(value) = values.iter().find(|v| !(0.0..=1.0).contains(*v)) {
        return Err(StatsError::OutOfRange {
            parameter: "values",
            value: *value,
            range: "between 0 and 1",
        });
    }
    let point = mean(values).clamp(0.0, 1.0);
    let budget = (2.0 / confidence.alpha()).ln() / values.len() as f64;
    Ok(Estimate {
        point,
        low: lower_end(point, budget),
        high: 1.0 - lower_end(1.0 - point, budget),
        confidence,
        n: values.len(),
        method: Method::Chernoff,
        standard_error: None,
    })
}

/// Smallest m with `KL(p, m) <= budget`, by bisection.
fn lower_end(p: f64, budget: f64) -> f64 {
    let (mut outside, mut inside) = (0.0, p);
    for _ in 0..200 {
        let middle = 0.5 * (outside + inside);
        if relative_entropy(p, middle) > budget {
            outside = middle
        } else {
            inside = middle
        }
    }
    inside
}

fn relative_entropy(p: f64, q: f64) -> f64 {
    let term = |x: f64, y: f64| if x <= 0.0 { 0.0 } else { x * (x / y).ln() };
    term(p, q) + term(1.0 - p, 1.0 - q)
}
