//! One number per item, with weights and clusters, and how sure their mean is.
//!
//! The mean is `Σ w x / Σ w`. Its standard error comes from the linearised values
//! `u = mean + w / w̄ · (x − mean)`, whose plain mean is the weighted mean, summed over clusters (W. G.
//! Cochran, Sampling Techniques, 1977, 6.12; E. Miller, arXiv 2411.00640, for clusters). Checked by
//! `weights_and_clusters_widen`.

use trilemma_stats::mean::{clustered_mean, mean_t};
use trilemma_stats::resample::MIN_VALUES;
use trilemma_stats::{Confidence, Estimate, StatsError};

use super::design::Design;

/// One item's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry {
    /// Position of the item.
    pub(crate) item: usize,
    /// Its value.
    pub(crate) value: f64,
    /// Trials behind it.
    pub(crate) n_trials: u32,
}

/// One value per item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Values {
    pub(crate) x: Vec<f64>,
    weights: Option<Vec<f64>>,
    clusters: Option<Vec<usize>>,
    /// Trials behind all values.
    pub(crate) n_trials: usize,
    /// Whether items are independent, equal and tried once.
    pub(crate) plain: bool,
    /// Whether the values are all there is to know: every trial of every item, and nothing beyond them
    /// is asked about.
    pub(crate) census: bool,
    resample_up_to: usize,
}

impl Values {
    /// Gathers values of items.
    pub(crate) fn new(design: &Design, entries: impl Iterator<Item = Entry>) -> Self {
        let (mut x, mut weights, mut clusters) = (Vec::new(), Vec::new(), Vec::new());
        let mut n_trials = 0;
        for entry in entries {
            x.push(entry.value);
            n_trials += entry.n_trials as usize;
            if design.weights.is_some() {
                weights.push(design.weight(entry.item));
            }
            if design.clusters.is_some() {
                clusters.push(design.cluster(entry.item));
            }
        }
        Self {
            x,
            weights: design.weights.is_some().then_some(weights),
            clusters: design.clusters.is_some().then_some(clusters),
            n_trials,
            plain: design.is_plain(),
            census: design.census && n_trials == design.n_items() * design.repeats as usize,
            resample_up_to: design.resample_up_to,
        }
    }

    /// Number of items.
    pub(crate) fn n(&self) -> usize {
        self.x.len()
    }

    /// Whether items are independent and equal, tried once or more.
    pub(crate) fn is_simple(&self) -> bool {
        self.weights.is_none() && self.clusters.is_none()
    }

    /// Whether the mean is to be resampled: independent and equal items, not too many.
    pub(crate) fn resampled(&self) -> bool {
        self.is_simple() && (MIN_VALUES..=self.resample_up_to).contains(&self.n())
    }

    /// Weighted mean; `None` without values.
    pub(crate) fn mean(&self) -> Option<f64> {
        let (sum, total) = match &self.weights {
            None => (self.x.iter().sum::<f64>(), self.x.len() as f64),
            Some(weights) => self
                .x
                .iter()
                .zip(weights)
                .fold((0.0, 0.0), |(sum, total), (x, w)| (sum + w * x, total + w)),
        };
        (total > 0.0).then(|| sum / total)
    }

    /// Number of independent and equal items that the sample is worth at most: groups, and Kish's
    /// `(Σw)² / Σw²`.
    pub(crate) fn n_independent(&self) -> f64 {
        let kish = match &self.weights {
            None => self.x.len() as f64,
            Some(weights) => {
                let sum: f64 = weights.iter().sum();
                let squares: f64 = weights.iter().map(|w| w * w).sum();
                sum * sum / squares
            }
        };
        let groups = match &self.clusters {
            None => self.x.len(),
            Some(clusters) => {
                let mut sorted = clusters.clone();
                sorted.sort_unstable();
                sorted.dedup();
                sorted.len()
            }
        };
        kish.min(groups as f64)
    }

    /// The mean with its t interval over items or clusters.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below two items or clusters, [`StatsError::NoSpread`] when all agree.
    pub(crate) fn t_interval(&self, confidence: Confidence) -> Result<Estimate, StatsError> {
        let linearised = self.linearised();
        let estimate = match &self.clusters {
            None => mean_t(&linearised, confidence)?,
            Some(clusters) => clustered_mean(&linearised, clusters, confidence)?,
        };
        Ok(estimate)
    }

    fn linearised(&self) -> Vec<f64> {
        let (Some(weights), Some(mean)) = (&self.weights, self.mean()) else {
            return self.x.clone();
        };
        let average = weights.iter().sum::<f64>() / weights.len() as f64;
        self.x
            .iter()
            .zip(weights)
            .map(|(x, w)| mean + w / average * (x - mean))
            .collect()
    }

    /// The same items with other values.
    pub(crate) fn with_values(&self, x: Vec<f64>) -> Self {
        Self { x, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(x: &[f64], weights: Option<Vec<f64>>, clusters: Option<Vec<usize>>) -> Values {
        Values {
            x: x.to_vec(),
            n_trials: x.len(),
            plain: weights.is_none() && clusters.is_none(),
            census: false,
            resample_up_to: 0,
            weights,
            clusters,
        }
    }

    #[test]
    fn weights_and_clusters_widen() {
        let x = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0];
        let error = |v: &Values| {
            v.t_interval(Confidence::P95)
                .unwrap()
                .standard_error
                .unwrap()
        };
        let plain = values(&x, None, None);
        assert!((plain.mean().unwrap() - 4.0 / 6.0).abs() < 1e-12);
        let weighted = values(&x, Some(vec![1.0, 1.0, 1.0, 1.0, 1.0, 7.0]), None);
        assert!((weighted.mean().unwrap() - 10.0 / 12.0).abs() < 1e-12);
        assert!((weighted.n_independent() - 144.0 / 54.0).abs() < 1e-12);
        assert!(error(&weighted) > error(&plain) / 2.0);
        // Each value twice, in clusters of two: as sure as the originals, not surer.
        let doubled: Vec<f64> = x.iter().chain(&x).copied().collect();
        let pairs = (0..6).chain(0..6).collect();
        let clustered = values(&doubled, None, Some(pairs));
        assert!((error(&clustered) - error(&plain)).abs() < 1e-12);
        assert_eq!(clustered.n_independent(), 6.0);
    }
}
