//! What can be said of each item alone: emptiness, weights, personal data.

use std::collections::BTreeMap;

use trilemma_domain::{Expected, Input, Item, Role};

use super::finding::{Finding, FindingCode, Severity, count};
use super::run::LintContext;
use crate::privacy::find_personal_data;
use crate::text;

pub(crate) fn lint(items: &[Item], context: &LintContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(empty_input(items));
    findings.extend(missing_expected(items, context.needs_expected));
    findings.extend(empty_expected(items));
    findings.extend(ends_with_answer(items));
    findings.extend(bad_weight(items));
    findings.extend(personal_data(items));
    findings
}

/// Positions of the items for which `holds`.
pub(crate) fn positions(items: &[Item], holds: impl Fn(&Item) -> bool) -> Vec<usize> {
    items
        .iter()
        .enumerate()
        .filter(|(_, item)| holds(item))
        .map(|(idx, _)| idx)
        .collect()
}

fn empty_input(items: &[Item]) -> Option<Finding> {
    let found = positions(items, |item| text::is_empty(&item.input));
    (!found.is_empty()).then(|| {
        let message = format!("{} with an empty input", count(found.len(), "item"));
        Finding::new(
            FindingCode::EmptyInput,
            Severity::Error,
            message,
            "remove them, or map the column that holds what is asked",
        )
        .of(items, &found)
    })
}

fn missing_expected(items: &[Item], needed: bool) -> Option<Finding> {
    let found = positions(items, |item| {
        item.expected.is_none() && (needed || item.extras.criteria.is_empty())
    });
    if found.is_empty() {
        return None;
    }
    let (severity, what) = if needed {
        (
            Severity::Error,
            "without an expected answer, which a scorer compares with",
        )
    } else {
        (
            Severity::Note,
            "with neither an expected answer nor criteria",
        )
    };
    Some(
        Finding::new(
            FindingCode::MissingExpected,
            severity,
            format!("{} {what}", count(found.len(), "item")),
            "label them, remove them, or score with a judge",
        )
        .of(items, &found),
    )
}

fn empty_expected(items: &[Item]) -> Option<Finding> {
    let found = positions(items, |item| match &item.expected {
        Some(Expected::Text(text)) => text.trim().is_empty(),
        Some(Expected::List(texts)) => texts.is_empty(),
        Some(Expected::Json(_) | Expected::ToolCalls(_)) | None => false,
    });
    (!found.is_empty()).then(|| {
        let message = format!(
            "{} whose expected answer is empty",
            count(found.len(), "item")
        );
        Finding::new(
            FindingCode::EmptyExpected,
            Severity::Warning,
            message,
            "leave `expected` out where it is not known; keep it only where no answer is right",
        )
        .of(items, &found)
    })
}

fn ends_with_answer(items: &[Item]) -> Option<Finding> {
    let found = positions(items, |item| match &item.input {
        Input::Text(_) => false,
        Input::Messages(messages) => messages
            .last()
            .is_some_and(|message| message.role == Role::Assistant),
    });
    (!found.is_empty()).then(|| {
        let message = format!(
            "{} whose conversation ends with a message of the model",
            count(found.len(), "item")
        );
        Finding::new(
            FindingCode::EndsWithAnswer,
            Severity::Warning,
            message,
            "move the last message to `expected`, unless the model is to continue it",
        )
        .of(items, &found)
    })
}

fn bad_weight(items: &[Item]) -> Option<Finding> {
    let found = positions(items, |item| {
        !(item.weight > 0.0 && item.weight.is_finite())
    });
    (!found.is_empty()).then(|| {
        let message = format!(
            "{} whose weight is not above zero",
            count(found.len(), "item")
        );
        Finding::new(
            FindingCode::BadWeight,
            Severity::Error,
            message,
            "remove items that should not count; 1 is the usual weight",
        )
        .of(items, &found)
    })
}

fn personal_data(items: &[Item]) -> Option<Finding> {
    let mut kinds: BTreeMap<_, usize> = BTreeMap::new();
    let found: Vec<usize> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| {
            let mut here = Vec::new();
            text::input_texts(&item.input, &mut |text| {
                here.extend(find_personal_data(text).into_iter().map(|place| place.kind));
            });
            here.sort_unstable();
            here.dedup();
            for kind in &here {
                *kinds.entry(*kind).or_default() += 1;
            }
            !here.is_empty()
        })
        .map(|(idx, _)| idx)
        .collect();
    (!found.is_empty()).then(|| {
        let kinds: Vec<_> = kinds
            .iter()
            .map(|(kind, number)| format!("{} in {number}", kind.name()))
            .collect();
        let message = format!(
            "{} with likely personal data or secrets ({})",
            count(found.len(), "item"),
            kinds.join(", ")
        );
        Finding::new(
            FindingCode::PersonalData,
            Severity::Note,
            message,
            "each candidate's vendor receives the inputs; replace what must not leave",
        )
        .of(items, &found)
    })
}
