//! Who is preferred where judges compare pairs: raw, at equal length, and as a ranking.
//!
//! In: one scorer's words on pairs of an answer and its rival's, both orders settled. Out: for each candidate the
//! share of pairs in which it is preferred, the same if both answers were equally long, and a Bradley-Terry strength
//! with the places that it may have. No verdict rests on it: those rest on the scores.
//! Conditions: 30 independent items for whatever has a model behind it; who won or lost every pair has no
//! strength, and the others are ranked without it. Sources: [`trilemma_stats::preference`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trilemma_stats::preference::{Battle, Strengths, bradley_terry, length_controlled};
use trilemma_stats::{Confidence, Estimate, StatsError};

use super::share::mean;
use crate::figure::{Figure, Method};

/// Fewest independent items that a strength or a share at equal length is taken from.
const MIN_ITEMS: usize = 30;
/// Points of the Elo scale per unit of log odds: 400 for odds of ten.
const ELO: f64 = 400.0 / std::f64::consts::LN_10;
/// Where the mean of all contenders stands on it.
const ELO_MEAN: f64 = 1000.0;

/// The pairs that one scorer's judges compared.
#[derive(Debug, Clone, PartialEq)]
pub struct PairsInput {
    /// The scorer's label.
    pub scorer: String,
    /// Whose answers the others were compared with.
    pub rival: String,
    /// The candidates that were compared with it.
    pub contenders: Vec<String>,
    /// The pairs, in any order.
    pub pairs: Vec<Pair>,
}

/// One pair with a word in both orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Position among the contenders.
    pub contender: usize,
    /// A number that pairs share which are not independent: their item's, or their cluster's.
    pub cluster: usize,
    /// 1 = the contender's answer is preferred, 0 = the rival's, 0.5 = neither, or another one in each order; the mean
    /// of several judges.
    pub share: f64,
    /// Bytes by which the contender's answer is longer; `None` = not known.
    pub lead_bytes: Option<f64>,
}

/// Who is preferred by one scorer's judges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRanking {
    /// The scorer's label.
    pub scorer: String,
    /// Pairs with a word in both orders.
    pub n_pairs: usize,
    /// The candidates, in their order, and the rival last.
    pub contenders: Vec<Preferred>,
    /// Why nobody has a strength; `None` = some have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unranked: Option<String>,
}

/// How one contender does in pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preferred {
    /// The candidate, or `expected answer`.
    pub name: String,
    /// Whether the others were compared with it.
    pub is_rival: bool,
    /// Share of its pairs in which it is preferred, ties half, in [0, 1]; `None` for the rival.
    pub share: Option<Figure>,
    /// The same if both answers were equally long, in (0, 1).
    pub at_equal_length: Option<Figure>,
    /// Why there is none; `None` = there is, or it is the rival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_equal_length: Option<String>,
    /// Strength in Elo points: odds of ten are 400, the mean of those ranked is 1000.
    pub strength: Option<Figure>,
    /// Best and worst place that it may have among those ranked, from 1, all at once at 95 %.
    pub rank: Option<(usize, usize)>,
}

/// Ranks; `None` without a pair.
#[must_use]
pub fn rank(input: &PairsInput) -> Option<PairRanking> {
    if input.pairs.is_empty() {
        return None;
    }
    let mut contenders: Vec<Preferred> = (0..input.contenders.len())
        .map(|idx| preferred(input, idx))
        .collect();
    contenders.push(Preferred {
        is_rival: true,
        ..named(&input.rival)
    });
    let unranked = match strengths(input) {
        Ok((ranked, strengths)) => {
            for (place, one) in ranked.iter().zip(&strengths.contenders) {
                if let Some(slot) = contenders.get_mut(*place) {
                    slot.strength = elo(&one.estimate, &input.pairs);
                    slot.rank = Some((one.rank_best, one.rank_worst));
                }
            }
            None
        }
        Err(why) => Some(why),
    };
    Some(PairRanking {
        scorer: input.scorer.clone(),
        n_pairs: input.pairs.len(),
        contenders,
        unranked,
    })
}

fn named(name: &str) -> Preferred {
    Preferred {
        name: name.to_owned(),
        is_rival: false,
        share: None,
        at_equal_length: None,
        no_equal_length: None,
        strength: None,
        rank: None,
    }
}

fn preferred(input: &PairsInput, idx: usize) -> Preferred {
    let own: Vec<&Pair> = of(input, idx).collect();
    let shares: Vec<(usize, f64)> = own.iter().map(|pair| (pair.cluster, pair.share)).collect();
    let (at_equal_length, no_equal_length) = match equal_length(&own) {
        Ok(figure) => (Some(figure), None),
        Err(why) => (None, Some(why)),
    };
    Preferred {
        share: mean(&shares).map(|figure| figure.within(0.0, 1.0)),
        at_equal_length,
        no_equal_length,
        ..named(input.contenders.get(idx).map_or("", String::as_str))
    }
}

fn of(input: &PairsInput, idx: usize) -> impl Iterator<Item = &Pair> {
    input.pairs.iter().filter(move |pair| pair.contender == idx)
}

/// The share of pairs at equal length, or why there is none.
fn equal_length(own: &[&Pair]) -> Result<Figure, String> {
    let known: Vec<(&Pair, f64)> = own
        .iter()
        .filter_map(|pair| Some((*pair, pair.lead_bytes?)))
        .collect();
    let clusters: Vec<usize> = known.iter().map(|(pair, _)| pair.cluster).collect();
    enough(&clusters)?;
    let (wins, leads): (Vec<f64>, Vec<f64>) =
        known.iter().map(|(pair, lead)| (pair.share, *lead)).unzip();
    let sum: f64 = wins.iter().sum();
    if sum <= 0.0 || sum >= wins.len() as f64 {
        return Err("one side is preferred in every pair".to_owned());
    }
    match length_controlled(&wins, &leads, Some(&clusters), Confidence::P95) {
        Ok(fit) => Figure::of(&fit.win_rate, Method::LogisticSandwich)
            .ok_or_else(|| "the fit has no finite interval".to_owned()),
        Err(StatsError::NoSpread { .. }) => {
            Err("all answers differ from the other one by the same length".to_owned())
        }
        Err(_) => Err("the longer or the shorter answer is preferred in every pair".to_owned()),
    }
}

/// Strengths of those that neither won nor lost every pair, and of the rival, with their places.
fn strengths(input: &PairsInput) -> Result<(Vec<usize>, Strengths), String> {
    let is_open = |idx: &usize| {
        let (n, sum) =
            of(input, *idx).fold((0.0, 0.0), |(n, sum), pair| (n + 1.0, sum + pair.share));
        sum > 0.0 && sum < n
    };
    let mut ranked: Vec<usize> = (0..input.contenders.len()).filter(is_open).collect();
    if ranked.is_empty() {
        return Err("every pair of each has the same winner".to_owned());
    }
    let rival = ranked.len();
    let (mut battles, mut clusters) = (Vec::new(), Vec::new());
    for pair in &input.pairs {
        if let Some(first) = ranked.iter().position(|idx| *idx == pair.contender) {
            battles.push(Battle {
                first,
                second: rival,
                share: pair.share,
            });
            clusters.push(pair.cluster);
        }
    }
    enough(&clusters)?;
    ranked.push(input.contenders.len());
    let fit = bradley_terry(ranked.len(), &battles, Some(&clusters), Confidence::P95);
    match fit {
        Ok(strengths) => Ok((ranked, strengths)),
        Err(error) => Err(error.to_string()),
    }
}

fn enough(clusters: &[usize]) -> Result<(), String> {
    let n_items = clusters.iter().collect::<BTreeSet<_>>().len();
    if n_items < MIN_ITEMS {
        return Err(format!(
            "{n_items} independent items are compared, {MIN_ITEMS} are needed"
        ));
    }
    Ok(())
}

fn elo(strength: &Estimate, pairs: &[Pair]) -> Option<Figure> {
    let on_scale = |value: f64| ELO_MEAN + ELO * value;
    let clusters: BTreeSet<usize> = pairs.iter().map(|pair| pair.cluster).collect();
    let estimate = Estimate {
        point: on_scale(strength.point),
        low: on_scale(strength.low),
        high: on_scale(strength.high),
        n: clusters.len(),
        ..strength.clone()
    };
    Figure::of(&estimate, Method::LogisticSandwich)
}
