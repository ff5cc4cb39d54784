//! Agresti and Coull's interval: Wald's formula after adding pseudo-observations.
//!
//! In: a count. Out: a two-sided interval, somewhat wider than Wilson's, with the same centre.
//! Conditions: independent trials.
//! Source: A. Agresti, B. A. Coull, The American Statistician 52 (1998).

use super::Count;
use crate::{Confidence, Estimate, Method};

/// Returns the Agresti-Coull interval of a proportion.
///
/// `p' ± z sqrt(p'(1-p')/n')` with `n' = n + z²`, `p' = (k + z²/2)/n'`, cut to [0, 1]; the point is k/n.
/// Checked by `data_binomial_intervals`.
#[must_use]
pub fn agresti_coull(count: Count, confidence: Confidence) -> Estimate {
    let z = confidence.z_two_sided();
    let n = count.n() as f64 + z * z;
    let p = (count.successes() as f64 + z * z / 2.0) / n;
    let half = z * (p * (1.0 - p) / n).sqrt();
    Estimate {
        point: count.rate(),
        low: (p - half).max(0.0),
        high: (p + half).min(1.0),
        confidence,
        n: count.n(),
        method: Method::AgrestiCoull,
        standard_error: None,
    }
}
