//! Korn and Graubard's interval: Clopper-Pearson when items come in clusters.
//!
//! In: outcomes and the cluster of each. Out: an interval or bound on the effective number of items, `n`
//! divided by the design effect. Where clusters show no dependence (design effect at or below 1), or all
//! outcomes agree so that none can be measured, the effective number is that of items or of clusters
//! respectively: never more than the items, and never more than the clusters without evidence.
//! Conditions: clusters are independent of each other; below about 30 clusters the measured design
//! effect is itself uncertain, which the t correction allows for.
//! Source: E. L. Korn, B. I. Graubard, Survey Methodology 24 (1998).

use super::Count;
use super::clopper_pearson::lower_end;
use crate::mean::clustered_standard_error;
use crate::special::student;
use crate::{Bound, Confidence, Estimate, Method, Side, StatsError};

/// Returns the two-sided Korn-Graubard interval of a pass rate with dependent items.
///
/// `n* = min(n, p(1-p)/SE² · (t(n-1)/t(G-1))²)`, then Clopper-Pearson with `p n*` of `n*`; n in the result
/// is the number of items. Checked by `korn_graubard_shrinks_n_only_when_clusters_agree`.
///
/// # Errors
/// [`StatsError::TooFew`] below 2 clusters, [`StatsError::LengthMismatch`].
pub fn korn_graubard(
    outcomes: &[bool],
    clusters: &[usize],
    confidence: Confidence,
) -> Result<Estimate, StatsError> {
    let count = Count::of(outcomes)?;
    let n = effective_n(outcomes, clusters, confidence.alpha())?;
    let k = count.rate() * n;
    let tail = confidence.alpha() / 2.0;
    let low = lower_end(k, n, tail);
    Ok(Estimate {
        point: count.rate(),
        low,
        high: (1.0 - lower_end(n - k, n, tail)).max(low),
        confidence,
        n: count.n(),
        method: Method::KornGraubard,
        standard_error: None,
    })
}

/// Returns the one-sided Korn-Graubard bound of a pass rate with dependent items, for gates.
///
/// # Errors
/// As [`korn_graubard`].
pub fn korn_graubard_bound(
    outcomes: &[bool],
    clusters: &[usize],
    confidence: Confidence,
    side: Side,
) -> Result<Bound, StatsError> {
    let count = Count::of(outcomes)?;
    let n = effective_n(outcomes, clusters, 2.0 * confidence.alpha())?;
    let k = count.rate() * n;
    let value = match side {
        Side::Lower => lower_end(k, n, confidence.alpha()),
        Side::Upper => 1.0 - lower_end(n - k, n, confidence.alpha()),
    };
    Ok(Bound {
        value,
        side,
        confidence,
        n: count.n(),
        method: Method::KornGraubard,
    })
}

fn effective_n(outcomes: &[bool], clusters: &[usize], alpha: f64) -> Result<f64, StatsError> {
    let values: Vec<f64> = outcomes
        .iter()
        .map(|passed| f64::from(u8::from(*passed)))
        .collect();
    let spread = clustered_standard_error(&values, clusters)?;
    let n = values.len() as f64;
    let p = values.iter().sum::<f64>() / n;
    let n_clusters = spread.n_clusters as f64;
    if p <= 0.0 || p >= 1.0 {
        return Ok(n_clusters);
    }
    if spread.corrected <= 0.0 {
        return Ok(n);
    }
    // A level at or beyond 50 % one-sided has no meaningful t correction.
    let alpha = alpha.min(0.999);
    let t_ratio = student::two_sided_critical(n - 1.0, alpha)
        / student::two_sided_critical(n_clusters - 1.0, alpha);
    Ok((p * (1.0 - p) / (spread.corrected * spread.corrected) * t_ratio * t_ratio).clamp(1.0, n))
}
