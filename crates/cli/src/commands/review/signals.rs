//! What scorers said of every item of a run, as far as drawing needs it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use trilemma_decide::review::{AnswerSignal, ItemSignal};
use trilemma_domain::{ObservedState, RunId, ScoredOutcome, TrialKey};
use trilemma_store::Store;

use crate::context::Context;
use crate::field;

/// Reads the scores of the first repeat of every item; of candidates that give labels nobody reviews anything.
pub(super) fn signals(
    context: &Context,
    (store, run): (&Store, &RunId),
) -> anyhow::Result<Vec<ItemSignal>> {
    let labels = field::labels(context, &store.manifest(run)?);
    let gives_labels = |key: TrialKey| labels.get(key.candidate_idx as usize) == Some(&true);
    let apart = judges_apart(store, run)?;
    let mut items: BTreeMap<u32, Vec<AnswerSignal>> = BTreeMap::new();
    store.observations(run, |seen| {
        if seen.key.repeat == 0
            && !gives_labels(seen.key)
            && let ObservedState::Scored { score, pass } = seen.state
        {
            items
                .entry(seen.key.item_idx)
                .or_default()
                .push(AnswerSignal {
                    score: score.value(),
                    pass,
                    judges_apart: apart.get(&seen.key).copied(),
                });
        }
        ControlFlow::Continue(())
    })?;
    Ok(items
        .into_iter()
        .map(|(item_idx, answers)| ItemSignal { item_idx, answers })
        .collect())
}

/// Largest difference between judges' scores of one answer, where two or more spoke.
fn judges_apart(store: &Store, run: &RunId) -> anyhow::Result<BTreeMap<TrialKey, f64>> {
    let mut ends: BTreeMap<TrialKey, (f64, f64, usize)> = BTreeMap::new();
    store.judge_words(run, |word| {
        if word.key.repeat == 0
            && word.seat.round == 0
            && let ScoredOutcome::Scored { score, .. } = word.grade
        {
            let value = score.value();
            let end = ends.entry(word.key).or_insert((value, value, 0));
            *end = (end.0.min(value), end.1.max(value), end.2 + 1);
        }
        ControlFlow::Continue(())
    })?;
    Ok(ends
        .into_iter()
        .filter(|(_, (_, _, n))| *n > 1)
        .map(|(key, (low, high, _))| (key, high - low))
        .collect())
}
