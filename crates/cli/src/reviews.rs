//! What people said of a run's answers, as a decision takes it.

use std::collections::{BTreeMap, HashMap};

use trilemma_decide::review::{AnswerLabel, Reviews};
use trilemma_domain::{RunId, TrialKey};
use trilemma_store::Store;

/// Reads labels and strata of a run. `candidates` and `places` give the decision's positions of each candidate and
/// item of the run, `None` for those that are no part of it. Several people's words on one answer become the share who pass it.
pub(crate) fn reviews(
    store: &Store,
    run: &RunId,
    (candidates, places): (&[Option<u32>], &[Option<u32>]),
) -> anyhow::Result<Reviews> {
    let place = |item_idx: u32| {
        let place = places.get(item_idx as usize).copied().flatten();
        place.map(|place| place as usize)
    };
    let mut votes: BTreeMap<TrialKey, (u32, u32)> = BTreeMap::new();
    for label in store.labels(run)? {
        if let Some(passes) = label.word.passes() {
            let (n_pass, n) = votes.entry(label.key).or_default();
            *n_pass += u32::from(passes);
            *n += 1;
        }
    }
    let mut labels = Vec::new();
    for (key, (n_pass, n)) in votes {
        // Only the first repeat is shown to people.
        let candidate = candidates
            .get(key.candidate_idx as usize)
            .copied()
            .flatten();
        if let (Some(candidate), Some(item)) = (candidate, place(key.item_idx))
            && key.repeat == 0
        {
            labels.push(AnswerLabel {
                candidate: candidate as usize,
                item,
                passes: f64::from(n_pass) / f64::from(n),
            });
        }
    }
    let n_items = places
        .iter()
        .flatten()
        .max()
        .map_or(0, |last| *last as usize + 1);
    let mut strata: Vec<Option<usize>> = vec![None; n_items];
    let mut known: HashMap<String, usize> = HashMap::new();
    for item in store.review_items(run)? {
        let next = known.len();
        let stratum = *known.entry(item.stratum).or_insert(next);
        if let Some(slot) = place(item.item_idx).and_then(|idx| strata.get_mut(idx)) {
            *slot = Some(stratum);
        }
    }
    Ok(Reviews { strata, labels })
}
