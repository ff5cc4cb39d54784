//! Proposals as `[[candidates]]` tables to paste into a project file.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use trilemma_catalog::{Catalog, Proposal};
use trilemma_domain::Usd;

use super::why;
use crate::layout::one_line;

/// Writes one table per proposal, with the reasons as comments.
pub(crate) fn candidate_tables(catalog: &Catalog, proposals: &[Proposal]) -> String {
    let mut text = String::new();
    let mut names = BTreeSet::new();
    let mut addressless = BTreeSet::new();
    for proposal in proposals {
        let id = &proposal.id;
        if !text.is_empty() {
            text.push('\n');
        }
        let cost = proposal.cost.as_ref().map_or_else(
            || "price unknown".to_owned(),
            |cost| format!("about {} USD per query", rough(cost.high)),
        );
        for line in comment(&format!("{}: {}. {cost}", proposal.name, why(proposal))) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}");
        }
        let _ = writeln!(text, "[[candidates]]");
        // Two providers may serve a model under one name, and ids must differ.
        if !names.insert(id.model.clone()) {
            let _ = writeln!(
                text,
                "id = {}",
                quoted(&format!("{}-{}", id.model, id.provider))
            );
        }
        let _ = writeln!(text, "model = {}", quoted(&id.to_string()));
        let has_address = catalog
            .provider(&id.provider)
            .ok()
            .flatten()
            .is_some_and(|provider| provider.base_url.is_some());
        if !has_address {
            addressless.insert(id.provider.clone());
        }
    }
    for provider in addressless {
        let _ = write!(
            text,
            "\n# Where your servers for these models are:\n# [providers.{provider}]\n# base_url = \"http://localhost:8000/v1\"\n"
        );
    }
    text
}

/// An estimate in three significant digits.
pub(crate) fn rough(amount: Usd) -> String {
    let exact = amount.decimal();
    exact.round_sf(3).unwrap_or(exact).normalize().to_string()
}

/// Leaves out later proposals of the same name on the wire: ids of candidates must differ.
pub(crate) fn one_per_name(proposals: Vec<&Proposal>) -> Vec<&Proposal> {
    let mut names = BTreeSet::new();
    proposals
        .into_iter()
        .filter(|proposal| names.insert(proposal.id.model.clone()))
        .collect()
}

/// A TOML string.
pub(crate) fn quoted(text: &str) -> String {
    // Every JSON string is a TOML basic string, but for DEL.
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

/// Comment lines of at most about 100 characters.
fn comment(text: &str) -> Vec<String> {
    crate::layout::wrap(&one_line(text), 0, 96)
        .lines()
        .map(|line| format!("# {line}"))
        .collect()
}
