//! Wilson's score interval: the interval to show beside a pass rate.
//!
//! In: a count. Out: a two-sided interval whose coverage is close to nominal on average, and never
//! empty or outside [0, 1]. Not a guarantee: at rates near 1 coverage may fall to about 92 %; gates use
//! `clopper_pearson`. Conditions: independent trials.
//! Source: E. B. Wilson, JASA 22 (1927).

use super::Count;
use crate::{Confidence, Estimate, Method};

/// Returns the Wilson interval of a proportion.
///
/// `(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)`, z two-sided. Checked by
/// `data_binomial_intervals` and `published_values`.
#[must_use]
pub fn wilson(count: Count, confidence: Confidence) -> Estimate {
    let (low, high) = ends(count, confidence.z_two_sided());
    Estimate {
        point: count.rate(),
        low,
        high,
        confidence,
        n: count.n(),
        method: Method::Wilson,
        standard_error: None,
    }
}

/// Both ends for a given z.
pub(crate) fn ends(count: Count, z: f64) -> (f64, f64) {
    let n = count.n() as f64;
    let p = count.rate();
    let centre = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // At the extremes the formula gives exactly 0 or 1; rounding must not move it off.
    let low = if count.successes() == 0 {
        0.0
    } else {
        ((centre - half) / scale).clamp(0.0, p)
    };
    let high = if count.successes() == count.n() {
        1.0
    } else {
        ((centre + half) / scale).clamp(p, 1.0)
    };
    (low, high)
}
