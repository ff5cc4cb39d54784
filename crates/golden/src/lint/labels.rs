//! Labels and tags: balance, spelling, and whether there are enough of each.
//!
//! Labels are the expected texts of a classification task. A share alone does not make a task easy; it
//! says what a constant answer would score, beside which every pass rate has to be read.

use std::collections::BTreeMap;

use trilemma_domain::{Expected, Item, TaskKind};
use trilemma_stats::Confidence;
use trilemma_stats::proportion::{Count, wilson};

use super::finding::{Finding, FindingCode, Severity};
use crate::problem::quote;

/// From this share of the most frequent label on, the set is called unbalanced.
const IMBALANCE: f64 = 0.8;
/// Below this many items nothing useful can be said about a label or tag.
const MIN_GROUP: usize = 20;
/// At most this many names are shown.
const MAX_SHOWN: usize = 8;

type Counted<'a> = BTreeMap<&'a str, Vec<usize>>;

pub(crate) fn lint(items: &[Item], task: Option<TaskKind>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if task == Some(TaskKind::Classification) {
        let mut labels = Counted::new();
        for (idx, item) in items.iter().enumerate() {
            if let Some(Expected::Text(label)) = &item.expected {
                labels.entry(label).or_default().push(idx);
            }
        }
        findings.extend(imbalance(items, &labels));
        findings.extend(variants(items, &labels));
        findings.extend(rare(items, &labels, FindingCode::RareLabels));
    }
    let mut tags = Counted::new();
    for (idx, item) in items.iter().enumerate() {
        for tag in &item.extras.tags {
            tags.entry(tag).or_default().push(idx);
        }
    }
    findings.extend(rare(items, &tags, FindingCode::RareTags));
    findings
}

fn imbalance(items: &[Item], labels: &Counted<'_>) -> Option<Finding> {
    let total: usize = labels.values().map(Vec::len).sum();
    let (label, members) = labels.iter().max_by_key(|(_, members)| members.len())?;
    let share = members.len() as f64 / total as f64;
    if share < IMBALANCE || total < 2 {
        return None;
    }
    let message = if labels.len() == 1 {
        format!("every item has the label {}", quote(label))
    } else {
        format!(
            "{} of {total} items have the label {}: a constant answer scores {:.0} %",
            members.len(),
            quote(label),
            share * 100.0
        )
    };
    Some(
        Finding::new(
            FindingCode::LabelImbalance,
            Severity::Warning,
            message,
            "add items of the other labels, or weight them as they matter in production",
        )
        .of(items, members),
    )
}

fn variants(items: &[Item], labels: &Counted<'_>) -> Option<Finding> {
    let mut by_plain: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for label in labels.keys() {
        by_plain.entry(plain(label)).or_default().push(label);
    }
    let groups: Vec<&Vec<&str>> = by_plain.values().filter(|names| names.len() > 1).collect();
    let first = groups.first()?;
    let shown: Vec<_> = first
        .iter()
        .take(MAX_SHOWN)
        .map(|label| quote(label))
        .collect();
    let mut positions: Vec<usize> = groups
        .iter()
        .flat_map(|names| names.iter())
        .filter_map(|label| labels.get(label))
        .flatten()
        .copied()
        .collect();
    positions.sort_unstable();
    let message = format!(
        "{} of the labels written in more than one way; first {}",
        groups.len(),
        shown.join(", ")
    );
    Some(
        Finding::new(
            FindingCode::LabelVariants,
            Severity::Warning,
            message,
            "write each label in one way, or use a scorer that normalises",
        )
        .of(items, &positions),
    )
}

/// Letters and digits in lower case, so that `Refund request`, `refund_request` are one.
fn plain(label: &str) -> String {
    let kept: String = label
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    if kept.is_empty() {
        label.to_owned()
    } else {
        kept
    }
}

fn rare(items: &[Item], groups: &Counted<'_>, code: FindingCode) -> Option<Finding> {
    let rare: Vec<_> = groups
        .iter()
        .filter(|(_, members)| members.len() < MIN_GROUP)
        .collect();
    // Where everything is rare, the set itself is too small, which another finding says; names that
    // occur once each are free text and no slices.
    if rare.is_empty() || items.len() < 2 * MIN_GROUP || groups.len() > items.len() / 2 {
        return None;
    }
    let mut shown: Vec<_> = rare
        .iter()
        .take(MAX_SHOWN)
        .map(|(name, members)| format!("{} ({})", quote(name), members.len()))
        .collect();
    if rare.len() > MAX_SHOWN {
        shown.push(format!("{} more", rare.len() - MAX_SHOWN));
    }
    let what = if code == FindingCode::RareTags {
        "tag"
    } else {
        "label"
    };
    let message = format!(
        "{} of the {what}s with fewer than {MIN_GROUP} items: {}",
        rare.len(),
        shown.join(", ")
    );
    let mut positions: Vec<usize> = rare
        .iter()
        .flat_map(|(_, members)| members.iter().copied())
        .collect();
    positions.sort_unstable();
    positions.dedup();
    Some(
        Finding::new(
            code,
            Severity::Note,
            message,
            &format!(
                "with {MIN_GROUP} items a pass rate is known to about ± {:.0} points; add items, or read these with care",
                half_width(MIN_GROUP) * 100.0
            ),
        )
        .of(items, &positions),
    )
}

/// Half the width of the Wilson interval at a pass rate of one half; 1 where there is none.
fn half_width(n: usize) -> f64 {
    Count::new(n / 2, n).map_or(1.0, |count| wilson(count, Confidence::P95).width() / 2.0)
}
