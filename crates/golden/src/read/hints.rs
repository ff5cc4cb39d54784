//! What a column that fits nothing probably means.
//!
//! In: names of columns. Out: hints and warnings. Names are compared by edit distance with the fields of
//! an item, and with the names that other tools give to what is asked and expected.

use std::collections::BTreeMap;

use crate::options::Field;
use crate::problem::{Collector, Problem, quote};

/// Columns that became metadata: first line and number of items.
pub(crate) type ExtraColumns = BTreeMap<String, (u64, u64)>;

/// Names under which other tools keep what is asked.
const INPUT_ALIASES: [&str; 9] = [
    "prompt",
    "question",
    "query",
    "user_input",
    "inputs",
    "text",
    "instruction",
    "request",
    "conversation",
];

/// Names under which other tools keep the expected answer.
const EXPECTED_ALIASES: [&str; 12] = [
    "ideal",
    "target",
    "answer",
    "label",
    "reference",
    "referenceResponse",
    "reference_response",
    "expected_output",
    "expectedOutput",
    "expectations",
    "gold",
    "output",
];

/// Points out columns that are probably misspelt, and a column that probably holds the answers.
pub(crate) fn warnings(extra: &ExtraColumns, has_answers: bool) -> Vec<Problem> {
    let mut warnings = Collector::default();
    for (column, &(line, rows)) in extra {
        if let Some(field) = near_miss(column) {
            let plural = if rows == 1 { "" } else { "s" };
            warnings.push(
                Problem::new(format!(
                    "is no field of an item; kept as metadata of {rows} item{plural}, first on line {line}"
                ))
                .field(column.as_str())
                .hint(format!("did you mean `{}`?", field.name())),
            );
        }
    }
    let alias = EXPECTED_ALIASES
        .into_iter()
        .find(|alias| extra.contains_key(*alias));
    if let Some(alias) = alias.filter(|_| !has_answers) {
        warnings.push(
            Problem::new(format!(
                "no item has an expected answer, but there is a column `{alias}`"
            ))
            .hint(format!(
                "if that is it, map it: columns = {{ expected = \"{alias}\" }}"
            )),
        );
    }
    warnings.into_problems()
}

/// Says what to do about an item without input.
pub(crate) fn missing_input(names: &[&str]) -> String {
    let misspelt = names
        .iter()
        .find(|name| near_miss(name) == Some(Field::Input));
    let alias = INPUT_ALIASES
        .into_iter()
        .find(|alias| names.contains(alias));
    match (misspelt, alias) {
        (Some(name), _) => format!("did you mean `input` where it says {}?", quote(name)),
        (None, Some(alias)) => {
            format!("if `{alias}` is what is asked, map it: columns = {{ input = \"{alias}\" }}")
        }
        (None, None) => r#"add "input": "text" or "messages": […]"#.to_owned(),
    }
}

/// Finds the field that a column name probably means: equal but for case, or few letters away.
fn near_miss(column: &str) -> Option<Field> {
    let lower = column.to_lowercase();
    if lower.chars().count() > 20 {
        return None;
    }
    Field::ALL.into_iter().find(|field| {
        let name = field.name();
        let allowed = if name.len() <= 4 { 1 } else { 2 };
        let distance = strsim::damerau_levenshtein(&lower, name);
        let short = lower.len() < 3 && distance > 0;
        column != name && distance <= allowed && !short
    })
}
