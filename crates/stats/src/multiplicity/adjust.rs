//! Corrected p values.
//!
//! In: p values in any order. Out: adjusted ones in the same order; reject where the adjusted value is at
//! most the level. Holm bounds the chance of any false claim; Benjamini and Hochberg only the expected
//! share of false claims, for exploration; Benjamini and Yekutieli that share under any dependence.
//! Source: S. Holm, Scandinavian Journal of Statistics 6 (1979); Y. Benjamini, Y. Hochberg, Journal of
//! the Royal Statistical Society B 57 (1995); Y. Benjamini, D. Yekutieli, Annals of Statistics 29 (2001).

use crate::StatsError;

/// Returns Holm's adjusted p values: `max over smaller of min(1, (m - rank + 1) p)`.
///
/// Valid under any dependence. Checked by `data_multiple_tests`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless every p is in [0, 1].
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let order = ascending(p_values)?;
    let m = order.len();
    let mut adjusted = vec![0.0; m];
    let mut largest: f64 = 0.0;
    for (rank, (idx, p)) in order.into_iter().enumerate() {
        largest = largest.max((m - rank) as f64 * p).min(1.0);
        if let Some(slot) = adjusted.get_mut(idx) {
            *slot = largest;
        }
    }
    Ok(adjusted)
}

/// Returns Benjamini and Hochberg's adjusted p values: `min over larger of min(1, m p / rank)`.
///
/// Valid for independent or positively dependent tests. Checked by `data_multiple_tests`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless every p is in [0, 1].
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let order = ascending(p_values)?;
    let m = order.len();
    let mut adjusted = vec![0.0; m];
    let mut smallest: f64 = 1.0;
    for (rank, (idx, p)) in order.into_iter().enumerate().rev() {
        smallest = smallest.min(m as f64 * p / (rank + 1) as f64);
        if let Some(slot) = adjusted.get_mut(idx) {
            *slot = smallest;
        }
    }
    Ok(adjusted)
}

/// Returns Benjamini and Yekutieli's adjusted p values: those of Benjamini and Hochberg times `Σ 1/i`, at most 1.
///
/// Valid under any dependence. Checked by `data_multiple_tests`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless every p is in [0, 1].
pub fn benjamini_yekutieli(p_values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let order = ascending(p_values)?;
    let m = order.len();
    let harmonic: f64 = (1..=m).map(|i| 1.0 / i as f64).sum();
    let mut adjusted = vec![0.0; m];
    let mut smallest: f64 = 1.0;
    for (rank, (idx, p)) in order.into_iter().enumerate().rev() {
        smallest = smallest.min(harmonic * m as f64 * p / (rank + 1) as f64);
        if let Some(slot) = adjusted.get_mut(idx) {
            *slot = smallest;
        }
    }
    Ok(adjusted)
}

/// Positions and values, smallest first.
fn ascending(p_values: &[f64]) -> Result<Vec<(usize, f64)>, StatsError> {
    if let Some(value) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(StatsError::OutOfRange {
            parameter: "p value",
            value: *value,
            range: "between 0 and 1",
        });
    }
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    Ok(order)
}
