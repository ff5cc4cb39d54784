//! How much two different categories agree nevertheless.
//!
//! In: a scale and, for the ordinal one, how often each category was given. Out: agreement weights in
//! [0, 1], 1 on the diagonal. Weighted coefficients are those of Cohen (kappa_w), Gwet (AC2) and
//! Krippendorff (alpha of the same metric: with `w = 1 - δ²/max δ²` both ratios are equal).
//! Source: J. Cohen, Psychological Bulletin 70 (1968); K. Krippendorff, Content Analysis (2004), 11.3.

use serde::{Deserialize, Serialize};

/// What the categories mean to each other. Categories are numbered in their order, one step apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal or not.
    Nominal,
    /// Agreement falls with the number of steps between.
    Linear,
    /// Agreement falls with the square of the number of steps between (Krippendorff's interval metric).
    Interval,
    /// Agreement falls with the square of how many ratings lie between (Krippendorff's ordinal metric).
    Ordinal,
}

/// A square table of weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights {
    rows: Vec<Vec<f64>>,
}

impl Scale {
    /// Gives the weights of `totals.len()` categories; `totals` are the numbers of ratings of each.
    pub(crate) fn weights(self, totals: &[f64]) -> Weights {
        let q = totals.len();
        let apart = |a: usize, b: usize| a.abs_diff(b) as f64;
        let distance = |a: usize, b: usize| match self {
            Self::Nominal => f64::from(u8::from(a != b)),
            Self::Linear => apart(a, b),
            Self::Interval => apart(a, b).powi(2),
            Self::Ordinal => between(totals, a, b).powi(2),
        };
        let distances: Vec<Vec<f64>> = (0..q)
            .map(|a| (0..q).map(|b| distance(a, b)).collect())
            .collect();
        let largest = distances.iter().flatten().fold(0.0, |m: f64, d| m.max(*d));
        let weight = |d: &f64| {
            if largest > 0.0 {
                1.0 - d / largest
            } else {
                1.0
            }
        };
        let rows = distances
            .iter()
            .map(|row| row.iter().map(weight).collect())
            .collect();
        Weights { rows }
    }
}

/// Ratings between two categories, their own counted half.
fn between(totals: &[f64], a: usize, b: usize) -> f64 {
    let (first, last) = (a.min(b), a.max(b));
    if first == last {
        return 0.0;
    }
    let inside: f64 = totals.iter().take(last + 1).skip(first).sum();
    let ends: f64 = [first, last]
        .iter()
        .filter_map(|end| totals.get(*end))
        .sum();
    inside - ends / 2.0
}

impl Weights {
    /// The weights of one category with all others.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.rows.iter().map(Vec::as_slice)
    }

    /// Sum of all weights.
    pub(crate) fn sum(&self) -> f64 {
        self.rows.iter().flatten().sum()
    }

    /// `W v`.
    pub(crate) fn times(&self, v: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|row| dot(row, v)).collect()
    }
}

/// `Σ a b`.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
