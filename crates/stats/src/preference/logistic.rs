//! Logistic regression of a share in [0, 1], with errors that allow for dependent rows.
//!
//! In: rows of a design with an outcome, and the cluster of each. Out: the maximum-likelihood coefficients with
//! their covariance `H⁻¹ (Σ_g s_g s_g') H⁻¹`, s_g the summed scores of a cluster (sandwich; without clusters each
//! row is its own: HC0). Newton's steps, halved while the likelihood falls.
//! Source: L. E. Papke, J. M. Wooldridge, Journal of Applied Econometrics 11 (1996) for shares; K.-Y. Liang,
//! S. L. Zeger, Biometrika 73 (1986) for clusters.

use crate::Confidence;
use crate::error::StatsError;
use crate::mean::group;
use crate::special::student;

/// Most of Newton's steps; a fit that exists takes about ten.
const MOST_STEPS: usize = 60;
/// A coefficient beyond this stands for one that has no finite value.
const LARGEST: f64 = 40.0;
/// The fit has ended when no coefficient moves by more.
const TOLERANCE: f64 = 1e-12;

/// A square matrix, row by row.
pub(super) type Matrix = Vec<Vec<f64>>;

/// One observation.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Values of the explaining variables.
    pub(super) x: Vec<f64>,
    /// What happened, in [0, 1].
    pub(super) y: f64,
}

/// A fit.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    pub(super) coefficients: Vec<f64>,
    /// Robust covariance of the coefficients.
    pub(super) covariance: Matrix,
    /// Inverse of the Hessian: the covariance if rows were independent and the model true.
    pub(super) information_inverse: Matrix,
    /// Clusters, or rows where each is its own.
    n_groups: usize,
}

impl Fit {
    /// Half an interval per unit of robust error: Student's t with G - 1 degrees of freedom, times
    /// `sqrt(G / (G - 1))`, as the sandwich is too small by that much.
    pub(super) fn reach(&self, confidence: Confidence) -> f64 {
        let groups = self.n_groups.max(2) as f64;
        let t = student::two_sided_critical(groups - 1.0, confidence.alpha());
        t * (groups / (groups - 1.0)).sqrt()
    }
}

/// Fits `logit E(y) = x'β`; `clusters` names the cluster of each row.
///
/// # Errors
/// [`StatsError::NoMaximum`] where some coefficient has no finite value.
pub(super) fn fit(rows: &[Row], clusters: Option<&[usize]>) -> Result<Fit, StatsError> {
    let width = rows.first().map_or(0, |row| row.x.len());
    let mut beta = vec![0.0; width];
    let mut likelihood = log_likelihood(rows, &beta);
    for _ in 0..MOST_STEPS {
        let (gradient, hessian) = derivatives(rows, &beta);
        let inverse = inverse(&hessian).ok_or(StatsError::NoMaximum)?;
        let step = product(&inverse, &gradient);
        let mut share = 1.0;
        let (mut next, mut reached) = moved(rows, &beta, &step, share);
        while reached < likelihood - 1e-9 * likelihood.abs() && share > 1e-6 {
            share /= 2.0;
            (next, reached) = moved(rows, &beta, &step, share);
        }
        let largest_move = step.iter().fold(0.0_f64, |most, one| most.max(one.abs())) * share;
        (beta, likelihood) = (next, reached);
        if beta.iter().any(|one| one.is_nan() || one.abs() > LARGEST) {
            return Err(StatsError::NoMaximum);
        }
        if largest_move <= TOLERANCE {
            let covariance = sandwich(rows, &beta, &inverse, clusters);
            return Ok(Fit {
                coefficients: beta,
                covariance,
                information_inverse: inverse,
                n_groups: clusters.map_or(rows.len(), |own| group(own).n_clusters),
            });
        }
    }
    Err(StatsError::NoMaximum)
}

/// The logistic function.
pub(super) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn moved(rows: &[Row], from: &[f64], step: &[f64], share: f64) -> (Vec<f64>, f64) {
    let next: Vec<f64> = from
        .iter()
        .zip(step)
        .map(|(at, step)| at + share * step)
        .collect();
    let reached = log_likelihood(rows, &next);
    (next, reached)
}

fn log_likelihood(rows: &[Row], beta: &[f64]) -> f64 {
    rows.iter()
        .map(|row| {
            let eta = dot(&row.x, beta);
            // y·η - ln(1 + e^η), without overflow.
            row.y * eta - (eta.max(0.0) + (-eta.abs()).exp().ln_1p())
        })
        .sum()
}

fn derivatives(rows: &[Row], beta: &[f64]) -> (Vec<f64>, Matrix) {
    let width = beta.len();
    let mut gradient = vec![0.0; width];
    let mut hessian = vec![vec![0.0; width]; width];
    for row in rows {
        let p = sigmoid(dot(&row.x, beta));
        let weight = p * (1.0 - p);
        for ((slope, line), own) in gradient.iter_mut().zip(&mut hessian).zip(&row.x) {
            if *own == 0.0 {
                continue;
            }
            *slope += own * (row.y - p);
            for (cell, other) in line.iter_mut().zip(&row.x) {
                *cell += weight * own * other;
            }
        }
    }
    (gradient, hessian)
}

fn sandwich(rows: &[Row], beta: &[f64], inverse: &Matrix, clusters: Option<&[usize]>) -> Matrix {
    let width = beta.len();
    let members = clusters.map(group);
    let n_groups = members.as_ref().map_or(rows.len(), |one| one.n_clusters);
    let mut scores = vec![vec![0.0; width]; n_groups];
    for (idx, row) in rows.iter().enumerate() {
        let place = members
            .as_ref()
            .map_or(Some(idx), |one| one.slot_of_item.get(idx).copied());
        let residual = row.y - sigmoid(dot(&row.x, beta));
        if let Some(sum) = place.and_then(|place| scores.get_mut(place)) {
            for (sum, x) in sum.iter_mut().zip(&row.x) {
                *sum += x * residual;
            }
        }
    }
    // Each cluster's influence on the coefficients; their squares sum up to the covariance.
    let mut covariance = vec![vec![0.0; width]; width];
    for score in scores {
        let influence = product(inverse, &score);
        for (line, own) in covariance.iter_mut().zip(&influence) {
            for (cell, other) in line.iter_mut().zip(&influence) {
                *cell += own * other;
            }
        }
    }
    covariance
}

fn product(matrix: &Matrix, vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|line| dot(line, vector)).collect()
}

/// Inverts a symmetric positive definite matrix by Gauss and Jordan; `None` = it is singular.
fn inverse(matrix: &Matrix) -> Option<Matrix> {
    let n = matrix.len();
    let mut lines: Matrix = matrix
        .iter()
        .enumerate()
        .map(|(idx, line)| {
            let unit = (0..n).map(|column| f64::from(u8::from(column == idx)));
            line.iter().copied().chain(unit).collect()
        })
        .collect();
    let scale = matrix
        .iter()
        .flatten()
        .fold(0.0_f64, |most, one| most.max(one.abs()));
    for column in 0..n {
        let pivot = (column..n).max_by(|a, b| {
            let size = |line: &usize| lines.get(*line).and_then(|line| line.get(column));
            let size = |line: &usize| size(line).copied().unwrap_or(0.0).abs();
            size(a).total_cmp(&size(b))
        })?;
        lines.swap(column, pivot);
        let mut own = lines.get(column)?.clone();
        let head = *own.get(column)?;
        if head.abs() <= scale * 1e-14 {
            return None;
        }
        own.iter_mut().for_each(|cell| *cell /= head);
        for (idx, line) in lines.iter_mut().enumerate() {
            let factor = *line.get(column)?;
            if idx == column || factor == 0.0 {
                continue;
            }
            for (cell, own) in line.iter_mut().zip(&own) {
                *cell -= factor * own;
            }
        }
        *lines.get_mut(column)? = own;
    }
    Some(
        lines
            .into_iter()
            .map(|line| line.into_iter().skip(n).collect())
            .collect(),
    )
}
