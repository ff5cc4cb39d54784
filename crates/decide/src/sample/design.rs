//! How items relate: weights, clusters, repeats.

use std::collections::HashMap;

use trilemma_domain::Estimand;

use crate::input::ItemFacts;

/// How items relate to each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Design {
    /// Weight of each item; `None` = all count the same.
    pub(crate) weights: Option<Vec<f64>>,
    /// Group of each item; `None` = every item is independent.
    pub(crate) clusters: Option<Vec<usize>>,
    /// Trials per candidate and item.
    pub(crate) repeats: u32,
    /// Most items whose mean is resampled.
    pub(crate) resample_up_to: usize,
    /// Whether quality is about these items alone, so that answers to all of them leave nothing open.
    pub(crate) census: bool,
    n_items: usize,
}

/// Most items whose mean is resampled; beyond, Student's t says the same.
const RESAMPLE_UP_TO: usize = 300;
/// Most items times candidates that are resampled, so that a decision takes a moment at most.
const RESAMPLE_IN_ALL: usize = 6_000;

impl Design {
    /// Reads the design off the items; equal weights and groups of one count as none.
    pub(crate) fn of(items: &[ItemFacts], repeats: u32, n_candidates: usize) -> Self {
        let first = items.first().map_or(1.0, |item| item.weight);
        let weights = items
            .iter()
            .any(|item| item.weight.to_bits() != first.to_bits())
            .then(|| items.iter().map(|item| item.weight).collect());
        Self {
            weights,
            clusters: clusters(items),
            repeats,
            resample_up_to: RESAMPLE_UP_TO.min(RESAMPLE_IN_ALL / n_candidates.max(1)),
            census: false,
            n_items: items.len(),
        }
    }

    /// The same design with statements on quality about something.
    pub(crate) fn about(self, estimand: Estimand) -> Self {
        Self {
            census: estimand == Estimand::GoldenSet,
            ..self
        }
    }

    /// Whether items are independent, equal and tried once: then counts are binomial.
    pub(crate) fn is_plain(&self) -> bool {
        self.weights.is_none() && self.clusters.is_none() && self.repeats == 1
    }

    /// Weight of an item.
    pub(crate) fn weight(&self, item: usize) -> f64 {
        self.weights
            .as_ref()
            .and_then(|weights| weights.get(item))
            .copied()
            .unwrap_or(1.0)
    }

    /// Group of an item; without clusters, the item itself.
    pub(crate) fn cluster(&self, item: usize) -> usize {
        self.clusters
            .as_ref()
            .and_then(|clusters| clusters.get(item))
            .copied()
            .unwrap_or(item)
    }

    /// The same design for times: every item counts the same, and another call would take another time.
    pub(crate) fn unweighted(&self) -> Self {
        Self {
            census: false,
            weights: None,
            ..self.clone()
        }
    }

    /// Number of items.
    pub(crate) fn n_items(&self) -> usize {
        self.n_items
    }

    /// Number of groups; `None` = every item is independent.
    pub(crate) fn n_clusters(&self) -> Option<usize> {
        let clusters = self.clusters.as_ref()?;
        clusters.iter().max().map(|largest| largest + 1)
    }
}

/// Numbers groups in order of appearance; an item without a name is a group of its own.
fn clusters(items: &[ItemFacts]) -> Option<Vec<usize>> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut n_groups = 0;
    let mut new_group = || {
        n_groups += 1;
        n_groups - 1
    };
    let numbers: Vec<usize> = items
        .iter()
        .map(|item| match &item.cluster {
            None => new_group(),
            Some(name) => *known.entry(name).or_insert_with(&mut new_group),
        })
        .collect();
    (n_groups < items.len()).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(clusters: &[Option<&str>]) -> Vec<ItemFacts> {
        clusters
            .iter()
            .enumerate()
            .map(|(idx, cluster)| ItemFacts {
                id: idx.to_string().into(),
                weight: 2.0,
                cluster: cluster.map(str::to_owned),
                tags: Vec::new(),
            })
            .collect()
    }

    #[test]
    fn groups_of_one_and_equal_weights_are_plain() {
        assert!(Design::of(&items(&[Some("a"), None, Some("b")]), 1, 1).is_plain());
        assert!(!Design::of(&items(&[None, None]), 2, 1).is_plain());
        let mut unequal = items(&[None, None]);
        unequal[1].weight = 3.0;
        assert_eq!(Design::of(&unequal, 1, 1).weights, Some(vec![2.0, 3.0]));
    }

    #[test]
    fn groups_are_numbered_as_they_appear() {
        let design = Design::of(&items(&[Some("a"), None, Some("b"), Some("a")]), 1, 1);
        assert_eq!(design.clusters, Some(vec![0, 1, 2, 0]));
        assert_eq!(design.n_clusters(), Some(3));
    }
}
