//! Two candidates: APGR and CPT as RouteLLM defines them (Ong et al., arXiv 2406.18665, and
//! `routellm/evals/evaluate.py`).
//!
//! PGR at a share of strong calls = (quality - weak) / (strong - weak). APGR is the area under PGR at
//! the shares 0, 0.1, … 1, by the trapezoid rule: 0.5 for a coin, above 1 possible. CPT(x) is the
//! least share at which PGR reaches x, by straight lines between those 11 points.

use trilemma_stats::Confidence;
use trilemma_stats::resample::{Interval, Resampling, bootstrap_figures};

use super::draws::of_items;

/// The figures of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Average performance gap recovered.
    pub apgr: f64,
    /// Share of strong calls for half of the gap; `None` = never reached.
    pub cpt50: Option<f64>,
    /// Share of strong calls for 80 % of the gap; `None` = never reached.
    pub cpt80: Option<f64>,
}

/// The figures of a pair with their intervals over items.
#[derive(Debug, Clone, PartialEq)]
pub struct PairFigures {
    /// The points.
    pub found: Pair,
    /// APGR.
    pub apgr: Interval,
    /// CPT for half of the gap.
    pub cpt50: Interval,
    /// CPT for 80 % of the gap.
    pub cpt80: Interval,
}

const N_STEPS: usize = 10;

/// Ranks items by score, highest first to the strong candidate.
///
/// `weak` and `strong` are qualities by item; equal scores share their places evenly. `None` when
/// lengths differ, there are no items, or the strong candidate is no better.
#[must_use]
pub fn pair(scores: &[f64], weak: &[f64], strong: &[f64]) -> Option<Pair> {
    let groups: Vec<usize> = (0..scores.len()).collect();
    let ranking = Ranking::of(scores, (weak, strong), &groups)?;
    Some(summed(&ranking.recovered(&vec![1; ranking.n_groups])?))
}

/// The same with 95 % intervals: items, or groups of dependent ones, are drawn with the scores that they have.
///
/// A resample in which the strong candidate is no better has none of the figures.
#[must_use]
pub fn pair_figures(
    scores: &[f64],
    (weak, strong): (&[f64], &[f64]),
    (groups, seed): (&[usize], u64),
) -> Option<PairFigures> {
    let ranking = Ranking::of(scores, (weak, strong), groups)?;
    let found = summed(&ranking.recovered(&vec![1; ranking.n_groups])?);
    let resampling = Resampling::new(seed);
    let figures = |counts: &[u32]| match ranking.recovered(counts) {
        None => [None; 3],
        Some(shares) => {
            let pair = summed(&shares);
            [Some(pair.apgr), pair.cpt50, pair.cpt80]
        }
    };
    let [apgr, cpt50, cpt80] =
        bootstrap_figures(ranking.n_groups, Confidence::P95, &resampling, figures)
            .map(|found| of_items(found, scores.len()));
    Some(PairFigures {
        found,
        apgr,
        cpt50,
        cpt80,
    })
}

/// Items in the order in which the strong candidate is asked.
struct Ranking {
    items: Vec<Ranked>,
    n_groups: usize,
}

struct Ranked {
    score: f64,
    gain: f64,
    group: usize,
}

impl Ranking {
    fn of(scores: &[f64], (weak, strong): (&[f64], &[f64]), groups: &[usize]) -> Option<Self> {
        let n = scores.len();
        if n == 0 || [weak.len(), strong.len(), groups.len()] != [n; 3] {
            return None;
        }
        let mut items: Vec<Ranked> = (scores.iter().zip(weak.iter().zip(strong)).zip(groups))
            .map(|((score, (weak, strong)), group)| Ranked {
                score: *score,
                gain: strong - weak,
                group: *group,
            })
            .collect();
        items.sort_by(|a, b| b.score.total_cmp(&a.score));
        let n_groups = groups.iter().max()? + 1;
        Some(Self { items, n_groups })
    }

    /// PGR at each step where every group counts as often as it is told to; `None` = there is no gap.
    fn recovered(&self, counts: &[u32]) -> Option<[f64; N_STEPS + 1]> {
        let weight = |one: &Ranked| counts.get(one.group).map_or(0, |count| *count as usize);
        let n: usize = self.items.iter().map(weight).sum();
        let mut shares = [0.0; N_STEPS + 1];
        let (mut step, mut before, mut total) = (0, 0_usize, 0.0);
        // Within a group of equal scores each item gains the group's mean, as in a random order.
        for tied in self.items.chunk_by(|a, b| a.score == b.score) {
            let (size, sum) = tied.iter().fold((0, 0.0), |(size, sum), one| {
                let weight = weight(one);
                (size + weight, sum + weight as f64 * one.gain)
            });
            while let Some(share) = shares.get_mut(step) {
                let place = (step * n + N_STEPS / 2) / N_STEPS;
                if place > before + size {
                    break;
                }
                let part = (place - before) as f64 / size.max(1) as f64;
                *share = total + sum * part;
                step += 1;
            }
            before += size;
            total += sum;
        }
        // `total` is that of all items: the gap itself.
        (total > 0.0).then(|| shares.map(|share| share / total))
    }
}

fn summed(pgr: &[f64; N_STEPS + 1]) -> Pair {
    let steps = || pgr.iter().zip(pgr.iter().skip(1));
    let apgr = steps().map(|(a, b)| (a + b) / 2.0).sum::<f64>() / N_STEPS as f64;
    let cpt = |wanted: f64| {
        let (idx, (a, b)) = steps().enumerate().find(|(_, (_, b))| **b >= wanted)?;
        Some((idx as f64 + (wanted - a) / (b - a)) / N_STEPS as f64)
    };
    Pair {
        apgr,
        cpt50: cpt(0.5),
        cpt80: cpt(0.8),
    }
}
