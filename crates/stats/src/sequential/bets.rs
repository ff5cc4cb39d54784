//! How much to stake on the next value: the predictable plug-in of the confidence sequences.
//!
//! In: values in [0, 1] in order. Out: one stake per value, each computed from the values before it only,
//! which is what makes the sequences valid.
//! Source: I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
//! (2024), equations (15) and (26); checked through the sequences by `data_confidence_sequences`.

/// Weight of the prior mean and variance, in observations.
const PRIOR_WEIGHT: f64 = 1.0;
const PRIOR_MEAN: f64 = 0.5;
const PRIOR_VARIANCE: f64 = 0.25;

/// Returns `λ_t = min(sqrt(2 ln(1/α) / (t ln(1 + t) σ²_{t-1})), largest)` for every value.
///
/// `σ²_{t-1}` is the variance of the values before, regularised by one observation of mean 1/2 and
/// variance 1/4. `largest` may be infinite.
pub(super) fn variance_adaptive(values: &[f64], alpha: f64, largest: f64) -> Vec<f64> {
    let budget = 2.0 * (1.0 / alpha).ln();
    let (mut sum, mut squares, mut variance) = (0.0, 0.0, PRIOR_VARIANCE);
    let mut stakes = Vec::with_capacity(values.len());
    for (before, value) in values.iter().enumerate() {
        let t = before as f64 + 1.0;
        stakes.push((budget / (t * t.ln_1p() * variance)).sqrt().min(largest));
        sum += value;
        let weight = t + PRIOR_WEIGHT;
        let mean = ((PRIOR_WEIGHT * PRIOR_MEAN + sum) / weight).min(1.0);
        squares += (value - mean) * (value - mean);
        variance = (PRIOR_WEIGHT * PRIOR_VARIANCE + squares) / weight;
    }
    stakes
}
