//! Items on which candidates disagree.
//!
//! In: outcomes per item. Out: a compact list for reports. No verdict rests on it.

use crate::evidence::Case;
use crate::result::{Disagreement, Disagreements, Outcome};
use crate::sample::Scenario;

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
