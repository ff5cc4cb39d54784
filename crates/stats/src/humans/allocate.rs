//! How many labels each stratum should get.
//!
//! In: sizes of strata and how far judge and people are expected to differ in each. Out: whole numbers of
//! labels, proportional to `N_s · sd_s` (Neyman), at least a minimum in each, never more than the stratum has.
//! Conditions: the spreads are guesses; the minimum keeps a wrong guess harmless.
//! Source: J. Neyman, Journal of the Royal Statistical Society 97 (1934); for judges A. Fisch et al.
//! (arXiv 2406.04291).

use crate::StatsError;

/// One stratum before any label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StratumSize {
    /// Items that can still be labelled.
    pub n_items: usize,
    /// Expected standard deviation of `label - λ score`, above 0.
    pub spread: f64,
}

/// Returns the number of labels of each stratum; they add up to `n_labels`, or to all items where that is fewer.
///
/// `minimum` is given first, as far as items and labels reach. Checked by `allocation_is_neymans`.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a spread that is not above 0 and finite.
pub fn allocate(
    strata: &[StratumSize],
    n_labels: usize,
    minimum: usize,
) -> Result<Vec<usize>, StatsError> {
    if let Some(stratum) = strata
        .iter()
        .find(|stratum| !(stratum.spread > 0.0 && stratum.spread.is_finite()))
    {
        return Err(StatsError::OutOfRange {
            parameter: "spread",
            value: stratum.spread,
            range: "above 0",
        });
    }
    let n_items = strata
        .iter()
        .fold(0, |n: usize, s| n.saturating_add(s.n_items));
    let n_labels = n_labels.min(n_items);
    let mut given = vec![0; strata.len()];
    let mut left = n_labels;
    // Round by round, so that too few labels for all minima are spread evenly.
    for round in 1..=minimum.min(n_labels) {
        for (slot, stratum) in given.iter_mut().zip(strata) {
            if left > 0 && stratum.n_items >= round {
                *slot += 1;
                left -= 1;
            }
        }
    }
    // Each further label goes where it lowers the variance most: Neyman's rule in whole numbers.
    for _ in 0..left {
        let gain = |(stratum, given): (&StratumSize, &usize)| {
            let (size, given) = (stratum.n_items as f64, *given as f64);
            (size * stratum.spread).powi(2) / (given * (given + 1.0)).max(0.5)
        };
        let best = strata
            .iter()
            .zip(&given)
            .enumerate()
            .filter(|(_, (stratum, given))| **given < stratum.n_items)
            .map(|(idx, pair)| (idx, gain(pair)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        match best.and_then(|(idx, _)| given.get_mut(idx)) {
            Some(slot) => *slot += 1,
            None => break,
        }
    }
    Ok(given)
}
