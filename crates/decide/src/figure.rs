//! The form of every number in a decision: value, interval, number of observations, method.
//!
//! In: estimates of `stats`, and exact sums of money. Out: [`Figure`] and [`MoneyFigure`]. Values are
//! cut to 12 significant digits, so that a result reads back as it was written and does not differ in
//! the last bit between machines. No value is ever NaN or infinite.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde::{Deserialize, Serialize};
use trilemma_domain::Usd;
use trilemma_stats as stats;

/// How an interval, bound or test was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A value of the sample without interval: too few observations, or none is needed.
    Plain,
    /// Exact: every item that the statement is about was answered.
    Census,
    /// Wilson score interval of a proportion.
    Wilson,
    /// Clopper-Pearson exact interval or bound of a proportion.
    ClopperPearson,
    /// Clopper-Pearson on the effective number of items (repeats, clusters or weights; Korn-Graubard).
    ClopperPearsonEffective,
    /// Tango score interval or test of a paired difference of proportions.
    Tango,
    /// Tango on the effective number of items (repeats, clusters or weights).
    TangoEffective,
    /// Score test of a paired ratio of proportions (Tang, Tang and Chan 2003).
    PairedRatioScore,
    /// The same on the effective number of items (repeats, clusters or weights).
    PairedRatioScoreEffective,
    /// Student t interval of a mean.
    StudentT,
    /// Student t interval with standard error over items or clusters (linearised).
    StudentTClustered,
    /// Chernoff interval of the mean of values in a range, valid for any number of them.
    Chernoff,
    /// Bias-corrected and accelerated bootstrap over items.
    BootstrapBca,
    /// Percentile bootstrap over items.
    BootstrapPercentile,
    /// Bias-corrected and accelerated bootstrap over groups of dependent items.
    ClusterBootstrap,
    /// Ratio of means with Student t interval by linearisation (delta method).
    LinearisedRatio,
    /// Harrell-Davis point with distribution-free interval between order statistics.
    OrderStatistics,
    /// Scores corrected by labels of people (PPI++).
    PredictionPowered,
    /// Logistic regression (Bradley-Terry, length control), Student t on errors over items or clusters (sandwich).
    LogisticSandwich,
    /// Stated by a dated source, not measured.
    Stated,
}

impl Method {
    /// Gives the words to show to a person.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Plain => "no interval",
            Self::Census => "every item answered",
            Self::Wilson => "Wilson",
            Self::ClopperPearson => "Clopper-Pearson",
            Self::ClopperPearsonEffective => "Clopper-Pearson, effective n",
            Self::Tango => "Tango score",
            Self::TangoEffective => "Tango score, effective n",
            Self::PairedRatioScore => "paired ratio score",
            Self::PairedRatioScoreEffective => "paired ratio score, effective n",
            Self::StudentT => "Student t",
            Self::StudentTClustered => "Student t, clustered",
            Self::Chernoff => "Chernoff",
            Self::BootstrapBca => "bootstrap, BCa",
            Self::BootstrapPercentile => "bootstrap, percentile",
            Self::ClusterBootstrap => "bootstrap over groups, BCa",
            Self::LinearisedRatio => "linearised ratio, Student t",
            Self::OrderStatistics => "Harrell-Davis, order statistics",
            Self::PredictionPowered => "PPI++, by people's labels",
            Self::LogisticSandwich => "logistic regression, errors over items",
            Self::Stated => "stated by source",
        }
    }
}

/// A number with its interval. Unit and range are those of the field that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The estimate; finite.
    pub value: f64,
    /// Lower end of the interval, inclusive; `None` = `n` cannot support one.
    pub low: Option<f64>,
    /// Upper end of the interval, inclusive; `None` = `n` cannot support one.
    pub high: Option<f64>,
    /// Level of the two-sided interval, in (0, 1); `None` without interval.
    pub confidence: Option<f64>,
    /// Number of independent observations (items, unless the field says trials).
    pub n: usize,
    /// How the interval was made.
    pub method: Method,
}

impl Figure {
    /// Keeps a value without interval; `None` when it is no finite number.
    #[must_use]
    pub fn plain(value: f64, n: usize) -> Option<Self> {
        Some(Self {
            value: tidy(value)?,
            low: None,
            high: None,
            confidence: None,
            n,
            method: Method::Plain,
        })
    }

    /// Keeps an estimate of a share or of a resampled statistic; `None` when an end is no finite number, or for
    /// other methods.
    #[must_use]
    pub fn resampled(estimate: &stats::Estimate) -> Option<Self> {
        let method = match estimate.method {
            stats::Method::Wilson => Method::Wilson,
            stats::Method::BootstrapPercentile => Method::BootstrapPercentile,
            stats::Method::BootstrapBca => Method::BootstrapBca,
            stats::Method::ClusterBootstrap => Method::ClusterBootstrap,
            _ => return None,
        };
        Self::of(estimate, method)
    }

    /// Keeps an estimate under the name of a method, multiplied by `unit` (such as 1e-3 for µs to
    /// ms), above 0; `None` when an end is no finite number.
    pub(crate) fn scaled(estimate: &stats::Estimate, unit: f64, method: Method) -> Option<Self> {
        Some(Self {
            value: tidy(estimate.point * unit)?,
            low: Some(tidy(estimate.low * unit)?),
            high: Some(tidy(estimate.high * unit)?),
            confidence: tidy(estimate.confidence.level()),
            n: estimate.n,
            method,
        })
    }

    /// Keeps an estimate under the name of a method.
    pub(crate) fn of(estimate: &stats::Estimate, method: Method) -> Option<Self> {
        Self::scaled(estimate, 1.0, method)
    }

    /// Keeps a value that nothing is left open about; `None` when it is no finite number.
    pub(crate) fn exact(value: f64, n: usize, confidence: stats::Confidence) -> Option<Self> {
        let value = tidy(value)?;
        Some(Self {
            value,
            low: Some(value),
            high: Some(value),
            confidence: tidy(confidence.level()),
            n,
            method: Method::Census,
        })
    }

    /// Cuts the interval to a range that the truth is known to lie in.
    pub(crate) fn within(self, low: f64, high: f64) -> Self {
        Self {
            low: self.low.map(|end| end.clamp(low, high)),
            high: self.high.map(|end| end.clamp(low, high)),
            ..self
        }
    }
}

/// An amount of money with its interval; amounts are exact decimals of US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MoneyFigure {
    /// The estimate.
    pub value: Usd,
    /// Lower end of the interval, inclusive; `None` = `n` cannot support one.
    pub low: Option<Usd>,
    /// Upper end of the interval, inclusive; `None` = `n` cannot support one.
    pub high: Option<Usd>,
    /// Level of the two-sided interval, in (0, 1); `None` without interval.
    pub confidence: Option<f64>,
    /// Number of items it rests on.
    pub n: usize,
    /// How the interval was made.
    pub method: Method,
}

impl MoneyFigure {
    /// Keeps an exact amount without interval.
    pub(crate) fn plain(value: Usd, n: usize) -> Self {
        Self {
            value: cut(value.decimal()),
            low: None,
            high: None,
            confidence: None,
            n,
            method: Method::Plain,
        }
    }

    /// Puts the interval of an estimate (in dollars) around an exact cost; nothing costs less than
    /// zero, so no interval reaches below it.
    pub(crate) fn around(value: Usd, estimate: &stats::Estimate, method: Method) -> Self {
        let end = |end: f64| tidy(end).and_then(Decimal::from_f64).map(cut);
        let value = cut(value.decimal());
        let (low, high) = (end(estimate.low), end(estimate.high));
        Self {
            value,
            // Sums in binary may miss the exact amount by the last digit.
            low: low.map(|low| low.max(Usd::ZERO).min(value)),
            high: high.map(|high| high.max(value)),
            confidence: Some(estimate.confidence.level()),
            n: estimate.n,
            method,
        }
    }

    /// Multiplies amount and interval by an exact factor.
    pub(crate) fn times(self, factor: Decimal) -> Self {
        let scale = |amount: Usd| cut(amount.decimal().saturating_mul(factor));
        Self {
            value: scale(self.value),
            low: self.low.map(scale),
            high: self.high.map(scale),
            ..self
        }
    }
}

/// Twelve decimals of a dollar: a millionth of a millionth.
fn cut(amount: Decimal) -> Usd {
    Usd::new(amount.round_dp(12).normalize())
}

/// Cuts to 12 significant digits; `None` for NaN and infinity.
pub(crate) fn tidy(value: f64) -> Option<f64> {
    if !value.is_finite() {
        return None;
    }
    let cut: f64 = format!("{value:.11e}").parse().ok()?;
    // Adding zero turns -0 into 0.
    Some(cut + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_twelve_digits_and_no_oddities() {
        assert_eq!(tidy(0.1 + 0.2), Some(0.3));
        assert_eq!(tidy(-0.0).map(f64::to_bits), Some(0.0_f64.to_bits()));
        assert_eq!(tidy(f64::NAN), None);
        assert_eq!(Figure::plain(f64::INFINITY, 3), None);
    }

    #[test]
    fn no_cost_interval_reaches_below_zero() {
        let values = [0.0, 0.0, 0.0, 0.0, 1e-4];
        let estimate = stats::mean::mean_t(&values, stats::Confidence::P95).unwrap();
        assert!(estimate.low < 0.0);
        let value: Usd = "0.00002".parse().unwrap();
        let figure = MoneyFigure::around(value, &estimate, Method::Plain);
        assert_eq!(figure.low, Some(Usd::ZERO));
        assert!(figure.high > Some(value));
    }

    #[test]
    fn money_scales_exactly() {
        let figure = MoneyFigure::plain("0.00675".parse().unwrap(), 10).times(Decimal::from(1000));
        assert_eq!(figure.value, "6.75".parse().unwrap());
        assert!(
            serde_json::to_string(&figure)
                .unwrap()
                .contains(r#""value":"6.75""#)
        );
    }
}
