//! Items with a common origin that no cluster tells.
//!
//! Metadata such as a conversation's id, shared by several items, says that they are not independent:
//! intervals computed as if they were come out too narrow.

use std::collections::BTreeMap;

use serde_json::Value;
use trilemma_domain::Item;

use super::finding::{Finding, FindingCode, Severity, count};

/// Ends of names of metadata that tell an origin, compared in lower case without `_`, `-` and spaces.
const ORIGINS: [&str; 20] = [
    "conversation",
    "conversationid",
    "session",
    "sessionid",
    "thread",
    "threadid",
    "document",
    "documentid",
    "docid",
    "passageid",
    "contextid",
    "articleid",
    "userid",
    "customerid",
    "patientid",
    "author",
    "sourceid",
    "sourceurl",
    "templateid",
    "groupid",
];

pub(crate) fn lint(items: &[Item]) -> Vec<Finding> {
    let mut keys: BTreeMap<&str, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
    for (idx, item) in items.iter().enumerate() {
        for (key, value) in &item.extras.metadata {
            if is_origin(key)
                && let Some(value) = simple(value)
            {
                keys.entry(key)
                    .or_default()
                    .entry(value)
                    .or_default()
                    .push(idx);
            }
        }
    }
    keys.into_iter()
        .filter_map(|(key, values)| finding(items, key, &values))
        .collect()
}

fn is_origin(key: &str) -> bool {
    let plain: String = key
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    ORIGINS.contains(&plain.as_str())
}

fn simple(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

fn finding(items: &[Item], key: &str, values: &BTreeMap<String, Vec<usize>>) -> Option<Finding> {
    if values.len() < 2 {
        return None;
    }
    let unclustered = |group: &&Vec<usize>| {
        let clusters: Vec<_> = group
            .iter()
            .filter_map(|&idx| items.get(idx))
            .map(|item| item.extras.cluster.as_deref())
            .collect();
        group.len() > 1
            && (clusters.contains(&None)
                || clusters.windows(2).any(|pair| pair.first() != pair.last()))
    };
    let mut shared: Vec<usize> = values
        .values()
        .filter(unclustered)
        .flatten()
        .copied()
        .collect();
    if shared.is_empty() {
        return None;
    }
    let groups = values.values().filter(unclustered).count();
    shared.sort_unstable();
    let message = format!(
        "{} share their `{key}` with others ({}), but no cluster",
        count(shared.len(), "item"),
        count(groups, "group")
    );
    Some(
        Finding::new(
            FindingCode::DependentItems,
            Severity::Warning,
            message,
            &format!("if they depend on each other, map it: columns = {{ cluster = \"{key}\" }}"),
        )
        .of(items, &shared),
    )
}
