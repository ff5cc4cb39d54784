//! The race for requirements on recorded outcomes: the cheapest model that is not worse than gpt-4o, or than the best.
//!
//! In: recorded outcomes, the items of a golden set in random order. Out: what the race recommends and the shares of
//! calls and money that it took, the completion included. The race is the one that `bench` runs; its judge is the
//! short form of our decision (`family`), held over everybody who entered.

use trilemma_decide::preflight::strictest;
use trilemma_stats::Confidence;
use trilemma_stats::race::{Allowed, Answer, Bar, Claim, GateCourse, GateStep, Word};

use super::family::{ALPHA, shown, worse};
use super::recorded::{Model, Recorded};

/// Position of gpt-4o.
pub(crate) const REFERENCE: usize = 0;

/// What a race came to.
pub(crate) struct Raced {
    /// The model to take.
    pub(crate) recommended: Option<usize>,
    /// Models that answered everything.
    pub(crate) complete: Vec<usize>,
    /// Share of the calls of a full run.
    pub(crate) calls: f64,
    /// Share of its money.
    pub(crate) money: f64,
}

/// Mean and 90th percentile of shares, in percent.
pub(crate) fn shares_text(shares: impl Iterator<Item = f64>) -> String {
    let mut all: Vec<f64> = shares.map(|share| 100.0 * share).collect();
    all.sort_by(f64::total_cmp);
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    let p90 = all.get(all.len() * 9 / 10).copied().unwrap_or(mean);
    format!("{mean:.1} ({p90:.1})")
}

/// Share of the error that a race against the best may spend on keeping it.
const LET_GO: f64 = 0.2;

/// Races over a golden set, against gpt-4o.
pub(crate) fn race(recorded: &Recorded, items: &[usize], margin: f64) -> anyhow::Result<Raced> {
    // The reference cannot be claimed falsely.
    let confidence = held(recorded.models.len() - 1, ALPHA)?;
    let bar = Bar::NotWorse {
        reference: REFERENCE,
        allowed: Allowed::Points(margin),
        claim: Claim::OfSource(confidence),
    };
    raced(recorded, items, (bar, margin), confidence.alpha())
}

/// Races over a golden set, against whichever is the best.
pub(crate) fn race_best(
    recorded: &Recorded,
    items: &[usize],
    margin: f64,
) -> anyhow::Result<Raced> {
    let confidence = held(recorded.models.len(), ALPHA * (1.0 - LET_GO))?;
    let bar = Bar::NotWorseThanBest {
        allowed: Allowed::Points(margin),
        claim: Claim::OfSource(confidence),
        let_go: ALPHA * LET_GO,
    };
    raced(recorded, items, (bar, margin), confidence.alpha())
}

fn held(n_family: usize, alpha: f64) -> anyhow::Result<Confidence> {
    strictest(1.0 - alpha, n_family).ok_or_else(|| anyhow::anyhow!("the level is outside (0, 1)"))
}

fn raced(
    recorded: &Recorded,
    items: &[usize],
    (bar, margin): (Bar, f64),
    alpha: f64,
) -> anyhow::Result<Raced> {
    let n_models = recorded.models.len();
    let prices: Vec<f64> = recorded.models.iter().map(Model::cost).collect();
    let known: Vec<Option<f64>> = prices.iter().copied().map(Some).collect();
    let size = (n_models, items.len());
    let mut course = GateCourse::new(size, (0..n_models).collect(), vec![bar])?;
    let mut asked = vec![0_usize; n_models];
    loop {
        match course.next_step()? {
            GateStep::Ask(queries) => {
                for query in queries {
                    if let Some(n) = asked.get_mut(query.arm) {
                        *n += 1;
                    }
                    let right = items.get(query.item).and_then(|item| {
                        let model = recorded.models.get(query.arm)?;
                        model.right.get(*item).copied()
                    });
                    let share = f64::from(u8::from(right == Some(true)));
                    course.answer(query, Answer::Passed(share));
                }
            }
            GateStep::Price => course.price(&known),
            GateStep::Judge { arm, is_complete } => {
                let others = course
                    .references()
                    .into_iter()
                    .filter(|other| *other != arm);
                let others: Vec<usize> = others.collect();
                let seen = asked.get(arm).copied().unwrap_or(0);
                let seen = items.get(..seen).unwrap_or(items);
                let holds = |other: &usize| shown(recorded, items, (arm, *other), (margin, alpha));
                let fails = |other: &usize| {
                    let level = ALPHA / others.len() as f64;
                    worse(recorded, seen, (arm, *other), (margin, level))
                };
                let word = if is_complete && others.iter().all(holds) {
                    Word::Meets(known.get(arm).copied().flatten())
                } else if others.iter().any(fails) {
                    Word::Fails
                } else {
                    Word::Open
                };
                course.judged(word);
            }
            GateStep::Stop => break,
        }
    }
    // Those that others are compared with are completed at the end.
    let references = course.references();
    for reference in &references {
        if let Some(n) = asked.get_mut(*reference) {
            *n = items.len();
        }
    }
    let spent = asked
        .iter()
        .zip(&prices)
        .map(|(n, price)| *n as f64 * price);
    let mut complete = course.complete().to_vec();
    complete.extend(references);
    complete.sort_unstable();
    complete.dedup();
    Ok(Raced {
        recommended: course.met(),
        complete,
        calls: asked.iter().sum::<usize>() as f64 / (n_models * items.len()) as f64,
        money: spent.sum::<f64>() / (prices.iter().sum::<f64>() * items.len() as f64),
    })
}
