//! Shares and means of dependent observations.

use trilemma_stats::mean::{clustered_mean, mean_t};
use trilemma_stats::proportion::{Count, clopper_pearson, korn_graubard, wilson};
use trilemma_stats::{Confidence, Estimate, StatsError};

use crate::figure::{Figure, Method};

/// The share of `true`, with an interval that minds clusters: Wilson where every observation is a
/// cluster of its own, else Clopper-Pearson on the effective number of observations.
pub(super) fn share(outcomes: &[(usize, bool)]) -> Option<Figure> {
    let (clusters, values): (Vec<usize>, Vec<bool>) = outcomes.iter().copied().unzip();
    let mut distinct = clusters.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let count = Count::of(&values).ok()?;
    if distinct.len() == values.len() {
        return Figure::of(&wilson(count, Confidence::P95), Method::Wilson);
    }
    let is_uniform = count.successes() == 0 || count.successes() == count.n();
    let estimate = if is_uniform {
        // Nothing varies, so each cluster counts once.
        let successes = if count.successes() == 0 {
            0
        } else {
            distinct.len()
        };
        let count = Count::new(successes, distinct.len()).ok()?;
        clopper_pearson(count, Confidence::P95)
    } else {
        korn_graubard(&values, &clusters, Confidence::P95).ok()?
    };
    Figure::of(&estimate, Method::ClopperPearsonEffective)
}

/// The mean, with a t interval over clusters; without interval where nothing varies or too few.
pub(super) fn mean(values: &[(usize, f64)]) -> Option<Figure> {
    let (clusters, values): (Vec<usize>, Vec<f64>) = values.iter().copied().unzip();
    if values.is_empty() {
        return None;
    }
    let point = values.iter().sum::<f64>() / values.len() as f64;
    let is_flat = clusters
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
        == values.len();
    let estimate: Result<Estimate, StatsError> = if is_flat {
        mean_t(&values, Confidence::P95)
    } else {
        clustered_mean(&values, &clusters, Confidence::P95)
    };
    match estimate {
        Ok(estimate) => Figure::of(&estimate, Method::StudentTClustered),
        Err(_) => Figure::plain(point, values.len()),
    }
}
