//! The form in which every number leaves this crate.
//!
//! An [`Estimate`] is a point with its two-sided interval, a [`Bound`] a one-sided statement; both carry
//! level, number of observations and method, so that a report can always say how sure it is. They hold
//! no unit: the caller knows whether it is seconds, dollars or a rate.

use serde::{Deserialize, Serialize};

use crate::Confidence;

/// A point estimate with its two-sided confidence interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Point estimate, in the unit of the data.
    pub point: f64,
    /// Lower end of the interval, inclusive.
    pub low: f64,
    /// Upper end of the interval, inclusive.
    pub high: f64,
    /// Confidence level of the interval.
    pub confidence: Confidence,
    /// Number of observations (for paired data: of pairs).
    pub n: usize,
    /// How the interval was made.
    pub method: Method,
    /// Standard error in the unit of the data; `None` where the method has none.
    pub standard_error: Option<f64>,
}

impl Estimate {
    /// Returns `high - low`, never negative.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// Returns whether `value` lies in the interval, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Returns the estimate of the negated quantity: `first - second` becomes `second - first`.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self {
            point: -self.point,
            low: -self.high,
            high: -self.low,
            ..self.clone()
        }
    }
}

/// A one-sided confidence bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// The bound, in the unit of the data, inclusive.
    pub value: f64,
    /// Whether the truth is said to lie above or below.
    pub side: Side,
    /// One-sided confidence level.
    pub confidence: Confidence,
    /// Number of observations (for paired data: of pairs).
    pub n: usize,
    /// How the bound was made.
    pub method: Method,
}

/// The side on which a one-sided bound lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The truth is at least the bound.
    Lower,
    /// The truth is at most the bound.
    Upper,
}

/// How an interval or bound was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Wilson score interval of a proportion.
    Wilson,
    /// Clopper-Pearson exact interval of a proportion.
    ClopperPearson,
    /// Agresti-Coull interval of a proportion.
    AgrestiCoull,
    /// Beta posterior of a proportion under the Jeffreys prior.
    Jeffreys,
    /// Beta posterior of a proportion under the uniform prior.
    BayesUniform,
    /// Clopper-Pearson on the effective sample size of dependent items.
    KornGraubard,
    /// Tango score interval of a paired difference of proportions.
    Tango,
    /// Newcombe square-and-add interval of a paired difference of proportions.
    Newcombe,
    /// Bonett-Price adjusted Wald interval of a paired difference of proportions.
    BonettPrice,
    /// Student t interval of a mean.
    StudentT,
    /// Student t interval of a mean with cluster-robust standard error.
    ClusteredT,
    /// Chernoff interval of the mean of bounded values.
    Chernoff,
    /// Harrell-Davis point with a distribution-free interval between order statistics.
    OrderStatistics,
    /// Kaplan-Meier quantile of times that were not all waited for.
    KaplanMeier,
    /// Percentile bootstrap.
    BootstrapPercentile,
    /// Bias-corrected and accelerated bootstrap.
    BootstrapBca,
    /// Bias-corrected and accelerated bootstrap over whole clusters.
    ClusterBootstrap,
    /// Simultaneous interval by the bootstrapped maximum of studentised differences.
    MaxT,
    /// Hedged betting confidence sequence, valid at any time.
    Betting,
    /// Empirical Bernstein confidence sequence, valid at any time.
    EmpiricalBernstein,
    /// Hoeffding confidence sequence, valid at any time.
    HoeffdingSequence,
    /// Normal or t interval on a large-sample standard error.
    LargeSample,
    /// Labels of people extended by a judge's scores (PPI++).
    PredictionPowered,
    /// Pass rate corrected by the judge's sensitivity and specificity.
    RoganGladen,
}

impl Method {
    /// Returns the name to show to a person.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Wilson => "Wilson",
            Self::ClopperPearson => "Clopper-Pearson",
            Self::AgrestiCoull => "Agresti-Coull",
            Self::Jeffreys => "Jeffreys",
            Self::BayesUniform => "Bayes, uniform prior",
            Self::KornGraubard => "Korn-Graubard",
            Self::Tango => "Tango",
            Self::Newcombe => "Newcombe",
            Self::BonettPrice => "Bonett-Price",
            Self::StudentT => "Student t",
            Self::ClusteredT => "Student t, clustered",
            Self::Chernoff => "Chernoff",
            Self::OrderStatistics => "Harrell-Davis, order statistics",
            Self::KaplanMeier => "Kaplan-Meier",
            Self::BootstrapPercentile => "bootstrap, percentile",
            Self::BootstrapBca => "bootstrap, BCa",
            Self::ClusterBootstrap => "bootstrap over clusters",
            Self::MaxT => "max-T bootstrap",
            Self::Betting => "betting, any time",
            Self::EmpiricalBernstein => "empirical Bernstein, any time",
            Self::HoeffdingSequence => "Hoeffding, any time",
            Self::LargeSample => "large-sample",
            Self::PredictionPowered => "PPI++",
            Self::RoganGladen => "Rogan-Gladen",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_json_and_negation() {
        let estimate = Estimate {
            point: 0.91,
            low: 0.86,
            high: 0.95,
            confidence: Confidence::P95,
            n: 200,
            method: Method::Wilson,
            standard_error: None,
        };
        let text = serde_json::to_string(&estimate).unwrap();
        assert!(text.contains(r#""method":"wilson""#), "{text}");
        assert_eq!(serde_json::from_str::<Estimate>(&text).unwrap(), estimate);
        assert_eq!(estimate.negated().negated(), estimate);
        assert!(estimate.contains(0.86) && !estimate.contains(0.96));
        assert!((estimate.width() - 0.09).abs() < 1e-12);
    }
}
