//! Cohen's kappa of two raters.
//!
//! In: how often the first said a and the second b. Out: `kappa = (po - pe) / (1 - pe)` with
//! `po = Σ w_ab p_ab`, `pe = Σ w_ab p_a· p_·b`, and the normal interval of its large-sample error
//! `n (1 - pe)² Var = Σ p_ab (w_ab - (w̄_a· + w̄_·b)(1 - kappa))² - (kappa - pe (1 - kappa))²`.
//! Conditions: both rated all items; the interval is for 50 items and more, and kappa not near 1.
//! Source: J. Cohen, Psychological Bulletin 70 (1968); J. L. Fleiss, J. Cohen, B. S. Everitt,
//! Psychological Bulletin 72 (1969).

use super::ratings::{Coefficient, MIN_ITEMS, check_expected};
use super::scale::{Scale, dot};
use crate::error::{StatsError, TooFew, check_same_length};
use crate::{Confidence, Estimate};

/// How often two raters gave each pair of categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossTable {
    /// `rows[a][b]`: items to which the first rater gave a and the second b.
    rows: Vec<Vec<usize>>,
}

impl CrossTable {
    /// Takes a table of counts, at least 2 by 2.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] unless square, [`StatsError::TooFew`] below [`MIN_ITEMS`] items or
    /// two categories.
    pub fn new(rows: Vec<Vec<usize>>) -> Result<Self, StatsError> {
        for row in &rows {
            check_same_length(rows.len(), row.len())?;
        }
        TooFew::check(rows.len(), 2)?;
        let n = rows
            .iter()
            .flatten()
            .fold(0, |n: usize, c| n.saturating_add(*c));
        TooFew::check(n, MIN_ITEMS)?;
        Ok(Self { rows })
    }

    /// Counts pairs of categories, numbered from 0.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`], [`StatsError::OutOfRange`] for a category that is not below
    /// `n_categories`, and as [`CrossTable::new`].
    pub fn of(first: &[usize], second: &[usize], n_categories: usize) -> Result<Self, StatsError> {
        check_same_length(first.len(), second.len())?;
        let mut rows = vec![vec![0; n_categories]; n_categories];
        for (a, b) in first.iter().zip(second) {
            match rows.get_mut(*a).and_then(|row| row.get_mut(*b)) {
                Some(slot) => *slot += 1,
                None => {
                    return Err(StatsError::OutOfRange {
                        parameter: "category",
                        value: *a.max(b) as f64,
                        range: "below the number of categories",
                    });
                }
            }
        }
        Self::new(rows)
    }

    fn n(&self) -> f64 {
        self.rows.iter().flatten().map(|c| *c as f64).sum()
    }

    /// Share of each category with the first and with the second rater.
    fn margins(&self) -> (Vec<f64>, Vec<f64>) {
        let n = self.n();
        let mut second = vec![0.0; self.rows.len()];
        let first = self
            .rows
            .iter()
            .map(|row| {
                for (slot, count) in second.iter_mut().zip(row) {
                    *slot += *count as f64 / n;
                }
                row.iter().map(|c| *c as f64).sum::<f64>() / n
            })
            .collect();
        (first, second)
    }
}

/// Returns kappa with its interval; weighted where the scale is not nominal.
///
/// Checked by `data_agreement`.
///
/// # Errors
/// [`StatsError::NoSpread`] when both raters gave one and the same category throughout.
pub fn cohen_kappa(
    table: &CrossTable,
    scale: Scale,
    confidence: Confidence,
) -> Result<Estimate, StatsError> {
    let n = table.n();
    let (first, second) = table.margins();
    let totals: Vec<f64> = first
        .iter()
        .zip(&second)
        .map(|(a, b)| (a + b) * n)
        .collect();
    let weights = scale.weights(&totals);
    // Mean weight of a category of the one with all categories of the other; the weights are symmetric.
    let (mean_of_first, mean_of_second) = (weights.times(&second), weights.times(&first));
    let expected = dot(&first, &mean_of_first);
    check_expected(expected, n as usize)?;
    let cells = || {
        let with_means = table.rows.iter().zip(weights.rows()).zip(&mean_of_first);
        with_means.flat_map(|((counts, weights), of_first)| {
            let own = counts.iter().zip(weights).zip(&mean_of_second);
            own.map(move |((count, weight), of_second)| {
                (*count as f64 / n, *weight, of_first + of_second)
            })
        })
    };
    let observed: f64 = cells().map(|(share, weight, _)| share * weight).sum();
    let point = (observed - expected) / (1.0 - expected);
    let squares: f64 = cells()
        .map(|(share, weight, means)| share * (weight - means * (1.0 - point)).powi(2))
        .sum();
    let centre = point - expected * (1.0 - point);
    let variance = (squares - centre * centre) / (n * (1.0 - expected).powi(2));
    let coefficient = Coefficient {
        point,
        expected,
        error: variance.max(0.0).sqrt(),
        n: n as usize,
    };
    Ok(coefficient.estimate(confidence.z_two_sided(), confidence))
}
