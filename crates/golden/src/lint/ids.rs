//! Ids that will cause trouble: damaged by a spreadsheet, or easily mistaken for each other.

use std::collections::BTreeMap;

use trilemma_domain::Item;

use super::finding::{Finding, FindingCode, Severity, count};
use crate::problem::quote;

/// Longer ids are texts.
const MAX_ID_CHARS: usize = 128;

pub(crate) fn lint(items: &[Item]) -> Option<Finding> {
    let mut by_plain: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        *by_plain.entry(plain(item.id.as_str())).or_default() += 1;
    }
    let mut first = None;
    let mut found = Vec::new();
    for (idx, item) in items.iter().enumerate() {
        let id = item.id.as_str();
        let alike = by_plain.get(&plain(id)).is_some_and(|&number| number > 1);
        let reason =
            own_reason(id).or(alike.then_some("differs from another only in case or spaces"));
        if let Some(reason) = reason {
            first.get_or_insert_with(|| format!("{} {reason}", quote(id)));
            found.push(idx);
        }
    }
    let first = first?;
    let message = format!(
        "{} with a suspicious id; first {first}",
        count(found.len(), "item")
    );
    Some(
        Finding::new(
            FindingCode::SuspiciousIds,
            Severity::Warning,
            message,
            "results are joined by id; use short, plain names",
        )
        .of(items, &found),
    )
}

fn plain(id: &str) -> String {
    id.trim().to_lowercase()
}

fn own_reason(id: &str) -> Option<&'static str> {
    if id.trim() != id {
        Some("begins or ends with a space")
    } else if id.chars().any(char::is_control) {
        Some("holds control characters")
    } else if id.chars().count() > MAX_ID_CHARS {
        Some("is longer than 128 characters")
    } else if is_rounded_number(id) {
        Some("looks like a number that a spreadsheet has rounded")
    } else if matches!(
        id,
        "NaN" | "nan" | "null" | "None" | "undefined" | "#N/A" | "#REF!"
    ) {
        Some("stands for a missing value")
    } else {
        None
    }
}

/// `1.23E+15`, as spreadsheets write long numbers.
fn is_rounded_number(id: &str) -> bool {
    id.contains(['e', 'E']) && id.contains("+") && id.parse::<f64>().is_ok()
}
