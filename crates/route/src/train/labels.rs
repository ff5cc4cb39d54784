//! The best candidate for each label of a classifier.
//!
//! In: items with everybody's outcome and what a classifier said of them. Out: a plan that asks the classifier first, and
//! for each label the candidate with the best quality less the price of its cost; means of few items are shrunk to
//! those over all. What such plans do on items that they have not seen is told by cross-validation inside the items
//! given, and every label is paid for.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use trilemma_domain::CandidateId;
use trilemma_score::Extraction;

use super::choose::prices;
use super::examples::{Example, Examples};
use super::target::{Expected, Target};
use crate::learn::folds;
use crate::policy::{Compare, Plan};
use crate::router::{gist, normal};

/// The mean over all items counts as much as this many items of a label.
const PRIOR: f64 = 10.0;
/// Fewest items of no known label from which anything is learned: fewer go to the large candidate, as does what the
/// classifier fails on.
const MIN_OTHERS: usize = 10;
/// Folds of the cross-validation.
const N_FOLDS: usize = 5;

/// A classifier that takes part in the training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Labels {
    /// Who is asked; one of [`Examples::classifiers`].
    pub by: CandidateId,
    /// From its answer to the label: extraction steps; `None` = the text without the white space around it.
    pub extract: Option<Value>,
    /// What it is asked for; whatever else it says is no label.
    pub labels: Vec<String>,
}

/// What labels say of the candidates.
pub(super) struct ByLabel<'a> {
    examples: &'a Examples,
    wanted: &'a Labels,
    anchor: usize,
    /// Of each item the place of its label; behind the last = none that is known.
    of_row: Vec<usize>,
    /// USD of each item's label.
    usd: Vec<f64>,
    fold_of: Vec<usize>,
}

impl<'a> ByLabel<'a> {
    /// `None` = nothing is recorded of the classifier, or its answers cannot be read in this way.
    pub(super) fn of(
        examples: &'a Examples,
        (anchor, wanted): (usize, &'a Labels),
        seed: u64,
    ) -> Option<Self> {
        let mut classifiers = examples.classifiers.iter();
        let place = classifiers.position(|one| one.id == wanted.by)?;
        let extract = match &wanted.extract {
            Some(steps) => Some(Extraction::build(steps).ok()?),
            None => None,
        };
        let names: Vec<String> = wanted.labels.iter().map(|label| normal(label)).collect();
        let said = |row: &Example| -> (usize, f64) {
            // Nobody is asked about nothing.
            let asked = row
                .labels
                .get(place)
                .filter(|_| !row.text.trim().is_empty());
            let Some(one) = asked else {
                return (names.len(), 0.0);
            };
            let label = gist(&one.observation.outcome, extract.as_ref(), Compare::Loose);
            let known = names.iter().position(|name| Some(name) == label.as_ref());
            (known.unwrap_or(names.len()), one.cost_usd)
        };
        let (of_row, usd) = examples.rows.iter().map(said).unzip();
        Some(Self {
            fold_of: folds(&examples.groups(), N_FOLDS, seed),
            examples,
            wanted,
            anchor,
            of_row,
            usd,
        })
    }

    /// The plan at the price of a dollar at which such plans reach the target on items that they have not seen, with their
    /// loss (on the safe side) and cost; `None` = at none, or all labels go to the same.
    pub(super) fn at(&self, target: Target) -> Option<(Plan, Expected)> {
        let scale = self.examples.mean(|row| row.cost(self.anchor)).max(1e-12);
        let every: Vec<usize> = (0..self.of_row.len()).collect();
        let all = self.means(&every);
        let parts: Vec<(Means, Vec<usize>)> = (0..N_FOLDS)
            .map(|fold| {
                let is_test = |row: &usize| self.fold_of.get(*row) == Some(&fold);
                let (test, learn): (Vec<usize>, Vec<usize>) =
                    every.iter().copied().partition(is_test);
                (self.means(&learn), test)
            })
            .collect();
        let mut best: Option<(Vec<usize>, Expected)> = None;
        for price in prices(scale) {
            let chosen = self.chosen(&all, price);
            if chosen.iter().all(|one| Some(one) == chosen.first()) {
                continue;
            }
            let expected = self.expected(&parts, price);
            let is_better = best
                .as_ref()
                .is_none_or(|(_, old)| target.prefers(expected, *old));
            if target.is_reached(expected) && is_better {
                best = Some((chosen, expected));
            }
        }
        let (chosen, expected) = best?;
        let plan = |label: usize| {
            let member = chosen.get(label).copied().unwrap_or(self.anchor);
            Plan::Single(self.examples.id(member))
        };
        let labels = self.wanted.labels.iter().enumerate();
        let labels: BTreeMap<String, Plan> = labels
            .map(|(place, label)| (label.clone(), plan(place)))
            .collect();
        Some((
            Plan::Classify {
                by: self.wanted.by.clone(),
                extract: self.wanted.extract.clone(),
                labels,
                otherwise: Box::new(plan(self.wanted.labels.len())),
            },
            expected,
        ))
    }

    /// Loss with its caution, and cost, where each fold is served by what the others say.
    fn expected(&self, parts: &[(Means, Vec<usize>)], price: f64) -> Expected {
        let n = self.of_row.len().max(1) as f64;
        let mut losses = Vec::with_capacity(self.of_row.len());
        let mut cost = 0.0;
        for (means, test) in parts {
            let chosen = self.chosen(means, price);
            for place in test {
                let (Some(row), Some(label)) =
                    (self.examples.rows.get(*place), self.of_row.get(*place))
                else {
                    continue;
                };
                let member = chosen.get(*label).copied().unwrap_or(self.anchor);
                losses.push(row.quality(self.anchor) - row.quality(member));
                cost += (row.cost(member) + self.usd.get(*place).copied().unwrap_or(0.0)) / n;
            }
        }
        let mean = losses.iter().sum::<f64>() / n;
        let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / n;
        Expected {
            loss: mean,
            sd: (variance / n).sqrt(),
            worst: None,
            cost,
        }
    }

    /// By label, then for no label, the candidate with the best mean quality less the price of its mean cost.
    fn chosen(&self, means: &Means, price: f64) -> Vec<usize> {
        let best = |own: &Vec<(f64, f64)>| {
            let worth = |(quality, cost): &(f64, f64)| quality - price * cost;
            (own.iter().enumerate())
                .reduce(|best, one| {
                    if worth(one.1) > worth(best.1) {
                        one
                    } else {
                        best
                    }
                })
                .map_or(self.anchor, |one| one.0)
        };
        let mut chosen: Vec<usize> = means.by_label.iter().map(best).collect();
        if means.n_others < MIN_OTHERS
            && let Some(last) = chosen.last_mut()
        {
            *last = self.anchor;
        }
        chosen
    }

    fn means(&self, rows: &[usize]) -> Means {
        let m = self.examples.members.len();
        let n_labels = self.wanted.labels.len();
        let mut sums = vec![vec![(0.0, 0.0); m]; n_labels + 1];
        let mut counts = vec![0_usize; n_labels + 1];
        let mut all = vec![(0.0, 0.0); m];
        for place in rows {
            let (Some(row), Some(label)) =
                (self.examples.rows.get(*place), self.of_row.get(*place))
            else {
                continue;
            };
            if let (Some(sums), Some(count)) = (sums.get_mut(*label), counts.get_mut(*label)) {
                *count += 1;
                for (member, (sum, all)) in sums.iter_mut().zip(&mut all).enumerate() {
                    let (quality, cost) = (row.quality(member), row.cost(member));
                    *sum = (sum.0 + quality, sum.1 + cost);
                    *all = (all.0 + quality, all.1 + cost);
                }
            }
        }
        let n = rows.len().max(1) as f64;
        let shrunk = |(sums, count): (Vec<(f64, f64)>, &usize)| -> Vec<(f64, f64)> {
            let weight = *count as f64 + PRIOR;
            let one = |(own, all): ((f64, f64), &(f64, f64))| {
                let mean = |own: f64, all: f64| (own + PRIOR * all / n) / weight;
                (mean(own.0, all.0), mean(own.1, all.1))
            };
            sums.into_iter().zip(&all).map(one).collect()
        };
        Means {
            n_others: counts.last().copied().unwrap_or(0),
            by_label: sums.into_iter().zip(&counts).map(shrunk).collect(),
        }
    }
}

/// Mean quality and cost by label, then for no label, and candidate.
struct Means {
    by_label: Vec<Vec<(f64, f64)>>,
    /// Items of no known label.
    n_others: usize,
}
