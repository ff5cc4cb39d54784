//! Strengths of contenders from who beat whom.
//!
//! In: battles of any pairs, a tie as half a win of each. Out: `logit P(a beats b) = β_a - β_b` by maximum
//! likelihood, errors by the sandwich over items (intervals by Student's t over them), and intervals of all differences that hold at once, from which
//! rank intervals follow. Conditions: items (clusters) independent, some tens of them; a contender's strength
//! does not depend on whom it meets. Strengths are defined up to a constant: their mean is 0.
//! Source: R. A. Bradley, M. E. Terry, Biometrika 39 (1952); existence by L. R. Ford, American Mathematical
//! Monthly 64 (1957); robust errors as W.-L. Chiang et al., arXiv 2403.04132 (2024).

use super::logistic::{Matrix, Row, fit};
use super::strong::is_strongly_connected;
use crate::error::{StatsError, TooFew, check_same_length};
use crate::{Confidence, Estimate, Method};

/// Fewest battles that anything is said from.
const MIN_BATTLES: usize = 10;

/// One comparison of two answers to the same item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Battle {
    /// Position of one contender.
    pub first: usize,
    /// Position of the other.
    pub second: usize,
    /// 1 = the first wins, 0 = the second wins, 0.5 = a tie; shares between are taken as they are.
    pub share: f64,
}

/// One contender.
#[derive(Debug, Clone, PartialEq)]
pub struct Strength {
    /// Strength less the mean of all, on the scale of log odds.
    pub estimate: Estimate,
    /// Best place that it can have, from 1, at the confidence asked for over all contenders at once.
    pub rank_best: usize,
    /// Worst place that it can have.
    pub rank_worst: usize,
}

/// Strengths of all contenders.
#[derive(Debug, Clone, PartialEq)]
pub struct Strengths {
    /// In the order of their positions.
    pub contenders: Vec<Strength>,
    /// Robust covariance of the strengths less that of contender 0, which is left out.
    pub covariance: Vec<Vec<f64>>,
    /// Standard errors of the same differences if battles were independent and the model true.
    pub model_errors: Vec<f64>,
}

impl Strengths {
    /// Returns the strengths less that of contender 0.
    #[must_use]
    pub fn against_first(&self) -> Vec<f64> {
        let point = |one: &Strength| one.estimate.point;
        let first = self.contenders.first().map_or(0.0, point);
        self.contenders
            .iter()
            .map(|one| point(one) - first)
            .collect()
    }

    /// Returns the probability that one contender beats another; `None` for positions that do not exist.
    #[must_use]
    pub fn chance(&self, first: usize, second: usize) -> Option<f64> {
        let point = |at: usize| Some(self.contenders.get(at)?.estimate.point);
        Some(super::logistic::sigmoid(point(first)? - point(second)?))
    }
}

/// Returns the strengths of `n` contenders.
///
/// `items[i]` is any number that battles over one item share; `None` = each battle is independent. The intervals
/// of single strengths hold one by one, ranks all at once (Bonferroni over all pairs). Checked by
/// `data_bradley_terry`; coverage by `strengths_cover_and_ranks_hold`.
///
/// # Errors
/// [`StatsError::TooFew`] below two contenders or ten battles, [`StatsError::NoMaximum`] where somebody has not
/// been beaten, or has beaten nobody, not even through others, [`StatsError::OutOfRange`] for shares outside
/// [0, 1] and positions outside `0..n`, [`StatsError::LengthMismatch`].
pub fn bradley_terry(
    n: usize,
    battles: &[Battle],
    items: Option<&[usize]>,
    confidence: Confidence,
) -> Result<Strengths, StatsError> {
    check(n, battles, items)?;
    let mut beats = vec![Vec::new(); n];
    for battle in battles {
        let (first, second) = (battle.first, battle.second);
        for (winner, loser, won) in [
            (first, second, battle.share > 0.0),
            (second, first, battle.share < 1.0),
        ] {
            if let (true, Some(list)) = (won, beats.get_mut(winner)) {
                list.push(loser);
            }
        }
    }
    if !is_strongly_connected(&beats) {
        return Err(StatsError::NoMaximum);
    }
    let rows: Vec<Row> = battles
        .iter()
        .map(|battle| {
            let mut x = vec![0.0; n - 1];
            for (contender, sign) in [(battle.first, 1.0), (battle.second, -1.0)] {
                let slot = contender.checked_sub(1).and_then(|at| x.get_mut(at));
                if let Some(slot) = slot {
                    *slot += sign;
                }
            }
            Row { x, y: battle.share }
        })
        .collect();
    let fit = fit(&rows, items)?;
    let reach = Reach {
        n_battles: battles.len(),
        confidence,
        single: fit.reach(confidence),
        shared: fit.reach(confidence.shared_over(n * (n - 1) / 2)),
    };
    let raw: Vec<f64> = std::iter::once(0.0).chain(fit.coefficients).collect();
    let model_errors = fit.information_inverse.iter().enumerate();
    let model_errors = model_errors
        .map(|(idx, line)| line.get(idx).map_or(0.0, |own| own.sqrt()))
        .collect();
    Ok(Strengths {
        contenders: contenders(&raw, &fit.covariance, reach),
        covariance: fit.covariance,
        model_errors,
    })
}

fn check(n: usize, battles: &[Battle], items: Option<&[usize]>) -> Result<(), StatsError> {
    TooFew::check(n, 2)?;
    TooFew::check(battles.len(), MIN_BATTLES)?;
    if let Some(items) = items {
        check_same_length(battles.len(), items.len())?;
    }
    for battle in battles {
        if !(0.0..=1.0).contains(&battle.share) {
            return Err(StatsError::OutOfRange {
                parameter: "share",
                value: battle.share,
                range: "between 0 and 1",
            });
        }
        let last = battle.first.max(battle.second);
        if last >= n || battle.first == battle.second {
            return Err(StatsError::OutOfRange {
                parameter: "contender",
                value: last as f64,
                range: "the position of a contender, and another than its opponent's",
            });
        }
    }
    Ok(())
}

/// How far intervals reach, in errors.
#[derive(Clone, Copy)]
struct Reach {
    n_battles: usize,
    confidence: Confidence,
    /// Of one strength.
    single: f64,
    /// Of all differences at once.
    shared: f64,
}

fn contenders(raw: &[f64], covariance: &Matrix, reach: Reach) -> Vec<Strength> {
    let n = raw.len();
    let mean = raw.iter().sum::<f64>() / n as f64;
    // Contender 0 is the reference, whose strength does not vary.
    let cov = |a: usize, b: usize| match (a.checked_sub(1), b.checked_sub(1)) {
        (Some(a), Some(b)) => covariance
            .get(a)
            .and_then(|line| line.get(b))
            .copied()
            .unwrap_or(0.0),
        _ => 0.0,
    };
    let with_all = |a: usize| (0..n).map(|b| cov(a, b)).sum::<f64>() / n as f64;
    let of_all = (0..n).map(with_all).sum::<f64>() / n as f64;
    let point = |a: usize| raw.get(a).copied().unwrap_or(0.0);
    let is_surely_above = |a: usize, b: usize| {
        let variance = cov(a, a) + cov(b, b) - 2.0 * cov(a, b);
        point(a) - point(b) > reach.shared * variance.max(0.0).sqrt()
    };
    (0..n)
        .map(|own| {
            let error = (cov(own, own) - 2.0 * with_all(own) + of_all)
                .max(0.0)
                .sqrt();
            let centred = point(own) - mean;
            let others = || (0..n).filter(|other| *other != own);
            Strength {
                estimate: Estimate {
                    point: centred,
                    low: centred - reach.single * error,
                    high: centred + reach.single * error,
                    confidence: reach.confidence,
                    n: reach.n_battles,
                    method: Method::LargeSample,
                    standard_error: Some(error),
                },
                rank_best: 1 + others()
                    .filter(|other| is_surely_above(*other, own))
                    .count(),
                rank_worst: n - others()
                    .filter(|other| is_surely_above(own, *other))
                    .count(),
            }
        })
        .collect()
}
