//! PPI++: labels of people extended by a judge's scores.
//!
//! In: per stratum its share W of all items, the labels Y and the judge's scores f of a random part of its n
//! items, the judge's scores of the other N. Out: `Σ W (λ mean(f unlabelled) + mean(Y - λ f labelled))` with
//! `SE² = Σ W² (λ² Var(f unlabelled) / N + Var(Y - λ f) / n)` and, where tuned,
//! `λ = Cov(Y, f) / ((1 + n/N) Var(f))` within [0, 1], per stratum. One stratum of weight 1 is plain PPI++.
//! For two candidates pass paired differences as Y and f: most of what a judge gets wrong it gets wrong for
//! both.
//! Conditions: within a stratum the labelled items are a random part (which labels came first may depend on
//! nothing but chance); items independent and from the population that the statement is about; the judge was
//! not tuned on the same labels. λ is estimated from the same labels, which biases by O(1/n).
//! Source: A. N. Angelopoulos, J. C. Duchi, T. Zrnic, "PPI++" (arXiv 2311.01453); A. Fisch et al.,
//! "Stratified prediction-powered inference" (arXiv 2406.04291); as in ppi-python 0.2.3.

use super::corrected::{Corrected, Heaviest, Parts};
use crate::error::{StatsError, TooFew, check_same_length};
use crate::mean::mean;

/// What is known of one stratum.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stratum {
    /// Share of all items, in (0, 1]; shares add up to 1.
    pub weight: f64,
    /// Labels of people, each in [-1, 1].
    pub human: Vec<f64>,
    /// The judge's scores of the same items, in the same order, each in [-1, 1].
    pub judge: Vec<f64>,
    /// The judge's scores of all other items of the stratum.
    pub unlabelled: Vec<f64>,
}

/// How much the judge counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tuning {
    /// As much as shortens the interval most (PPI++).
    Tuned,
    /// Fully (plain PPI).
    Full,
    /// Not at all: the labels alone.
    LabelsOnly,
}

/// Returns the corrected mean.
///
/// Checked by `data_prediction_powered`.
///
/// # Errors
/// [`StatsError::TooFew`] below [`super::MIN_LABELS`] labels, or below 2 in a stratum;
/// [`StatsError::LengthMismatch`]; [`StatsError::OutOfRange`] for values outside [-1, 1] or weights that do
/// not add up to 1.
pub fn prediction_powered(strata: &[Stratum], tuning: Tuning) -> Result<Corrected, StatsError> {
    check(strata)?;
    let mut total = Corrected {
        point: 0.0,
        standard_error: 0.0,
        lambdas: Vec::with_capacity(strata.len()),
        n_labels: 0,
        n_items: 0,
        parts: Parts {
            judge: 0.0,
            labels: 0.0,
            heaviest: Heaviest {
                weight: 0.0,
                n: 1.0,
                squares: 0.0,
            },
            degrees: 0.0,
        },
    };
    let mut variance = 0.0;
    for stratum in strata {
        let (n, others) = (stratum.human.len() as f64, stratum.unlabelled.len() as f64);
        let lambda = lambda(stratum, tuning);
        let residuals: Vec<f64> = stratum
            .human
            .iter()
            .zip(&stratum.judge)
            .map(|(y, f)| y - lambda * f)
            .collect();
        let squares = squares(&residuals);
        let of_judge = if stratum.unlabelled.is_empty() {
            0.0
        } else {
            lambda * mean(&stratum.unlabelled)
        };
        let spread_of_judge = if stratum.unlabelled.is_empty() {
            0.0
        } else {
            lambda.powi(2) * self::squares(&stratum.unlabelled) / (others * others)
        };
        let share = stratum.weight.powi(2);
        total.point += stratum.weight * (of_judge + mean(&residuals));
        variance += share * (spread_of_judge + squares / (n * n));
        total.parts.judge += share * spread_of_judge;
        total.parts.labels += share * squares / (n * (n - 1.0));
        total.parts.degrees += n - 1.0;
        total.n_labels += stratum.human.len();
        total.n_items += stratum.human.len() + stratum.unlabelled.len();
        total.lambdas.push(lambda);
        let heaviest = total.parts.heaviest;
        if stratum.weight / n > heaviest.weight / heaviest.n {
            total.parts.heaviest = Heaviest {
                weight: stratum.weight,
                n,
                squares,
            };
        }
    }
    total.standard_error = variance.sqrt();
    Ok(total)
}

fn lambda(stratum: &Stratum, tuning: Tuning) -> f64 {
    if stratum.unlabelled.is_empty() {
        return 0.0;
    }
    match tuning {
        Tuning::Full => return 1.0,
        Tuning::LabelsOnly => return 0.0,
        Tuning::Tuned => {}
    }
    let (n, others) = (stratum.human.len() as f64, stratum.unlabelled.len() as f64);
    let (mean_human, mean_judge) = (mean(&stratum.human), mean(&stratum.judge));
    let covariance = stratum
        .human
        .iter()
        .zip(&stratum.judge)
        .map(|(y, f)| (y - mean_human) * (f - mean_judge))
        .sum::<f64>()
        / n;
    let all: Vec<f64> = stratum
        .judge
        .iter()
        .chain(&stratum.unlabelled)
        .copied()
        .collect();
    let variance = squares(&all) / (all.len() as f64 - 1.0);
    if variance > 0.0 {
        (covariance / ((1.0 + n / others) * variance)).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// Sum of squares about the mean; 0 for equal values, whose mean leaves rounding dust.
pub(super) fn squares(values: &[f64]) -> f64 {
    if values.windows(2).all(|pair| pair.first() == pair.last()) {
        return 0.0;
    }
    let centre = mean(values);
    values.iter().map(|v| (v - centre) * (v - centre)).sum()
}

fn check(strata: &[Stratum]) -> Result<(), StatsError> {
    let mut weight = 0.0;
    for stratum in strata {
        check_same_length(stratum.human.len(), stratum.judge.len())?;
        for values in [&stratum.human, &stratum.judge, &stratum.unlabelled] {
            check_unit(values)?;
        }
        weight += stratum.weight;
        if !(stratum.weight > 0.0 && stratum.weight <= 1.0 + 1e-9) {
            return Err(StatsError::OutOfRange {
                parameter: "weight of a stratum",
                value: stratum.weight,
                range: "above 0 and at most 1",
            });
        }
    }
    Corrected::check_labels(strata.iter().map(|s| s.human.len()).sum())?;
    for stratum in strata {
        TooFew::check(stratum.human.len(), 2)?;
    }
    if (weight - 1.0).abs() > 1e-6 {
        return Err(StatsError::OutOfRange {
            parameter: "sum of the weights of strata",
            value: weight,
            range: "1",
        });
    }
    Ok(())
}

/// Fails unless every value is in [-1, 1]: residuals are measured in that unit.
pub(super) fn check_unit(values: &[f64]) -> Result<(), StatsError> {
    match values.iter().find(|v| !(-1.0..=1.0).contains(*v)) {
        Some(value) => Err(StatsError::OutOfRange {
            parameter: "score",
            value: *value,
            range: "between -1 and 1",
        }),
        None => Ok(()),
    }
}
