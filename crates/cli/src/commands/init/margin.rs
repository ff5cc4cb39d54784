//! The margin that a golden set's size can decide.
//!
//! It is the one that `check` and `golden lint` name ([`trilemma_golden::SizeGuide::proposed_margin`]): at
//! it a candidate as good as the best is shown to be "not worse" with a chance of 80 %, even where
//! candidates often disagree, and over all candidates of the project together. Starter items are not
//! what will be measured on: for them 5 points are proposed, with the number of items that they take.

use trilemma_decide::preflight::held;
use trilemma_golden::{Range, SizeGuide, items_for_margin, size_guide};
use trilemma_stats::Confidence;

use super::task::Items;

/// The margin to plan for where there are no items yet.
const STARTER_MARGIN: f64 = 0.05;
/// What [`STARTER_MARGIN`] takes is rounded up to a multiple of this.
const ITEMS_STEP: usize = 50;

/// A proposed margin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proposed {
    /// The margin, a share in (0, 1).
    pub(super) margin: f64,
    /// The items that it is for.
    pub(super) n_items: usize,
    comment: String,
}

impl Proposed {
    /// Proposes a margin for these items, on which `n_candidates` will be measured.
    pub(super) fn of(items: &Items, n_candidates: usize) -> Self {
        let held = held(Confidence::P95.level(), n_candidates).unwrap_or(Confidence::P95);
        let guide = size_guide(items.set.items(), None, held).ok();
        let own = guide.as_ref().and_then(SizeGuide::proposed_margin);
        match (own, &guide) {
            (Some(margin), Some(guide)) if !items.is_starter() => {
                Self::decidable(guide, margin, held)
            }
            _ => Self::planned(items, own, held),
        }
    }

    /// The margin that the items at hand decide.
    fn decidable(guide: &SizeGuide, margin: f64, held: Confidence) -> Self {
        let n_items = guide.n_items;
        let Range { low, high } = guide.detectable_difference;
        let (low, high) = (
            format!("{:.1}", low * 100.0),
            format!("{:.1}", high * 100.0),
        );
        let range = if low == high {
            low
        } else {
            format!("{low} to {high}")
        };
        let more = match items_for_margin(STARTER_MARGIN, held) {
            Ok(Range {
                low: Some(low),
                high: Some(high),
            }) if margin > STARTER_MARGIN => {
                format!(" A margin of 5 points takes {low} to {high} items.")
            }
            Ok(_) | Err(_) => String::new(),
        };
        Self {
            margin,
            n_items,
            comment: format!(
                "n = {n_items} items can decide a margin of {} points: with a chance of 80 % they show that a \
                 candidate as good as the best is not worse by more. Differences between candidates show from \
                 {range} points on.{more}",
                points(margin)
            ),
        }
    }

    /// A margin for the items that are still to come.
    fn planned(items: &Items, own: Option<f64>, held: Confidence) -> Self {
        let needed = items_for_margin(STARTER_MARGIN, held).ok();
        let needed = needed.and_then(|needed| needed.low.max(needed.high));
        let needed = needed.unwrap_or_default();
        let n_planned = needed.next_multiple_of(ITEMS_STEP);
        let what = if items.is_starter() { " starter" } else { "" };
        let own = own.map_or_else(
            || "no margin".to_owned(),
            |own| format!("no margin below {} points", points(own)),
        );
        Self {
            margin: STARTER_MARGIN,
            n_items: n_planned,
            comment: format!(
                "Planned for {n_planned} items of your own: so many show with a chance of 80 % that a candidate \
                 as good as the best is not worse by more than {} points. The {}{what} items can decide {own}, so \
                 verdicts on them stay undecided.",
                points(STARTER_MARGIN),
                items.set.len(),
            ),
        }
    }

    /// The margin as TOML writes it.
    pub(super) fn toml(&self) -> String {
        let text = format!("{:.3}", self.margin);
        text.trim_end_matches('0').to_owned()
    }

    /// The margin in words.
    pub(super) fn text(&self) -> String {
        format!(
            "{} points, decidable with {} items",
            points(self.margin),
            self.n_items
        )
    }

    /// What it rests on.
    pub(super) fn comment(&self) -> &str {
        &self.comment
    }
}

fn points(margin: f64) -> String {
    let text = format!("{:.1}", margin * 100.0);
    text.trim_end_matches(".0").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planned_for_is_within_the_usual_advice() {
        // Five candidates, one of them the best: 100 to 500 items is what people collect.
        let held = held(0.95, 5).unwrap();
        let needed = items_for_margin(STARTER_MARGIN, held).unwrap();
        assert!((250..=500).contains(&needed.high.unwrap()), "{needed:?}");
    }

    #[test]
    fn points_are_written_short() {
        assert_eq!(points(0.05), "5");
        assert_eq!(points(0.125), "12.5");
    }
}
