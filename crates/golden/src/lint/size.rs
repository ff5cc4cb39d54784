//! Whether there are enough items for what is asked of them.
//!
//! The usual advice of 100 to 500 items is not a rule of its own: it is where differences of 9 to 3
//! points become visible (see [`crate::size`]). Figures, not the advice, decide here.

use trilemma_domain::Item;
use trilemma_stats::Confidence;

use super::finding::{Finding, FindingCode, Severity};
use super::run::LintContext;
use crate::size::{Range, SizeGuide, items_for_margin, size_guide};

/// Below this many items differences of less than about ten points stay invisible.
const FEWEST: usize = 100;

/// A weighted set that counts for less than this share of its items is called uneven.
const UNEVEN: f64 = 0.5;

pub(crate) fn lint(items: &[Item], context: &LintContext<'_>) -> Vec<Finding> {
    let held = context.held;
    let Ok(guide) = size_guide(items, context.margin, held) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    findings.extend(too_few(&guide, held));
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

fn too_few(guide: &SizeGuide, held: Confidence) -> Option<Finding> {
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
        let has = |n: usize, needed: Option<usize>| needed.is_some_and(|needed| n >= needed);
        let (rarely, often) = (has(guide.n_weighted, needed.low), has(n_least, needed.high));
        if rarely && often {
            return None;
        }
        let is_hopeless = !rarely && !often;
        let severity = if is_hopeless {
            Severity::Warning
        } else {
            Severity::Note
        };
        let hint = guide.proposed_margin().map_or_else(
            || "add items: so few decide no margin that is worth the name".to_owned(),
            |margin| format!("add items, or allow a margin of {} points", whole(margin)),
        );
        return Some(Finding::new(
            FindingCode::TooFewItems,
            severity,
            format!(
                "{shows}; \"not worse by {} points\" takes {}",
                whole(margin),
                needed_text(needed)
            ),
            &hint,
        ));
    }
    if n_least >= FEWEST {
        return None;
    }
    let five = items_for_margin(0.05, held).ok()?;
    Some(Finding::new(
        FindingCode::TooFewItems,
        Severity::Warning,
        shows,
        &format!(
            "collect 100 to 500: a margin of 5 points takes {}",
            needed_text(five)
        ),
    ))
}

/// Items, as few and as many as it may take.
fn needed_text(needed: Range<Option<usize>>) -> String {
    match (needed.low, needed.high) {
        (Some(rarely), Some(often)) => {
            let (few, many) = (rarely.min(often), rarely.max(often));
            format!("{few} to {many}")
        }
        (Some(few), None) | (None, Some(few)) => format!("{few} to more than ten million"),
        (None, None) => "more than ten million".to_owned(),
    }
}

/// Points without a useless `.0`.
fn whole(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    text.trim_end_matches(".0").to_owned()
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
