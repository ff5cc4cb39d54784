//! One look: the p value of each channel, cheap ones and dear ones alike over answers at hand.
//!
//! In: the rounds before, the round now, a seed, within how many checks false alarms are counted. Out: one p value per channel, `None` where nothing can
//! be compared. Under "nothing has changed" answers to one item are exchangeable over all rounds, which
//! is what each p value rests on.

use trilemma_domain::DriftChannel;
use trilemma_stats::change::{
    BinaryItem, SwapItem, Tail, binary_p_value, pooled_p_value, pooled_ways, similarity_scores,
    swap_p_value, unlikeness_scores,
};
use trilemma_stats::resample::{ChaChaStream, IndexStream};

use crate::round::{Answer, Round};
use crate::tokens::distance;

/// Draws of a permutation test: enough for the smallest p value that an alarm needs in two looks.
const DRAWS: usize = 9_999;

/// The p value of a channel.
pub(crate) fn p_value(
    channel: DriftChannel,
    (before, now): (&[Round], &Round),
    (seed, looks): (u64, u32),
) -> Option<f64> {
    let mut stream = ChaChaStream::new(seed ^ channel as u64);
    let binary = |yes: fn(&Answer) -> Option<bool>| {
        let items: Vec<BinaryItem> = pairs(before, now)
            .map(|(before, now)| counts(&before, now, yes))
            .collect();
        let tie = ((stream.clone().next_u64() >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        binary_p_value(&items, tie).ok()
    };
    match channel {
        DriftChannel::Quality => binary(fails),
        DriftChannel::Pooled => pooled((before, now), looks).map(|(p_value, _)| p_value),
        DriftChannel::Refusals => binary(|answer| Some(answer.refused)),
        DriftChannel::Malformed => binary(|answer| Some(answer.malformed)),
        DriftChannel::Logprobs => {
            let items = swaps_of(
                (before, now),
                |answer| !answer.first_tokens.is_empty(),
                |answers| {
                    unlikeness_scores(answers, |one, other| {
                        -distance(&one.first_tokens, &other.first_tokens)
                    })
                },
            );
            swap_p_value(&items, Tail::Upper, (DRAWS, stream.next_u64())).ok()
        }
        DriftChannel::Answers => {
            let items = swaps(before, now, |answers| {
                let texts: Vec<Vec<u32>> = answers
                    .iter()
                    .map(|answer| answer.symbols.clone())
                    .collect();
                similarity_scores(&texts)
            });
            swap_p_value(&items, Tail::Upper, (DRAWS, stream.next_u64())).ok()
        }
        DriftChannel::Length => {
            let items = swaps(before, now, |answers| {
                answers.iter().map(|answer| answer.log_length).collect()
            });
            swap_p_value(&items, Tail::Both, (DRAWS, stream.next_u64())).ok()
        }
    }
}

fn fails(answer: &Answer) -> Option<bool> {
    answer.passes.map(|passes| !passes)
}

/// Whether fewer answers pass in several checks together than in everything before, by the ways that are due at
/// this check: the smallest p value times its factor, and the check with which that way begins. Finds what breaks
/// some items for good, which looks like mere noise of theirs check by check, and small losses everywhere.
pub(crate) fn pooled((before, now): (&[Round], &Round), looks: u32) -> Option<(f64, u32)> {
    // Of the rounds before the first is the baseline.
    let check = before.len();
    let best = pooled_ways(check, looks)
        .into_iter()
        .filter_map(|way| {
            let first = check.checked_sub(way.n_checks)? + 1;
            let (earlier, later) = before.split_at_checked(first)?;
            let items: Vec<BinaryItem> = pairs(earlier, now)
                .enumerate()
                .map(|(place, (old, own))| {
                    let mut item = counts(&old, own, fails);
                    let more = later.iter().filter_map(|round| round.items.get(place));
                    for is_failed in more.flatten().filter_map(fails) {
                        item.n_now += 1;
                        item.yes_now += u32::from(is_failed);
                    }
                    item
                })
                .collect();
            let p_value = pooled_p_value(&items, way.largest_weight).ok()?;
            Some((p_value * way.factor, u32::try_from(first).ok()?))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((best.0.clamp(f64::MIN_POSITIVE, 1.0), best.1))
}

/// The answers to each item: all before, and those now.
pub(crate) fn pairs<'a>(
    before: &'a [Round],
    now: &'a Round,
) -> impl Iterator<Item = (Vec<&'a Answer>, &'a [Answer])> {
    now.items.iter().enumerate().map(|(place, own)| {
        let earlier = before
            .iter()
            .filter_map(move |round| round.items.get(place));
        (earlier.flatten().collect(), own.as_slice())
    })
}

fn counts(before: &[&Answer], now: &[Answer], yes: impl Fn(&Answer) -> Option<bool>) -> BinaryItem {
    let mut item = BinaryItem::default();
    for is_yes in before.iter().filter_map(|answer| yes(answer)) {
        item.n_before += 1;
        item.yes_before += u32::from(is_yes);
    }
    for is_yes in now.iter().filter_map(&yes) {
        item.n_now += 1;
        item.yes_now += u32::from(is_yes);
    }
    item
}

fn swaps(before: &[Round], now: &Round, scores: impl Fn(&[&Answer]) -> Vec<f64>) -> Vec<SwapItem> {
    swaps_of((before, now), |_| true, scores)
}

/// As [`swaps`], over answers that have what is compared.
fn swaps_of(
    (before, now): (&[Round], &Round),
    has: impl Fn(&Answer) -> bool,
    scores: impl Fn(&[&Answer]) -> Vec<f64>,
) -> Vec<SwapItem> {
    pairs(before, now)
        .map(|(mut answers, own)| {
            answers.retain(|answer| has(answer));
            let n_before = answers.len();
            answers.extend(own.iter().filter(|answer| has(answer)));
            SwapItem {
                scores: scores(&answers),
                n_new: answers.len() - n_before,
            }
        })
        .collect()
}
