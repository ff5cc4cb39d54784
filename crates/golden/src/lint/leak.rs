//! Expected answers that stand in the input.
//!
//! Two signs: the answer follows a word such as "answer:" or "label =", whatever its length; or a long
//! answer stands in the input word for word. The second says nothing where answers are taken from the
//! input by nature (extraction, retrieval, tool use) or may be choices among those offered. A sign that
//! stands just so in items with other answers comes from common instructions and does not count.

use trilemma_domain::{Expected, Item, TaskKind};

use super::finding::{Finding, FindingCode, Severity, count};
use super::plain::positions;
use crate::text::input_texts;

/// Shorter answers occur in inputs by chance.
const MIN_COPIED_CHARS: usize = 24;

/// This many other items are looked at to tell a leak from an instruction.
const OTHERS: usize = 8;

/// Words after which an answer is given away.
const MARKERS: [&str; 12] = [
    "answer",
    "label",
    "expected",
    "ideal",
    "solution",
    "ground truth",
    "gold",
    "correct",
    "target",
    "category",
    "antwort",
    "output",
];

pub(crate) fn lint(items: &[Item], task: Option<TaskKind>) -> Option<Finding> {
    let copies_count = match task {
        Some(
            TaskKind::Extraction | TaskKind::Rag | TaskKind::ToolUse | TaskKind::Classification,
        ) => false,
        Some(
            TaskKind::Generation
            | TaskKind::Summarization
            | TaskKind::Reasoning
            | TaskKind::Code
            | TaskKind::Other,
        )
        | None => true,
    };
    let mut found = positions(items, |item| {
        answer(item).is_some_and(|answer| holds(item, &answer, copies_count))
    });
    found.retain(|&idx| !is_instruction(items, idx, copies_count));
    (!found.is_empty()).then(|| {
        let message = format!(
            "{} whose expected answer stands in the input",
            count(found.len(), "item")
        );
        Finding::new(
            FindingCode::AnswerInInput,
            Severity::Warning,
            message,
            "take the answer out of the input, or candidates only have to copy it",
        )
        .of(items, &found)
    })
}

/// The expected text, made plain; `None` where there is none.
fn answer(item: &Item) -> Option<String> {
    match &item.expected {
        Some(Expected::Text(answer)) => Some(plain(answer)).filter(|answer| !answer.is_empty()),
        Some(Expected::List(_) | Expected::Json(_) | Expected::ToolCalls(_)) | None => None,
    }
}

/// Whether the input of an item gives `answer` away.
fn holds(item: &Item, answer: &str, copies_count: bool) -> bool {
    let copied = copies_count && answer.chars().count() >= MIN_COPIED_CHARS;
    let mut leaks = false;
    input_texts(&item.input, &mut |text| {
        let text = plain(text);
        leaks |= (copied && text.contains(answer)) || given_away(&text, answer);
    });
    leaks
}

/// Whether most of some other items, though with other answers, hold this item's answer as well.
fn is_instruction(items: &[Item], idx: usize, copies_count: bool) -> bool {
    let Some((item, answer)) = items.get(idx).and_then(|item| Some((item, answer(item)?))) else {
        return false;
    };
    let others: Vec<&Item> = items
        .iter()
        .cycle()
        .skip(idx + 1)
        .take(items.len() - 1)
        .filter(|other| other.expected != item.expected)
        .take(OTHERS)
        .collect();
    let alike = others
        .iter()
        .filter(|other| holds(other, &answer, copies_count))
        .count();
    2 * alike > others.len()
}

/// Lower case, white space collapsed.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

/// Whether some marker is followed by `:`, `=` or `is`, and then by the whole answer.
fn given_away(text: &str, answer: &str) -> bool {
    MARKERS.iter().any(|marker| {
        text.match_indices(marker).any(|(at, _)| {
            let rest = text.get(at + marker.len()..).unwrap_or_default();
            // `"answer": "42"` and `**Answer:** 42` as well as `answer: 42`.
            let rest = rest.trim_start_matches(['"', '\'', '*', '`', ' ']);
            let Some(rest) = [":", "=", "is "]
                .iter()
                .find_map(|sign| rest.strip_prefix(sign))
            else {
                return false;
            };
            let rest = rest.trim_start_matches(['"', '\'', '*', '`', ' ', '(', '[']);
            rest.strip_prefix(answer).is_some_and(|after| {
                // A list of choices or a placeholder is not the answer.
                let ends = !after.starts_with(|c: char| c.is_alphanumeric());
                let choice = after.trim_start().starts_with(['|', '/', ',']);
                let decimal = after
                    .strip_prefix('.')
                    .is_some_and(|more| more.starts_with(|c: char| c.is_ascii_digit()));
                ends && !choice && !decimal
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_after_markers_are_seen() {
        for (text, answer, wanted) in [
            ("q: 2+2? answer: 4", "4", true),
            ("{\"question\": \"x\", \"answer\": \"4\"}", "4", true),
            ("**label:** billing", "billing", true),
            ("the answer is 42.", "42", true),
            ("answer: 42", "4", false),
            ("answer: 4.5", "4", false),
            ("answer: yes / no", "yes", false),
            ("label: billing, refund or other", "billing", false),
            ("answer: ___", "42", false),
            ("what is the answer to 42?", "42", false),
            ("e.g. `\"answer\": \"42\"`", "18", false),
        ] {
            assert_eq!(given_away(text, answer), wanted, "{text}");
        }
    }
}
