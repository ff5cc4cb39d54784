//! Whether there are enough items for what is asked of them.
//!
//! The usual advice of 100 to 500 items is not a rule of its own: it is where differences of 9 to 3
//! points become visible (see [`crate::size`]). Figures, not the advice, decide here.

use trilemma_domain::Item;

use super::finding::{Finding, FindingCode, Severity};
use crate::size::{SizeGuide, items_for_margin, size_guide};

/// Below this many items differences of less than about ten points stay invisible.
const FEWEST: usize = 100;

/// A weighted set that counts for less than this share of its items is called uneven.
const UNEVEN: f64 = 0.5;

pub(crate) fn lint(items: &[Item], margin: Option<f64>) -> Vec<Finding> {
    let Ok(guide) = size_guide(items, margin) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    findings.extend(too_few(&guide));
    if (guide.n_weighted as f64) < UNEVEN * guide.n_items as f64 {
        findings.push(Finding::new(
            FindingCode::UnevenWeights,
            Severity::Note,
            format!(
                "unequal weights make {} items count for {}",
                guide.n_items, guide.n_weighted
            ),
            "add items of the kinds that weigh much",
        ));
    }
    findings
}

fn too_few(guide: &SizeGuide) -> Option<Finding> {
    let shows = format!(
        "{} can show differences from about {} points on (80 % chance)",
        counted(guide),
        points(
            guide.detectable_difference.low,
            guide.detectable_difference.high
        ),
    );
    let n_least = guide.n_weighted.min(guide.n_clusters);
    if let Some((margin, needed)) = guide.needed {
        if n_least >= needed.high {
            return None;
        }
        let severity = if guide.n_weighted < needed.low {
            Severity::Warning
        } else {
            Severity::Note
        };
        return Some(Finding::new(
            FindingCode::TooFewItems,
            severity,
            format!(
                "{shows}; \"not worse by {:.1} points\" takes {} to {}",
                margin * 100.0,
                needed.low,
                needed.high
            ),
            &format!(
                "add items, or allow a margin of {} points",
                points(guide.decidable_margin.low, guide.decidable_margin.high)
            ),
        ));
    }
    if n_least >= FEWEST {
        return None;
    }
    let five = items_for_margin(0.05).ok()?;
    Some(Finding::new(
        FindingCode::TooFewItems,
        Severity::Warning,
        shows,
        &format!(
            "collect 100 to 500: a margin of 5 points takes {} to {}",
            five.low, five.high
        ),
    ))
}

fn counted(guide: &SizeGuide) -> String {
    if guide.n_clusters < guide.n_items {
        format!("{} items in {} clusters", guide.n_items, guide.n_clusters)
    } else {
        super::finding::count(guide.n_items, "item")
    }
}

fn points(low: f64, high: f64) -> String {
    let (low, high) = (
        format!("{:.1}", low * 100.0),
        format!("{:.1}", high * 100.0),
    );
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}
