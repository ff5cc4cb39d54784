//! From a judge's words to its figures.

use std::collections::BTreeMap;

use trilemma_domain::Order;
use trilemma_stats::Confidence;
use trilemma_stats::slope::within_slope;

use super::agreement::{MIN_ANSWERS, agreement};
use super::input::{JudgeInput, JudgeWord};
use super::result::{Checked, JudgeResult, Lean, OrderFigures, SteadinessFigures};
use super::share::{mean, share};
use crate::figure::{Figure, Method};

/// Scores closer than this are the same.
const SAME: f64 = 1e-9;

/// Measures a judge.
#[must_use]
pub fn measure(input: &JudgeInput) -> JudgeResult {
    let settled = settled(input);
    let graded: Vec<&Settled<'_>> = settled.iter().filter(|one| one.score.is_some()).collect();
    let pairs: Vec<(usize, bool, bool)> = graded
        .iter()
        .filter_map(|one| {
            let passes = one.score? >= input.pass_threshold - SAME;
            Some((one.word.cluster, passes, one.word.human?))
        })
        .collect();
    JudgeResult {
        scorer: input.scorer.clone(),
        model: input.model.clone(),
        family: input.family.clone(),
        counts: input.counts,
        checked: match pairs.len() {
            0 => Checked::Unchecked,
            n if n < MIN_ANSWERS => Checked::TooFew,
            _ => Checked::Measured,
        },
        n_answers: settled.len(),
        n_without_grade: settled.len() - graded.len(),
        spent: input.spent,
        order: order(input),
        steadiness: steadiness(input),
        length: length(&graded),
        own_family: own_family(input, &graded),
        humans: agreement(&pairs),
    }
}

/// A judge's whole word on one answer.
struct Settled<'a> {
    word: &'a JudgeWord,
    /// Of a pair, the word of both orders together.
    score: Option<f64>,
}

/// One word per answer: those of the first round, both orders of a pair together.
fn settled(input: &JudgeInput) -> Vec<Settled<'_>> {
    let mut by_answer: BTreeMap<usize, Vec<&JudgeWord>> = BTreeMap::new();
    for word in input.words.iter().filter(|word| word.round == 0) {
        by_answer.entry(word.answer).or_default().push(word);
    }
    let n_orders = if input.compares { 2 } else { 1 };
    by_answer
        .into_values()
        .filter_map(|words| {
            let scores: Option<Vec<f64>> = words.iter().map(|word| word.score).collect();
            let score = scores
                .filter(|scores| scores.len() == n_orders)
                .and_then(|scores| {
                    let first = *scores.first()?;
                    let agree = scores.iter().all(|score| (score - first).abs() < SAME);
                    Some(if agree { first } else { 0.5 })
                });
            Some(Settled {
                word: words.first()?,
                score,
            })
        })
        .collect()
}

fn order(input: &JudgeInput) -> Option<OrderFigures> {
    if !input.compares {
        return None;
    }
    let mut by_answer: BTreeMap<usize, [Option<&JudgeWord>; 2]> = BTreeMap::new();
    for word in input.words.iter().filter(|word| word.round == 0) {
        let [first, second] = by_answer.entry(word.answer).or_default();
        match word.order {
            Order::First => *first = Some(word),
            Order::Second => *second = Some(word),
        }
    }
    let mut same = Vec::new();
    let mut for_first = Vec::new();
    for [first, second] in by_answer.into_values() {
        let (Some(first), Some(second)) = (first, second) else {
            continue;
        };
        let (Some(a), Some(b)) = (first.score, second.score) else {
            continue;
        };
        same.push((first.cluster, (a - b).abs() < SAME));
        // Shown first, the answer wins with 1; shown second, the other one is first and wins with 0.
        for (score, wins_first) in [(a, a > 0.5), (b, b < 0.5)] {
            if (score - 0.5).abs() > SAME {
                for_first.push((first.cluster, wins_first));
            }
        }
    }
    Some(OrderFigures {
        n_pairs: same.len(),
        consistency: share(&same)?,
        first_rate: share(&for_first),
    })
}

fn steadiness(input: &JudgeInput) -> Option<SteadinessFigures> {
    let of_round = |round: u8| -> BTreeMap<usize, &JudgeWord> {
        let words = input.words.iter();
        let words = words.filter(|word| word.round == round && word.order == Order::First);
        words.map(|word| (word.answer, word)).collect()
    };
    let again = of_round(1);
    let mut same = Vec::new();
    let mut change = Vec::new();
    for (answer, word) in of_round(0) {
        let Some(second) = again.get(&answer).and_then(|word| word.score) else {
            continue;
        };
        let Some(first) = word.score else { continue };
        let passes = |score: f64| score >= input.pass_threshold - SAME;
        same.push((word.cluster, passes(first) == passes(second)));
        change.push((word.cluster, (first - second).abs()));
    }
    Some(SteadinessFigures {
        n_answers: same.len(),
        same_side: share(&same)?,
        mean_change: mean(&change),
    })
}

/// What doubling an answer's length does to its score.
fn length(graded: &[&Settled<'_>]) -> Option<Lean> {
    let slope = |score: &dyn Fn(&Settled<'_>) -> Option<f64>| {
        let (mut x, mut y, mut items) = (Vec::new(), Vec::new(), Vec::new());
        for one in graded {
            if let Some(score) = score(one) {
                x.push((one.word.length.max(1) as f64).log2());
                y.push(score);
                items.push(one.word.item);
            }
        }
        let estimate = within_slope(&x, &y, &items, Confidence::P95).ok()?;
        Figure::of(&estimate, Method::StudentTClustered)
    };
    Some(Lean {
        raw: slope(&|one| one.score)?,
        beside_others: slope(&less_others),
    })
}

fn less_others(one: &Settled<'_>) -> Option<f64> {
    Some(one.score? - one.word.others?)
}

/// What being of the judge's family does to an answer's score.
fn own_family(input: &JudgeInput, graded: &[&Settled<'_>]) -> Option<Lean> {
    let family = input.family.as_deref()?;
    let gap = |score: &dyn Fn(&Settled<'_>) -> Option<f64>| {
        let mut by_item: BTreeMap<usize, (usize, [Sum; 2])> = BTreeMap::new();
        for one in graded {
            let (Some(score), Some(of)) = (score(one), one.word.family.as_deref()) else {
                continue;
            };
            let (_, [own, other]) = by_item
                .entry(one.word.item)
                .or_insert((one.word.cluster, [Sum::default(); 2]));
            if of == family { own } else { other }.add(score);
        }
        let gaps: Vec<(usize, f64)> = by_item
            .into_values()
            .filter_map(|(cluster, [own, other])| Some((cluster, own.mean()? - other.mean()?)))
            .collect();
        mean(&gaps)
    };
    Some(Lean {
        raw: gap(&|one| one.score)?,
        beside_others: gap(&less_others),
    })
}

#[derive(Clone, Copy, Default)]
struct Sum {
    sum: f64,
    n: usize,
}

impl Sum {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.n += 1;
    }

    fn mean(self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }
}
