//! Pass rates by tag, and where the chosen candidate is worse.
//!
//! In: outcomes per item, tags, the choice. Out: one [`Slice`] per tag, those with most items first. The
//! chosen candidate is compared with the incumbent, or else with the best, on each tag of at least ten
//! common items: Tango at difference 0, one-sided, Holm over all tags; intervals at a level shared over
//! all tags. No verdict rests on it: a candidate may be right on the whole and wrong for one kind of
//! request, which a person has to weigh.

use std::collections::BTreeMap;

use trilemma_stats::multiplicity::holm;
use trilemma_stats::{Confidence, normal};

use crate::evidence::Case;
use crate::figure::tidy;
use crate::measure::pass_rate;
use crate::rate::Paired;
use crate::result::{Conclusion, Slice, SliceComparison};
use crate::sample::{Column, Scenario};

/// Most tags that are looked at: those with most items.
const MOST_TAGS: usize = 50;
/// Fewest common items on which a tag is compared.
const FEWEST_ITEMS: usize = 10;
/// Error over all tags together.
const ALPHA: f64 = 0.05;

/// Pass rates of every candidate on the items of each tag.
pub(crate) fn slices(case: &Case<'_>, conclusion: &Conclusion, best: Option<usize>) -> Vec<Slice> {
    let tagged = tagged(case);
    let mut slices: Vec<Slice> = tagged
        .iter()
        .map(|(tag, items)| Slice {
            tag: (*tag).to_owned(),
            n_items: items.len(),
            pass_rates: case
                .candidates
                .iter()
                .map(|candidate| {
                    let column = only(&candidate.column, items);
                    pass_rate(&case.design, &column, Scenario::Observed)?.figure(Confidence::P95)
                })
                .collect(),
            versus: None,
        })
        .collect();
    if let Some((chosen, other)) = pair(case, conclusion, best) {
        let compared: Vec<Option<Paired>> = tagged
            .iter()
            .map(|(_, items)| paired(case, (chosen, other), items))
            .collect();
        for (slice, versus) in slices.iter_mut().zip(versus(case, other, &compared)) {
            slice.versus = versus;
        }
    }
    slices
}

/// The items of each tag.
fn tagged<'a>(case: &'a Case<'_>) -> Vec<(&'a str, Vec<usize>)> {
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
    all
}

/// The chosen candidate and the one it is compared with.
fn pair(case: &Case<'_>, conclusion: &Conclusion, best: Option<usize>) -> Option<(usize, usize)> {
    let chosen = match conclusion {
        Conclusion::Decided { recommended, .. } => *recommended,
        Conclusion::Undecided { provisional, .. } => (*provisional)?,
        Conclusion::NoCandidate { .. } => return None,
    };
    let other = [case.input.incumbent, best]
        .into_iter()
        .flatten()
        .find(|other| *other != chosen)?;
    Some((chosen, other))
}

fn paired(case: &Case<'_>, (chosen, other): (usize, usize), items: &[usize]) -> Option<Paired> {
    let column = |idx: usize| Some(only(&case.candidates.get(idx)?.column, items));
    Paired::of(
        &case.design,
        &column(chosen)?,
        &column(other)?,
        Scenario::Observed,
    )
    .filter(|paired| paired.n >= FEWEST_ITEMS)
}

fn versus(
    case: &Case<'_>,
    other: usize,
    compared: &[Option<Paired>],
) -> Vec<Option<SliceComparison>> {
    let p_values: Vec<f64> = compared
        .iter()
        .flatten()
        .map(|paired| normal::upper_tail(paired.z_worse(0.0)).clamp(0.0, 1.0))
        .collect();
    let shared = Confidence::P95.shared_over(p_values.len());
    let mut adjusted = holm(&p_values).unwrap_or_default().into_iter();
    compared
        .iter()
        .map(|paired| {
            let (paired, p_value) = (paired.as_ref()?, adjusted.next()?);
            Some(SliceComparison {
                with: other,
                with_id: case.name(other).into(),
                difference: paired.figure(shared)?,
                p_value: tidy(p_value)?,
                worse: p_value <= ALPHA && paired.difference < 0.0,
            })
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
