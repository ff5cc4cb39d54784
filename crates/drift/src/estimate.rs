//! How large a change is: item by item, between the rounds before it and those since.
//!
//! In: rounds in order, and the first one since. Out: figures with their 95 % intervals. They are about the
//! items of the canary; that only checks with an alarm are looked at makes them look larger than they are.

use trilemma_domain::{DriftChannel, DriftFigure, DriftUnit};
use trilemma_stats::Confidence;
use trilemma_stats::change::similarity;
use trilemma_stats::mean::mean_t;

use crate::look::pairs;
use crate::round::{Answer, Round};
use crate::tokens::distance;

/// A change as it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimated {
    pub(crate) change: DriftFigure,
    pub(crate) before_and_since: (f64, f64),
}

/// How a channel's change is counted.
pub(crate) fn unit(channel: DriftChannel) -> DriftUnit {
    match channel {
        DriftChannel::Quality
        | DriftChannel::Pooled
        | DriftChannel::Refusals
        | DriftChannel::Malformed => DriftUnit::Share,
        DriftChannel::Length => DriftUnit::Ratio,
        DriftChannel::Answers => DriftUnit::Similarity,
        DriftChannel::Logprobs => DriftUnit::Nats,
    }
}

/// The change of a channel; `None` = nothing to compare.
pub(crate) fn estimate(
    channel: DriftChannel,
    (before, since): (&[Round], &Round),
) -> Option<Estimated> {
    match channel {
        DriftChannel::Quality | DriftChannel::Pooled => {
            shares(before, since, |answer| answer.passes)
        }
        DriftChannel::Refusals => shares(before, since, |answer| Some(answer.refused)),
        DriftChannel::Malformed => shares(before, since, |answer| Some(answer.malformed)),
        DriftChannel::Length => {
            let logs = |answers: &[&Answer]| mean(answers.iter().map(|one| one.log_length));
            let each: Vec<(f64, f64)> = pairs(before, since)
                .filter_map(|(earlier, own)| {
                    let own: Vec<&Answer> = own.iter().collect();
                    Some((logs(&earlier)?, logs(&own)?))
                })
                .collect();
            let ratio = ratio(&each.iter().map(|(a, b)| b - a).collect::<Vec<_>>())?;
            let both = (
                mean(each.iter().map(|e| e.0))?,
                mean(each.iter().map(|e| e.1))?,
            );
            Some(Estimated {
                change: ratio,
                before_and_since: (both.0.exp_m1(), both.1.exp_m1()),
            })
        }
        DriftChannel::Answers => likeness(
            (before, since),
            |_| true,
            |one, other| similarity(&one.symbols, &other.symbols),
        )
        .map(|estimated| within_one(&estimated)),
        DriftChannel::Logprobs => likeness(
            (before, since),
            |answer| !answer.first_tokens.is_empty(),
            |one, other| distance(&one.first_tokens, &other.first_tokens),
        ),
    }
}

/// Response times now over those before, item by item; `None` = no times.
pub(crate) fn latency(before: &[Round], now: &Round) -> Option<DriftFigure> {
    let logs = |answers: &[&Answer]| {
        let times = answers
            .iter()
            .filter_map(|one| one.e2e_us)
            .filter(|us| *us > 0);
        mean(times.map(|us| (us as f64).ln()))
    };
    let each: Vec<f64> = pairs(before, now)
        .filter_map(|(earlier, own)| {
            let own: Vec<&Answer> = own.iter().collect();
            Some(logs(&own)? - logs(&earlier)?)
        })
        .collect();
    ratio(&each)
}

/// Difference of shares: `mean over items of (share since - share before)`.
///
/// Its variance sums those of the items, `p(1-p)(1/n_before + 1/n_since)` with `p = (yes + 1/2) / (n + 1)`
/// over both sides: items stay the same, only answers vary.
fn shares(
    before: &[Round],
    since: &Round,
    yes: impl Fn(&Answer) -> Option<bool>,
) -> Option<Estimated> {
    let (mut then, mut now, mut variance, mut n) = (0.0, 0.0, 0.0, 0_usize);
    for (earlier, own) in pairs(before, since) {
        let count = |answers: &mut dyn Iterator<Item = bool>| {
            answers.fold((0.0, 0.0), |(n, k), is| {
                (n + 1.0, k + f64::from(u8::from(is)))
            })
        };
        let (n_before, k_before) = count(&mut earlier.iter().filter_map(|one| yes(one)));
        let (n_since, k_since) = count(&mut own.iter().filter_map(&yes));
        if n_before == 0.0 || n_since == 0.0 {
            continue;
        }
        let share = (k_before + k_since + 0.5) / (n_before + n_since + 1.0);
        then += k_before / n_before;
        now += k_since / n_since;
        variance += share * (1.0 - share) * (1.0 / n_before + 1.0 / n_since);
        n += 1;
    }
    let items = n as f64;
    (n > 0).then(|| {
        let (then, now) = (then / items, now / items);
        let half = Confidence::P95.z_two_sided() * variance.sqrt() / items;
        let value = now - then;
        Estimated {
            change: DriftFigure {
                value,
                low: Some((value - half).max(-1.0)),
                high: Some((value + half).min(1.0)),
                n,
            },
            before_and_since: (then, now),
        }
    })
}

/// How like each other earlier answers are in terms of `compare`, and how like them those since are; over
/// answers that have what is compared.
fn likeness(
    (before, since): (&[Round], &Round),
    has: impl Fn(&Answer) -> bool,
    compare: impl Fn(&Answer, &Answer) -> f64,
) -> Option<Estimated> {
    /// Earlier answers to one item that are compared for this figure.
    const MOST: usize = 10;
    let each: Vec<(f64, f64)> = pairs(before, since)
        .filter_map(|(earlier, own)| {
            let earlier = earlier.into_iter().filter(|one| has(one));
            let earlier: Vec<&Answer> = earlier.take(MOST).collect();
            let among = earlier.iter().enumerate().flat_map(|(idx, one)| {
                let rest = earlier.iter().skip(idx + 1);
                rest.map(|other| compare(one, other))
            });
            let own = own.iter().filter(|one| has(one));
            let across = own.flat_map(|one| earlier.iter().map(|other| compare(one, other)));
            Some((mean(among)?, mean(across)?))
        })
        .collect();
    let differences: Vec<f64> = each.iter().map(|(among, across)| across - among).collect();
    Some(Estimated {
        change: spread(&differences)?,
        before_and_since: (
            mean(each.iter().map(|e| e.0))?,
            mean(each.iter().map(|e| e.1))?,
        ),
    })
}

/// The same with its interval within what a difference of similarities can be.
fn within_one(estimated: &Estimated) -> Estimated {
    let change = estimated.change;
    Estimated {
        change: DriftFigure {
            low: change.low.map(|low| low.max(-1.0)),
            high: change.high.map(|high| high.min(1.0)),
            ..change
        },
        ..*estimated
    }
}

/// `exp` of the mean of differences of logarithms, with its t interval over items.
fn ratio(differences: &[f64]) -> Option<DriftFigure> {
    let change = spread(differences)?;
    Some(DriftFigure {
        value: change.value.exp(),
        low: change.low.map(f64::exp),
        high: change.high.map(f64::exp),
        n: change.n,
    })
}

/// The mean over items with its t interval; no interval where all are equal or there is one only.
fn spread(values: &[f64]) -> Option<DriftFigure> {
    let estimate = mean_t(values, Confidence::P95).ok();
    Some(DriftFigure {
        value: mean(values.iter().copied())?,
        low: estimate.as_ref().map(|one| one.low),
        high: estimate.as_ref().map(|one| one.high),
        n: values.len(),
    })
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    (n > 0.0).then(|| sum / n)
}
