//! The race for requirements on recorded outcomes: the cheapest model that is not worse than gpt-4o.
//!
//! In: recorded outcomes, the items of a golden set in random order. Out: what the race recommends and the shares of
//! calls and money that it took, the completion included. The race is the one that `bench` runs; its judge is the
//! short form of our decision (`family`), held over everybody who entered.

use trilemma_decide::preflight::strictest;
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

/// Races over a golden set.
pub(crate) fn race(recorded: &Recorded, items: &[usize], margin: f64) -> anyhow::Result<Raced> {
    let n_models = recorded.models.len();
    // The reference cannot be claimed falsely.
    let n_family = n_models - 1;
    let confidence = strictest(1.0 - ALPHA, n_family)
        .ok_or_else(|| anyhow::anyhow!("the level is outside (0, 1)"))?;
    let bar = Bar::NotWorse {
        reference: REFERENCE,
        allowed: Allowed::Points(margin),
        claim: Claim::OfSource(confidence),
    };
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
                let pair = (arm, REFERENCE);
                let seen = asked.get(arm).copied().unwrap_or(0);
                let seen = items.get(..seen).unwrap_or(items);
                let word = if arm == REFERENCE
                    || is_complete && shown(recorded, items, pair, (margin, confidence.alpha()))
                {
                    Word::Meets(known.get(arm).copied().flatten())
                } else if worse(recorded, seen, pair, (margin, ALPHA)) {
                    Word::Fails
                } else {
                    Word::Open
                };
                course.judged(word);
            }
            GateStep::Stop => break,
        }
    }
    // The reference is completed at the end.
    if let Some(n) = asked.get_mut(REFERENCE) {
        *n = items.len();
    }
    let spent = asked
        .iter()
        .zip(&prices)
        .map(|(n, price)| *n as f64 * price);
    let mut complete = course.complete().to_vec();
    complete.extend((!complete.contains(&REFERENCE)).then_some(REFERENCE));
    complete.sort_unstable();
    Ok(Raced {
        recommended: course.met(),
        complete,
        calls: asked.iter().sum::<usize>() as f64 / (n_models * items.len()) as f64,
        money: spent.sum::<f64>() / (prices.iter().sum::<f64>() * items.len() as f64),
    })
}
