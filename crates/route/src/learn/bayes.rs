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
    /// How they vary together, by weight and weight.
    pub(crate) covariance: Vec<Vec<f64>>,
}

impl Bayes<'_> {
    /// Learns.
    pub(crate) fn fit(&self) -> Posterior {
        let mut sums = self.before();
        for row in 0..self.x.len() {
            self.add(row, &mut sums);
        }
        sums.posterior()
    }

    /// Learns, and says of each row what is learned without its fold.
    pub(crate) fn fit_across(&self, fold_of: &[usize], n_folds: usize) -> (Posterior, Vec<f64>) {
        let n = self.prior_sd.len();
        let mut parts: Vec<Sums> = (0..n_folds).map(|_| Sums::new(n)).collect();
        for (row, fold) in fold_of.iter().enumerate().take(self.x.len()) {
            if let Some(part) = parts.get_mut(*fold) {
                self.add(row, part);
            }
        }
        let mut all = self.before();
        for part in &parts {
            all.add(part, 1.0);
        }
        let without = |part: &Sums| {
            let mut rest = all.clone();
            rest.add(part, -1.0);
            rest.posterior().mean
        };
        let means: Vec<Vec<f64>> = parts.iter().map(without).collect();
        let said =
            |(x, fold): (&Vec<f64>, &usize)| means.get(*fold).map_or(0.0, |mean| dot(x, mean));
        let said = self.x.iter().zip(fold_of).map(said).collect();
        (all.posterior(), said)
    }

    /// What is known before any row.
    fn before(&self) -> Sums {
        let mut sums = Sums::new(self.prior_sd.len());
        for (idx, sd) in self.prior_sd.iter().enumerate() {
            sums.a[idx][idx] = 1.0 / (sd * sd);
        }
        sums
    }

    fn add(&self, row: usize, sums: &mut Sums) {
        let (x, y, weight) = (&self.x[row], self.y[row], self.precision[row]);
        for (i, xi) in x.iter().enumerate().filter(|(_, xi)| **xi != 0.0) {
            sums.b[i] += weight * xi * y;
            for (a, xj) in sums.a[i].iter_mut().zip(x) {
                *a += weight * xi * xj;
            }
        }
    }
}

/// Precision, and precision times mean.
#[derive(Clone)]
struct Sums {
    a: Vec<Vec<f64>>,
    b: Vec<f64>,
}

impl Sums {
    fn new(n: usize) -> Self {
        Self {
            a: vec![vec![0.0; n]; n],
            b: vec![0.0; n],
        }
    }

    fn add(&mut self, other: &Self, sign: f64) {
        for (own, other) in self.a.iter_mut().zip(&other.a) {
            for (own, other) in own.iter_mut().zip(other) {
                *own += sign * other;
            }
        }
        for (own, other) in self.b.iter_mut().zip(&other.b) {
            *own += sign * other;
        }
    }

    fn posterior(self) -> Posterior {
        let covariance = inverse(self.a);
        Posterior {
            mean: covariance.iter().map(|row| dot(row, &self.b)).collect(),
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
