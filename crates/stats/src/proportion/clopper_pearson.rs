//! Clopper and Pearson's exact interval and bounds: what a gate may rely on.
//!
//! In: a count. Out: an interval or one-sided bound that covers the truth at least as often as claimed,
//! at every rate and every n; the price is width. Conditions: independent trials; for dependent items
//! see `korn_graubard`.
//! Source: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934).

use super::Count;
use crate::special::beta;
use crate::{Bound, Confidence, Estimate, Method, Side};

/// Returns the two-sided Clopper-Pearson interval of a proportion.
///
/// Low: `α/2` quantile of Beta(k, n-k+1), 0 for k = 0. High: `1-α/2` quantile of Beta(k+1, n-k), 1 for
/// k = n. Checked by `data_binomial_intervals` and `published_values`.
#[must_use]
pub fn clopper_pearson(count: Count, confidence: Confidence) -> Estimate {
    let (k, n) = (count.successes() as f64, count.n() as f64);
    let tail = confidence.alpha() / 2.0;
    let low = lower_end(k, n, tail);
    Estimate {
        point: count.rate(),
        low,
        // At absurdly low confidence both ends meet and rounding may cross them.
        high: (1.0 - lower_end(n - k, n, tail)).max(low),
        confidence,
        n: count.n(),
        method: Method::ClopperPearson,
        standard_error: None,
    }
}

/// Returns the one-sided exact bound of a proportion: "with this confidence the rate is at least …".
///
/// A gate "pass rate at least `bar`" is met when the lower bound reaches `bar`, failed when the upper
/// bound is below it, undecided otherwise. Checked by `data_binomial_intervals`.
#[must_use]
pub fn clopper_pearson_bound(count: Count, confidence: Confidence, side: Side) -> Bound {
    let (k, n) = (count.successes() as f64, count.n() as f64);
    let value = match side {
        Side::Lower => lower_end(k, n, confidence.alpha()),
        Side::Upper => 1.0 - lower_end(n - k, n, confidence.alpha()),
    };
    Bound {
        value,
        side,
        confidence,
        n: count.n(),
        method: Method::ClopperPearson,
    }
}

/// Lower end for real-valued `k` successes of `n`, leaving `tail` outside.
pub(crate) fn lower_end(k: f64, n: f64, tail: f64) -> f64 {
    if k <= 0.0 {
        0.0
    } else {
        beta::quantile(k, n - k + 1.0, tail)
    }
}
