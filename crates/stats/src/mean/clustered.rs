//! The mean when items are not independent: several questions on one document, turns of one dialogue.
//!
//! In: values and, for each, the number of its cluster. Out: cluster-robust standard error and t interval.
//! Conditions: clusters independent of each other; below about 40 clusters even the t interval with
//! G - 1 degrees of freedom is optimistic when cluster sizes differ much: see
//! `resample::cluster_bootstrap_mean`.
//! Source: E. Miller, "Adding Error Bars to Evals" (arXiv 2411.00640); small-sample factor G/(G - 1) as
//! in statsmodels OLS with cluster covariance.

use std::collections::HashMap;

use super::student_t::{mean, standard_error};
use crate::error::{TooFew, check_finite, check_same_length};
use crate::special::student;
use crate::{Confidence, Estimate, Method, StatsError};

/// Cluster-robust standard errors of a mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteredSpread {
    /// `sqrt(Σ_c (Σ_{i in c} (x_i - mean))²) / n`, without small-sample correction.
    pub plain: f64,
    /// `plain · sqrt(G / (G - 1))`; this one makes intervals.
    pub corrected: f64,
    /// Number of clusters G, at least 2.
    pub n_clusters: usize,
}

/// Returns the mean with a t interval on its cluster-robust standard error, G - 1 degrees of freedom.
///
/// Apply it to paired differences to compare two alternatives. Checked by `data_clustered_errors`.
///
/// # Errors
/// [`StatsError::TooFew`] below 2 clusters, [`StatsError::NoSpread`] when the standard error is 0,
/// [`StatsError::LengthMismatch`], [`StatsError::NotFinite`].
pub fn clustered_mean(
    values: &[f64],
    clusters: &[usize],
    confidence: Confidence,
) -> Result<Estimate, StatsError> {
    let spread = clustered_standard_error(values, clusters)?;
    if spread.corrected <= 0.0 {
        return Err(StatsError::NoSpread { n: values.len() });
    }
    let point = mean(values);
    let half = student::two_sided_critical(spread.n_clusters as f64 - 1.0, confidence.alpha())
        * spread.corrected;
    Ok(Estimate {
        point,
        low: point - half,
        high: point + half,
        confidence,
        n: values.len(),
        method: Method::ClusteredT,
        standard_error: Some(spread.corrected),
    })
}

/// Returns the cluster-robust standard errors of the mean of `values`.
///
/// `clusters[i]` is any number that items of one cluster share.
///
/// # Errors
/// [`StatsError::TooFew`] below 2 clusters, [`StatsError::LengthMismatch`], [`StatsError::NotFinite`].
pub fn clustered_standard_error(
    values: &[f64],
    clusters: &[usize],
) -> Result<ClusteredSpread, StatsError> {
    check_same_length(values.len(), clusters.len())?;
    check_finite(values)?;
    let members = group(clusters);
    TooFew::check(members.n_clusters, 2)?;
    let centre = mean(values);
    let mut sums = vec![0.0; members.n_clusters];
    for (value, slot) in values.iter().zip(&members.slot_of_item) {
        if let Some(sum) = sums.get_mut(*slot) {
            *sum += value - centre;
        }
    }
    let plain = sums.iter().map(|s| s * s).sum::<f64>().sqrt() / values.len() as f64;
    let n_clusters = members.n_clusters as f64;
    let equal = values.windows(2).all(|pair| pair.first() == pair.last());
    let plain = if equal { 0.0 } else { plain };
    Ok(ClusteredSpread {
        plain,
        corrected: plain * (n_clusters / (n_clusters - 1.0)).sqrt(),
        n_clusters: members.n_clusters,
    })
}

/// Returns the design effect: variance with clusters over variance without; 1 when items are independent.
///
/// `n / design effect` is the number of independent items that would carry as much information.
///
/// # Errors
/// As [`clustered_mean`].
pub fn design_effect(values: &[f64], clusters: &[usize]) -> Result<f64, StatsError> {
    let spread = clustered_standard_error(values, clusters)?;
    let naive = standard_error(values)?;
    if naive <= 0.0 {
        return Err(StatsError::NoSpread { n: values.len() });
    }
    Ok((spread.corrected / naive).powi(2))
}

/// Clusters renumbered 0..G in order of first appearance.
pub(crate) struct Grouping {
    pub(crate) slot_of_item: Vec<usize>,
    pub(crate) n_clusters: usize,
}

pub(crate) fn group(clusters: &[usize]) -> Grouping {
    let mut slots: HashMap<usize, usize> = HashMap::new();
    let slot_of_item = clusters
        .iter()
        .map(|cluster| {
            let next = slots.len();
            *slots.entry(*cluster).or_insert(next)
        })
        .collect();
    Grouping {
        slot_of_item,
        n_clusters: slots.len(),
    }
}
