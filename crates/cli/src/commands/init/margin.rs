//! The margin that a golden set's size can decide.
//!
//! "Not worse than the best by m" is shown for equally good candidates with a chance of 80 % (one-sided,
//! 95 %) from m = (z_0.95 + z_0.80) sqrt(p / n) on, p the share of items on which two candidates disagree
//! ([`trilemma_golden::size_guide`] has range and source). The cautious end is proposed, rounded up to
//! half a point. Starter items are not what will be measured on: for them the margin of the advised
//! number of items is proposed, and said so.

use trilemma_golden::{Range, items_for_margin, size_guide};
use trilemma_stats::Confidence;

use super::task::Items;

/// The number of items that the starter margin is planned for: the middle of the advised 100 to 500.
const PLANNED_ITEMS: usize = 300;

/// A wider margin says nothing; a set that decides only such is planned anew, as starter items are.
const LARGEST_USEFUL: f64 = 0.25;

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
    pub(super) fn of(items: &Items) -> Self {
        let guide = size_guide(items.set.items(), None).ok();
        let own = guide
            .as_ref()
            .map_or(1.0, |guide| guide.decidable_margin.high);
        let n_items = items.set.len();
        if items.is_starter() || own > LARGEST_USEFUL {
            return Self::planned(
                n_items,
                own,
                if items.is_starter() { " starter" } else { "" },
            );
        }
        let margin = rounded(own);
        let shows = guide.map_or_else(String::new, |guide| {
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
            format!(" Differences between candidates show from {range} points on.")
        });
        let more = match items_for_margin(0.05) {
            Ok(needed) if margin > 0.05 => {
                format!(
                    " A margin of 5 points takes {} to {} items.",
                    needed.low, needed.high
                )
            }
            Ok(_) | Err(_) => String::new(),
        };
        Self {
            margin,
            n_items,
            comment: format!(
                "n = {n_items} items can decide a margin of {} points: with a chance of 80 % they show that a \
                 candidate as good as the best is not worse by more.{shows}{more}",
                points(margin)
            ),
        }
    }

    /// A margin for the items that are still to come.
    fn planned(n_items: usize, own: f64, what: &str) -> Self {
        let margin = rounded(decidable_by_planned());
        Self {
            margin,
            n_items: PLANNED_ITEMS,
            comment: format!(
                "Planned for {PLANNED_ITEMS} items of your own: so many show with a chance of 80 % that a candidate \
                 as good as the best is not worse by more than {} points. The {n_items}{what} items can decide no \
                 margin below {} points, so verdicts on them stay undecided.",
                points(margin),
                points((own * 200.0).ceil() / 200.0)
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

/// The cautious end for the planned number of independent items.
fn decidable_by_planned() -> f64 {
    let z =
        Confidence::P95.z_one_sided() + trilemma_stats::normal::quantile(trilemma_golden::POWER);
    z * (trilemma_golden::DISCORDANT_HIGH / PLANNED_ITEMS as f64).sqrt()
}

/// Rounds up to half a point; at least half a point.
fn rounded(margin: f64) -> f64 {
    ((margin * 200.0 - 1e-9).ceil() / 200.0).max(0.005)
}

fn points(margin: f64) -> String {
    let text = format!("{:.1}", margin * 100.0);
    text.trim_end_matches(".0").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_planned_margin_is_five_points() {
        // (1.644854 + 0.841621) sqrt(0.10 / 300) = 0.045397, up to the next half point.
        assert!((decidable_by_planned() - 0.045_397).abs() < 1e-5);
        assert!((rounded(decidable_by_planned()) - 0.05).abs() < 1e-12);
        let needed = items_for_margin(0.05).unwrap();
        assert!(needed.high <= PLANNED_ITEMS);
    }

    #[test]
    fn margins_are_rounded_up_and_kept_in_range() {
        assert!((rounded(0.05) - 0.05).abs() < 1e-12);
        assert!((rounded(0.0501) - 0.055).abs() < 1e-12);
        assert!((rounded(0.9) - 0.9).abs() < 1e-12);
        assert!((rounded(1e-9) - 0.005).abs() < 1e-12);
        assert_eq!(points(0.05), "5");
        assert_eq!(points(0.125), "12.5");
    }
}
