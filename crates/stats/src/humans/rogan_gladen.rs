//! Rogan and Gladen's correction of a pass rate by the judge's sensitivity and specificity.
//!
//! In: how often the judge passes on the items in question, and, from labelled items, how often it passes what
//! people pass and fails what people fail. Out: `(p + q0 - 1) / (q0 + q1 - 1)` with the interval of Lee et al.:
//! Agresti-Coull counts `p~ = (np + z²/2) / (n + z²)`, `q~ = (mq + 1) / (m + 2)`, shift
//! `2 z² (-(1 - θ) q0 (1 - q0) / m0 + θ q1 (1 - q1) / m1)` and
//! `SE = sqrt(p (1-p) / n + (1-θ)² q0 (1-q0) / m0 + θ² q1 (1-q1) / m1) / (q0 + q1 - 1)`, kept in [0, 1].
//! Conditions: sensitivity and specificity are the same where they were measured and here, even if the share
//! of passes differs; the judge is better than chance. Prefer `prediction_powered` where labels are of the
//! same items: it is sharper (with 100 labels ± 0.08 against ± 0.17 on PandaLM).
//! Source: W. J. Rogan, B. Gladen, American Journal of Epidemiology 107 (1978); C. Lee et al.
//! (arXiv 2511.21140), repository UW-Madison-Lee-Lab/LLM-judge-reporting at 082884d.

use crate::error::StatsError;
use crate::proportion::Count;
use crate::{Confidence, Estimate, Method};

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoganGladen {
    /// Passes by the judge among the items in question.
    pub judged: Count,
    /// Among labelled items that people fail: how many the judge fails (specificity).
    pub failed: Count,
    /// Among labelled items that people pass: how many the judge passes (sensitivity).
    pub passed: Count,
}

/// Returns the corrected pass rate, in [0, 1].
///
/// Checked by `data_rogan_gladen`; coverage by `rates_corrected_by_what_was_measured_elsewhere_cover`.
///
/// # Errors
/// [`StatsError::OutOfRange`] when the judge is no better than chance on the labelled items.
pub fn rogan_gladen(counts: RoganGladen, confidence: Confidence) -> Result<Estimate, StatsError> {
    let RoganGladen {
        judged,
        failed,
        passed,
    } = counts;
    let youden = failed.rate() + passed.rate() - 1.0;
    if youden <= 0.0 {
        return Err(StatsError::OutOfRange {
            parameter: "sensitivity + specificity - 1",
            value: youden,
            range: "above 0: the judge is no better than chance",
        });
    }
    let point = ((judged.rate() + failed.rate() - 1.0) / youden).clamp(0.0, 1.0);
    let z = confidence.z_two_sided();
    let adjust = |count: Count, extra: f64| {
        let n = count.n() as f64;
        ((n * count.rate() + extra / 2.0) / (n + extra), n + extra)
    };
    let ((p, n), (q0, m0), (q1, m1)) = (
        adjust(judged, z * z),
        adjust(failed, 2.0),
        adjust(passed, 2.0),
    );
    // Both counts are pulled towards one half, so a judge barely better than chance stays so.
    let slope = (q0 + q1 - 1.0).max(f64::MIN_POSITIVE);
    let theta = (p + q0 - 1.0) / slope;
    let (of_failed, of_passed) = (q0 * (1.0 - q0) / m0, q1 * (1.0 - q1) / m1);
    let centre = theta + 2.0 * z * z * (theta * of_passed - (1.0 - theta) * of_failed);
    let error = (p * (1.0 - p) / n + (1.0 - theta).powi(2) * of_failed + theta.powi(2) * of_passed)
        .sqrt()
        / slope;
    let end = |value: f64| {
        if value.is_nan() {
            None
        } else {
            Some(value.clamp(0.0, 1.0))
        }
    };
    Ok(Estimate {
        point,
        low: end(centre - z * error).unwrap_or(0.0).min(point),
        high: end(centre + z * error).unwrap_or(1.0).max(point),
        confidence,
        n: failed.n() + passed.n(),
        method: Method::RoganGladen,
        standard_error: error.is_finite().then_some(error),
    })
}
