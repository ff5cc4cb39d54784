//! Labels chosen one by one, each with its own known chance.
//!
//! In: the judge's score of every item, and for the labelled ones the label and the chance with which the
//! item was chosen, independently of all others. Out: `mean(λ f + (Y - λ f) ξ / π)`, ξ = 1 where labelled; its
//! error is that of the mean of these terms; `λ = -Cov(Y ξ/π, f (1 - ξ/π)) / Var(f (1 - ξ/π))` within [0, 1].
//! Conditions: every item had a chance above 0 (those that could not be chosen are outside the population);
//! chances as small as 1/50 make single labels heavy. Where whole strata share a chance,
//! `prediction_powered` is sharper: it fixes the numbers per stratum.
//! Source: T. Zrnic, E. J. Candès, "Active statistical inference" (arXiv 2403.03208); allocation after
//! A. Angelopoulos et al., "Cost-Optimal Active AI Model Evaluation" (arXiv 2506.07949).

use super::corrected::{Corrected, Heaviest, Parts};
use super::prediction_powered::{check_unit, squares};
use crate::error::StatsError;
use crate::mean::mean;

/// One item: the judge's score, and the label if there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// The judge's score, in [-1, 1].
    pub judge: f64,
    /// The label of people, in [-1, 1], and the chance in (0, 1] with which the item was chosen.
    pub human: Option<(f64, f64)>,
}

/// Returns the corrected mean over all `items`.
///
/// The further label of [`Corrected`] is here one of `sqrt(n (Σ 1/π)² / Σ 1/π²)` equal ones. Checked
/// by `active_labels_cover_and_beat_uniform_ones`.
///
/// # Errors
/// [`StatsError::TooFew`] below [`super::MIN_LABELS`] labels; [`StatsError::OutOfRange`].
pub fn inverse_probability(items: &[Judged]) -> Result<Corrected, StatsError> {
    check_unit(&items.iter().map(|item| item.judge).collect::<Vec<f64>>())?;
    let (mut n_labels, mut inverses, mut squared) = (0, 0.0, 0.0);
    for (human, chance) in items.iter().filter_map(|item| item.human) {
        check_unit(&[human])?;
        if !(chance > 0.0 && chance <= 1.0) {
            return Err(StatsError::OutOfRange {
                parameter: "chance of being chosen",
                value: chance,
                range: "above 0 and at most 1",
            });
        }
        n_labels += 1;
        inverses += 1.0 / chance;
        squared += 1.0 / (chance * chance);
    }
    Corrected::check_labels(n_labels)?;
    // Terms are `label + λ judge`.
    let (of_label, of_judge): (Vec<f64>, Vec<f64>) = items
        .iter()
        .map(|item| match item.human {
            Some((human, chance)) => (human / chance, item.judge * (1.0 - 1.0 / chance)),
            None => (0.0, item.judge),
        })
        .unzip();
    let spread = squares(&of_judge);
    let lambda = if spread > 0.0 {
        (-products(&of_label, &of_judge) / spread).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let terms: Vec<f64> = of_label
        .iter()
        .zip(&of_judge)
        .map(|(label, judge)| label + lambda * judge)
        .collect();
    let n = items.len() as f64;
    let variance = squares(&terms) / (n * (n - 1.0).max(1.0));
    // Between an average label, which moves the mean by 1 / n, and one of as many equal labels as these are
    // worth (Kish).
    let n_effective = (n_labels as f64 * inverses * inverses / squared)
        .sqrt()
        .max(2.0);
    Ok(Corrected {
        point: mean(&terms),
        standard_error: variance.sqrt(),
        lambdas: vec![lambda],
        n_labels,
        n_items: items.len(),
        parts: Parts {
            judge: variance,
            labels: 0.0,
            heaviest: Heaviest {
                weight: 1.0,
                n: n_effective,
                squares: 0.0,
            },
            degrees: (n_effective - 1.0).max(1.0),
        },
    })
}

/// Returns the chance of each item to be labelled so that `n_labels` are expected, proportional to how far
/// judge and people are expected to differ, `sqrt(E (Y - f)²)`; chances are at most 1 and at least a quarter
/// of the uniform one, so that no surprise weighs without limit.
///
/// # Errors
/// [`StatsError::OutOfRange`] for an expected difference that is negative or no number, or more labels than
/// items.
pub fn label_chances(expected: &[f64], n_labels: usize) -> Result<Vec<f64>, StatsError> {
    if let Some(value) = expected.iter().find(|v| !(**v >= 0.0 && v.is_finite())) {
        return Err(StatsError::OutOfRange {
            parameter: "expected difference",
            value: *value,
            range: "finite and not negative",
        });
    }
    let n = expected.len();
    if n_labels > n {
        return Err(StatsError::OutOfRange {
            parameter: "number of labels",
            value: n_labels as f64,
            range: "at most the number of items",
        });
    }
    if n_labels == 0 {
        return Ok(vec![0.0; n]);
    }
    let floor = n_labels as f64 / n as f64 / 4.0;
    let largest = expected.iter().fold(0.0, |m: f64, e| m.max(*e));
    if largest <= 0.0 {
        return Ok(vec![n_labels as f64 / n as f64; n]);
    }
    let chance = |scale: f64, e: &f64| (scale * (e / largest)).clamp(floor, 1.0);
    let total = |scale: f64| -> f64 { expected.iter().map(|e| chance(scale, e)).sum() };
    // The expected number of labels grows with the scale, so bisection finds it.
    let (mut low, mut high) = (0.0, 1e12);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if total(middle) < n_labels as f64 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(expected.iter().map(|e| chance(high, e)).collect())
}

/// `Σ (a - ā)(b - b̄)`.
fn products(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    a.iter()
        .zip(b)
        .map(|(x, y)| (x - mean_a) * (y - mean_b))
        .sum()
}
