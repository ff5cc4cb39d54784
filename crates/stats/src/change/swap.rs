//! Any score, item by item: do today's answers stand out among all answers to the same item?
//!
//! In: for each item a score of every answer, earlier and new, that depends on the answers alone and not
//! on which are new. Out: the p value of this look, by dealing out "new" anew within each item. Ties are
//! broken at random, and drawing stops early where nothing is to be found, so that the p value has one
//! and the same distribution whatever the scores are.
//! Source: J. Besag, P. Clifford, "Sequential Monte Carlo p-values", Biometrika 78 (1991); the similarity
//! is that of "Model Equality Testing" (arXiv 2410.20247).

use crate::error::{StatsError, TooFew, check_finite};
use crate::resample::{ChaChaStream, IndexStream};

/// Draws that exceed the observed one before drawing stops.
const ENOUGH: usize = 20;

/// The answers to one item.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SwapItem {
    /// Scores of all answers, earlier ones first.
    pub scores: Vec<f64>,
    /// How many of them, at the end, are new.
    pub n_new: usize,
}

/// What counts as standing out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// New answers score higher.
    Upper,
    /// New answers score higher or lower.
    Both,
}

/// Returns the p value of "new answers score like earlier ones to the same item", in (0, 1].
///
/// The statistic is the sum over new answers of their score less the mean score of the item. With `h` = 20
/// draws at least as large after `l` draws it is `h / l`, else `(1 + larger) / (1 + draws)`. Checked by
/// `swapped_p_values_are_uniform` and `one_item_is_dealt_out_evenly`.
///
/// # Errors
/// [`StatsError::TooFew`] where no item has earlier and new answers; [`StatsError::NotFinite`].
pub fn swap_p_value(
    items: &[SwapItem],
    tail: Tail,
    (draws, seed): (usize, u64),
) -> Result<f64, StatsError> {
    let mut dealt: Vec<(Vec<f64>, usize)> = Vec::with_capacity(items.len());
    for item in items {
        check_finite(&item.scores)?;
        if item.n_new == 0 || item.n_new >= item.scores.len() {
            continue;
        }
        let mean = item.scores.iter().sum::<f64>() / item.scores.len() as f64;
        // New ones first: dealing fills the front.
        let centred = item.scores.iter().rev().map(|score| score - mean);
        dealt.push((centred.collect(), item.n_new));
    }
    TooFew::check(dealt.len(), 1)?;
    let size = |dealt: &[(Vec<f64>, usize)]| {
        let sum: f64 = dealt
            .iter()
            .map(|(scores, n_new)| scores.iter().take(*n_new).sum::<f64>())
            .sum();
        match tail {
            Tail::Upper => sum,
            Tail::Both => sum.abs(),
        }
    };
    let observed = size(&dealt);
    let slack = 1e-9 * (1.0 + observed.abs());
    let mut stream = ChaChaStream::new(seed);
    let own_tie = stream.next_u64();
    let mut n_larger = 0_usize;
    for draw in 1..=draws.max(1) {
        for (scores, n_new) in &mut dealt {
            for place in 0..*n_new {
                let from = place + stream.next_index(scores.len() - place);
                scores.swap(place, from);
            }
        }
        let tie = stream.next_u64();
        let drawn = size(&dealt);
        let is_larger = drawn > observed + slack || (drawn >= observed - slack && tie >= own_tie);
        n_larger += usize::from(is_larger);
        if n_larger == ENOUGH {
            return Ok(ENOUGH as f64 / draw as f64);
        }
    }
    Ok((1.0 + n_larger as f64) / (1.0 + draws.max(1) as f64))
}

/// Scores each answer to one item by how unlike the others it is; in [-1, 1].
///
/// As [`unlikeness_scores`], where two answers are alike in the share of positions that hold the same
/// symbol, of the longer one's length: one answer's part of the squared maximum mean discrepancy.
#[must_use]
pub fn similarity_scores(answers: &[Vec<u32>]) -> Vec<f64> {
    unlikeness_scores(answers, |one, other| similarity(one, other))
}

/// Scores each of several things by how unlike the others it is, in terms of `alike`, which is
/// symmetric.
///
/// `mean likeness of the others among each other - mean likeness to the others`. Zeros for fewer than
/// three.
#[must_use]
pub fn unlikeness_scores<T>(all: &[T], alike: impl Fn(&T, &T) -> f64) -> Vec<f64> {
    let n = all.len();
    if n < 3 {
        return vec![0.0; n];
    }
    let mut sums = vec![0.0; n];
    for (one, first) in all.iter().enumerate() {
        for (other, second) in all.iter().enumerate().skip(one + 1) {
            let value = alike(first, second);
            for idx in [one, other] {
                if let Some(sum) = sums.get_mut(idx) {
                    *sum += value;
                }
            }
        }
    }
    scores_of_sums(&sums)
}

/// As [`unlikeness_scores`], from each one's sum of likeness to all others: for those who add one at a
/// time.
#[must_use]
pub fn scores_of_sums(sums: &[f64]) -> Vec<f64> {
    let n = sums.len();
    if n < 3 {
        return vec![0.0; n];
    }
    let pairs: f64 = sums.iter().sum::<f64>() / 2.0;
    let others = (n - 1) as f64;
    let pairs_of_others = others * (others - 1.0) / 2.0;
    sums.iter()
        .map(|own| (pairs - own) / pairs_of_others - own / others)
        .collect()
}

/// Returns the share of positions that hold the same symbol, of the longer one's length; 1 for two empty
/// ones.
#[must_use]
pub fn similarity(one: &[u32], other: &[u32]) -> f64 {
    let longest = one.len().max(other.len());
    if longest == 0 {
        return 1.0;
    }
    let equal = one.iter().zip(other).filter(|(a, b)| a == b).count();
    equal as f64 / longest as f64
}
