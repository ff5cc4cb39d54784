//! Beta posteriors of a proportion.
//!
//! In: a count. Out: equal-tailed credible intervals, whose point is the posterior mean (the raw rate may
//! lie outside at 0 or n successes, the posterior mean cannot). Statements are about belief under the
//! stated prior, not about repetition; gates do not use them.
//! Source: L. D. Brown, T. T. Cai, A. DasGupta, Statistical Science 16 (2001), without their rule for the
//! end points.

use super::Count;
use crate::special::beta;
use crate::{Confidence, Estimate, Method};

/// Returns the credible interval under the Jeffreys prior Beta(1/2, 1/2).
///
/// Quantiles of Beta(k + 1/2, n - k + 1/2). Checked by `data_binomial_intervals`.
#[must_use]
pub fn jeffreys(count: Count, confidence: Confidence) -> Estimate {
    equal_tailed(count, confidence, 0.5, Method::Jeffreys)
}

/// Returns the credible interval under the uniform prior Beta(1, 1).
///
/// Quantiles of Beta(k + 1, n - k + 1). Checked by `data_binomial_intervals`.
#[must_use]
pub fn uniform_prior(count: Count, confidence: Confidence) -> Estimate {
    equal_tailed(count, confidence, 1.0, Method::BayesUniform)
}

fn equal_tailed(count: Count, confidence: Confidence, prior: f64, method: Method) -> Estimate {
    let a = count.successes() as f64 + prior;
    let b = count.failures().successes() as f64 + prior;
    let tail = confidence.alpha() / 2.0;
    let mean = a / (a + b);
    let low = beta::quantile(a, b, tail);
    Estimate {
        point: mean,
        low,
        // At absurdly low confidence both ends meet and rounding may cross them.
        high: (1.0 - beta::quantile(b, a, tail)).max(low),
        confidence,
        n: count.n(),
        method,
        standard_error: Some((mean * (1.0 - mean) / (a + b + 1.0)).sqrt()),
    }
}
