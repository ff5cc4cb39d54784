//! Linear regression with a normal prior on each weight and a known noise of each row.
//!
//! Posterior precision A = diag(1/sd²) + Σ w x xᵀ, mean A⁻¹ Σ w x y, with w = 1/variance (Bishop,
//! "Pattern Recognition and Machine Learning" 2006, 3.49-3.51). Checked against a closed form in
//! `one_mean_is_shrunk_as_the_closed_form_says`.

#![expect(
    clippy::indexing_slicing,
    reason = "numeric kernel; bounds are those of its own vectors"
)]

/// What is known before and seen.
pub(crate) struct Bayes<'a> {
    /// Rows of equal length.
    pub(crate) x: &'a [Vec<f64>],
    /// What each row is to give.
    pub(crate) y: &'a [f64],
    /// One over the variance of each row's noise.
    pub(crate) precision: &'a [f64],
    /// Standard deviation of each weight around zero, before anything was seen; above zero.
    pub(crate) prior_sd: &'a [f64],
}

/// What is known of the weights afterwards.
pub(crate) struct Posterior {
    /// Their means.
    pub(crate) mean: Vec<f64>,
    covariance: Vec<Vec<f64>>,
}

impl Bayes<'_> {
    /// Learns.
    pub(crate) fn fit(&self) -> Posterior {
        let n = self.prior_sd.len();
        let mut a = vec![vec![0.0; n]; n];
        let mut b = vec![0.0; n];
        for (idx, sd) in self.prior_sd.iter().enumerate() {
            a[idx][idx] = 1.0 / (sd * sd);
        }
        for ((x, y), weight) in self.x.iter().zip(self.y).zip(self.precision) {
            for i in 0..n {
                b[i] += weight * x[i] * y;
                for j in 0..n {
                    a[i][j] += weight * x[i] * x[j];
                }
            }
        }
        let covariance = inverse(a);
        Posterior {
            mean: covariance.iter().map(|row| dot(row, &b)).collect(),
            covariance,
        }
    }
}

impl Posterior {
    /// Standard deviation of the prediction for a row (of the mean, without its noise).
    pub(crate) fn sd(&self, x: &[f64]) -> f64 {
        let moved: Vec<f64> = self.covariance.iter().map(|row| dot(row, x)).collect();
        dot(&moved, x).max(0.0).sqrt()
    }
}

/// Sum of products.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Gauss-Jordan without pivoting: the matrix is symmetric and positive definite.
fn inverse(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut inverse: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect())
        .collect();
    for i in 0..n {
        let pivot = a[i][i];
        for j in 0..n {
            a[i][j] /= pivot;
            inverse[i][j] /= pivot;
        }
        for k in (0..n).filter(|k| *k != i) {
            let factor = a[k][i];
            for j in 0..n {
                a[k][j] -= factor * a[i][j];
                inverse[k][j] -= factor * inverse[i][j];
            }
        }
    }
    inverse
}
