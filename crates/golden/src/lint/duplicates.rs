//! Items that ask the same, or nearly.
//!
//! Exact: equal input and tools. Near: see [`crate::near`]. Items of one cluster are known to depend on
//! each other, so that near-duplicates within one cluster are no finding.

use std::collections::BTreeMap;

use trilemma_domain::Item;

use super::finding::{Finding, FindingCode, Severity, count};
use crate::fingerprint::input_fingerprint;
use crate::near::near_duplicate_groups;
use crate::problem::quote;
use crate::text::{has_attachments, input_texts};

/// Groups of at least two positions.
pub(crate) struct Groups {
    exact: Vec<Vec<usize>>,
    near: Vec<Vec<usize>>,
}

impl Groups {
    pub(crate) fn find(items: &[Item]) -> Self {
        let mut by_input: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (idx, item) in items.iter().enumerate() {
            by_input
                .entry(input_fingerprint(item))
                .or_default()
                .push(idx);
        }
        let mut exact: Vec<_> = by_input
            .into_values()
            .filter(|group| group.len() > 1)
            .collect();
        exact.sort_unstable();
        let near = near_duplicate_groups(items.len(), &|idx, take| {
            // Two questions on two pictures can have one text.
            if let Some(item) = items.get(idx).filter(|item| !has_attachments(&item.input)) {
                input_texts(&item.input, take);
            }
        });
        Self { exact, near }
    }
}

pub(crate) fn lint(items: &[Item], groups: &Groups) -> Vec<Finding> {
    let differs = |group: &&Vec<usize>| {
        let mut members = group.iter().filter_map(|&idx| items.get(idx));
        let first = members.next();
        members.any(|item| Some(&item.expected) != first.map(|first| &first.expected))
    };
    let (contradictory, same): (Vec<_>, Vec<_>) = groups.exact.iter().partition(differs);
    let mut findings = Vec::new();
    findings.extend(finding(
        items,
        &contradictory,
        FindingCode::ContradictoryDuplicates,
        Severity::Error,
        (
            "ask the same but expect different answers",
            "decide which answer is right; where several are, list them in one item",
        ),
    ));
    findings.extend(finding(
        items,
        &same,
        FindingCode::ExactDuplicates,
        Severity::Warning,
        (
            "ask the same and expect the same",
            "keep one of each, with a larger weight if it is more frequent in production",
        ),
    ));
    let near: Vec<_> = groups
        .near
        .iter()
        .filter(|group| !one_cluster(items, group) && !is_exact(items, group))
        .collect();
    findings.extend(finding(
        items,
        &near,
        FindingCode::NearDuplicates,
        Severity::Warning,
        (
            "differ in little, so that they are not independent",
            "give each group a `cluster` of its own, or keep one of each",
        ),
    ));
    findings
}

fn one_cluster(items: &[Item], group: &[usize]) -> bool {
    let mut clusters = group
        .iter()
        .filter_map(|&idx| items.get(idx))
        .map(|item| item.extras.cluster.as_deref());
    match clusters.next() {
        Some(Some(first)) => clusters.all(|cluster| cluster == Some(first)),
        Some(None) | None => false,
    }
}

fn is_exact(items: &[Item], group: &[usize]) -> bool {
    let mut prints = group
        .iter()
        .filter_map(|&idx| items.get(idx))
        .map(input_fingerprint);
    let first = prints.next();
    prints.all(|print| Some(print) == first)
}

fn finding(
    items: &[Item],
    groups: &[&Vec<usize>],
    code: FindingCode,
    severity: Severity,
    (what, hint): (&str, &str),
) -> Option<Finding> {
    let first = groups.first()?;
    let names: Vec<_> = first
        .iter()
        .take(3)
        .filter_map(|&idx| items.get(idx))
        .map(|item| quote(item.id.as_str()))
        .collect();
    let positions: Vec<usize> = groups
        .iter()
        .flat_map(|group| group.iter().copied())
        .collect();
    let message = format!(
        "{} in {} {what}; first {}",
        count(positions.len(), "item"),
        count(groups.len(), "group"),
        names.join(", "),
    );
    Some(Finding::new(code, severity, message, hint).of(items, &positions))
}
