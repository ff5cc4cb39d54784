//! Views of single items and groups of items: disagreements, and pass rates by tag.
//!
//! In: outcomes per item. Out: compact lists for reports. No verdict rests on them.

use std::collections::BTreeMap;

use trilemma_stats::Confidence;

use crate::evidence::Case;
use crate::measure::pass_rate;
use crate::result::{Disagreement, Disagreements, Outcome, Slice};
use crate::sample::{Column, Scenario};

/// Most tags that are shown: those with most items.
const MOST_TAGS: usize = 50;

/// Lists the items on which candidates disagree, the most contested first.
pub(crate) fn disagreements(case: &Case<'_>) -> Disagreements {
    let mut contested: Vec<(usize, usize)> = (0..case.design.n_items())
        .filter_map(|item| Some((item, contest(case, item)?)))
        .collect();
    contested.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let items = contested
        .iter()
        .take(Disagreements::MOST)
        .filter_map(|(item, _)| {
            Some(Disagreement {
                item_idx: *item,
                item: case.input.items.get(*item)?.id.clone(),
                outcomes: (0..case.candidates.len())
                    .map(|candidate| outcome(case, candidate, *item))
                    .collect(),
            })
        })
        .collect();
    Disagreements {
        n_items: contested.len(),
        items,
    }
}

/// How evenly an item splits candidates; `None` = it does not.
fn contest(case: &Case<'_>, item: usize) -> Option<usize> {
    let (mut passing, mut failing) = (0, 0);
    for candidate in 0..case.candidates.len() {
        match outcome(case, candidate, item) {
            Outcome::Pass => passing += 1,
            Outcome::Fail => failing += 1,
            Outcome::Mixed | Outcome::Missing => {}
        }
    }
    (passing > 0 && failing > 0).then(|| passing.min(failing))
}

fn outcome(case: &Case<'_>, candidate: usize, item: usize) -> Outcome {
    let share = case
        .candidates
        .get(candidate)
        .and_then(|candidate| candidate.column.items.get(item))
        .and_then(|cell| cell.share(Scenario::Observed));
    match share {
        None => Outcome::Missing,
        Some(share) if share >= 1.0 => Outcome::Pass,
        Some(share) if share <= 0.0 => Outcome::Fail,
        Some(_) => Outcome::Mixed,
    }
}

/// Pass rates of every candidate on the items of each tag.
pub(crate) fn slices(case: &Case<'_>) -> Vec<Slice> {
    let mut tagged: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (item, facts) in case.input.items.iter().enumerate() {
        for tag in &facts.tags {
            let items = tagged.entry(tag).or_default();
            // A tag written twice on one item still marks one item.
            if items.last() != Some(&item) {
                items.push(item);
            }
        }
    }
    let mut all: Vec<(&str, Vec<usize>)> = tagged.into_iter().collect();
    all.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(b.0)));
    all.truncate(MOST_TAGS);
    all.into_iter()
        .map(|(tag, items)| Slice {
            tag: tag.to_owned(),
            n_items: items.len(),
            pass_rates: case
                .candidates
                .iter()
                .map(|candidate| {
                    let column = only(&candidate.column, &items);
                    pass_rate(&case.design, &column, Scenario::Observed)?.figure(Confidence::P95)
                })
                .collect(),
        })
        .collect()
}

/// The column with all other items left out.
fn only(column: &Column, items: &[usize]) -> Column {
    let mut kept = Column {
        items: vec![crate::sample::ItemCell::default(); column.items.len()],
    };
    for item in items {
        if let (Some(slot), Some(cell)) = (kept.items.get_mut(*item), column.items.get(*item)) {
            *slot = *cell;
        }
    }
    kept
}
