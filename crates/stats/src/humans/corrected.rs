//! A corrected mean and what can be said of it.
//!
//! In: a point with its variance, taken apart so that one further label can be added. Out: a two-sided
//! interval, and one-sided bounds for gates.
//!
//! The large-sample interval `point ± z se` of PPI++ claims too much where the judge is nearly always right:
//! 100 labels without a single disagreement leave no spread at all. Therefore
//! - intervals use t with `n - strata` degrees of freedom and a variance to which one further label with a
//!   residual of 1 has been added;
//! - a one-sided bound counts one further label that went against it, in its mean and in its variance, in the
//!   stratum where a label counts most.
//!
//! Both vanish as 1/n. Checked by `ppi_covers_as_claimed` and `ppi_bounds_err_at_most_alpha`; the regime is
//! 50 labels and more.
//! Source: the added label is that of A. Agresti, B. A. Coull, The American Statistician 52 (1998).

use crate::error::{StatsError, TooFew};
use crate::special::student;
use crate::{Bound, Confidence, Estimate, Method, Side};

/// Fewest labels for any statement.
pub const MIN_LABELS: usize = 30;

/// A mean of a judge's scores, corrected by people.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    /// What people would give on average.
    pub point: f64,
    /// Large-sample standard error.
    pub standard_error: f64,
    /// Weight of the judge's scores per stratum, in [0, 1]; 0 = only the labels count.
    pub lambdas: Vec<f64>,
    /// Labelled items.
    pub n_labels: usize,
    /// All items, labelled ones included.
    pub n_items: usize,
    pub(crate) parts: Parts,
}

/// What the variance is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parts {
    /// Variance of the judge's part.
    pub(crate) judge: f64,
    /// Variance of the labels' part, with n - 1.
    pub(crate) labels: f64,
    /// What one label of the stratum where it counts most moves the mean, and that stratum.
    pub(crate) heaviest: Heaviest,
    /// Degrees of freedom.
    pub(crate) degrees: f64,
}

/// The stratum in which one label counts most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Heaviest {
    /// Its share of all items.
    pub(crate) weight: f64,
    /// Its labels.
    pub(crate) n: f64,
    /// Sum of squares of its residuals about their mean.
    pub(crate) squares: f64,
}

impl Heaviest {
    /// Variance that the labels of this stratum bring.
    fn variance(self) -> f64 {
        self.weight.powi(2) * self.squares / (self.n * (self.n - 1.0))
    }

    /// The same with one further label at a distance of 1 from their mean, counted in the spread only.
    fn widened(self) -> f64 {
        self.weight.powi(2) * (self.squares + 1.0) / (self.n * (self.n - 1.0))
    }

    /// The same with that label counted in the mean too.
    fn opposed(self) -> f64 {
        let n = self.n + 1.0;
        let squares = self.squares + self.n / n;
        self.weight.powi(2) * squares / (n * (n - 1.0))
    }
}

impl Corrected {
    pub(crate) fn check_labels(n_labels: usize) -> Result<(), TooFew> {
        TooFew::check(n_labels, MIN_LABELS)
    }

    /// Returns the two-sided interval.
    #[must_use]
    pub fn estimate(&self, confidence: Confidence) -> Estimate {
        let Parts {
            judge,
            labels,
            heaviest,
            degrees,
        } = self.parts;
        let variance = judge + labels - heaviest.variance() + heaviest.widened();
        let half =
            student::two_sided_critical(degrees, confidence.alpha()) * variance.max(0.0).sqrt();
        Estimate {
            point: self.point,
            low: self.point - half,
            high: self.point + half,
            confidence,
            n: self.n_labels,
            method: Method::PredictionPowered,
            standard_error: Some(self.standard_error),
        }
    }

    /// Returns the one-sided bound for a gate.
    #[must_use]
    pub fn bound(&self, side: Side, confidence: Confidence) -> Bound {
        let Parts {
            judge,
            labels,
            heaviest,
            degrees,
        } = self.parts;
        let variance = judge + labels - heaviest.variance() + heaviest.opposed();
        let critical =
            student::two_sided_critical(degrees, (2.0 * confidence.alpha()).min(0.999_999));
        let reach = heaviest.weight / (heaviest.n + 1.0) + critical * variance.max(0.0).sqrt();
        Bound {
            value: match side {
                Side::Lower => self.point - reach,
                Side::Upper => self.point + reach,
            },
            side,
            confidence,
            n: self.n_labels,
            method: Method::PredictionPowered,
        }
    }

    /// Returns how many labels without a judge would be as sure, over the number of labels: 1 = the judge
    /// helps nothing, 2 = it halves the labelling. `None` where the labels show no spread.
    #[must_use]
    pub fn gain(&self, variance_of_labels_alone: f64) -> Option<f64> {
        let own = self.standard_error.powi(2);
        (own > 0.0 && variance_of_labels_alone > 0.0).then(|| variance_of_labels_alone / own)
    }

    /// Returns `offset + factor · mean`, for means of values that were shifted and scaled; `factor` above 0.
    #[must_use]
    pub fn scaled(&self, offset: f64, factor: f64) -> Self {
        let mut other = self.clone();
        other.point = offset + factor * self.point;
        other.standard_error *= factor;
        other.parts.judge *= factor * factor;
        other.parts.labels *= factor * factor;
        other.parts.heaviest.weight *= factor;
        other
    }

    /// Multiplies the variance, for items that are not independent.
    ///
    /// `design_effect` is variance with over variance without clusters (below 1 counts as 1), `degrees` the
    /// degrees of freedom that clusters leave at most.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless both are finite and `degrees` is at least 1.
    pub fn inflated(&self, design_effect: f64, degrees: f64) -> Result<Self, StatsError> {
        if !(design_effect.is_finite() && design_effect >= 0.0) {
            return Err(StatsError::OutOfRange {
                parameter: "design effect",
                value: design_effect,
                range: "finite and not negative",
            });
        }
        if !(degrees.is_finite() && degrees >= 1.0) {
            return Err(StatsError::OutOfRange {
                parameter: "degrees of freedom",
                value: degrees,
                range: "finite and at least 1",
            });
        }
        let factor = design_effect.max(1.0);
        let mut grown = self.clone();
        grown.standard_error *= factor.sqrt();
        grown.parts.judge *= factor;
        grown.parts.labels *= factor;
        grown.parts.heaviest.squares *= factor;
        grown.parts.degrees = self.parts.degrees.min(degrees);
        Ok(grown)
    }
}
