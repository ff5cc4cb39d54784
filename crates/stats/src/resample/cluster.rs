//! The bootstrap over whole clusters, for dependent items in few clusters.
//!
//! In: values and, for each, the number of its cluster. Out: the mean with a BCa interval from resampling
//! clusters. Conditions: at least ten clusters, independent of each other; below that use the t interval of
//! `mean::clustered_mean`.
//! Source: A. C. Cameron, D. L. Miller, Journal of Human Resources 50 (2015), section VI; the mean is the
//! ratio of cluster sums to cluster sizes.

use super::Resampling;
use super::ratio::bootstrap_ratio;
use crate::error::check_same_length;
use crate::mean::group;
use crate::{Confidence, Estimate, Method, StatsError};

/// Returns the mean of `values` with a BCa interval over clusters.
///
/// `clusters[i]` is any number that items of one cluster share; apply it to paired differences to compare
/// two alternatives. Checked by `cluster_bootstrap_agrees_with_the_robust_error`.
///
/// # Errors
/// [`StatsError::TooFew`] below ten clusters, [`StatsError::NoSpread`] when all cluster means are equal,
/// [`StatsError::LengthMismatch`], [`StatsError::NotFinite`].
pub fn cluster_bootstrap_mean(
    values: &[f64],
    clusters: &[usize],
    confidence: Confidence,
    resampling: &Resampling,
) -> Result<Estimate, StatsError> {
    check_same_length(values.len(), clusters.len())?;
    let members = group(clusters);
    let mut sums = vec![0.0; members.n_clusters];
    let mut sizes = vec![0.0; members.n_clusters];
    for (value, slot) in values.iter().zip(&members.slot_of_item) {
        if let (Some(sum), Some(size)) = (sums.get_mut(*slot), sizes.get_mut(*slot)) {
            *sum += value;
            *size += 1.0;
        }
    }
    crate::error::check_finite(values)?;
    let estimate = bootstrap_ratio(&sums, &sizes, resampling)?.bca(confidence);
    Ok(Estimate {
        n: values.len(),
        method: Method::ClusterBootstrap,
        ..estimate
    })
}
