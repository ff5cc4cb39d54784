//! The files of a new project, from a draft.

use std::collections::BTreeMap;

use jiff::civil::Date;
use trilemma_catalog::Catalog;
use trilemma_domain::{Stakes, TaskKind};

use super::margin::Proposed;
use super::offer::Offer;
use super::starter::{PROJECT, Starter};
use super::task::Items;
use crate::commands::shortlist::{candidate_tables, quoted};
use crate::commands::words::stakes_name;
use crate::layout::{one_line, wrap};

/// The judge of a day on which the catalog has no model at all; reading the project warns of it.
const LAST_RESORT: &str = "openai/gpt-4o-2024-08-06";

/// A project to be written.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) name: String,
    pub(super) kind: TaskKind,
    pub(super) stakes: Stakes,
    pub(super) incumbent: Option<String>,
    pub(super) as_of: Date,
    pub(super) margin: Proposed,
    pub(super) offer: Offer,
    pub(super) items: &'a Items,
}

impl Draft<'_> {
    fn starter(&self) -> Starter {
        let starter = if self.kind == TaskKind::Rag && !self.items.has_documents() {
            Starter::rag_in_input()
        } else {
            Starter::of(self.kind)
        };
        // Where nothing is expected there is nothing to compare with.
        if starter.rubric.is_none() && self.items.only_criteria() {
            let judged = Starter::of(TaskKind::Generation);
            return Starter {
                scorers: judged.scorers,
                rubric: judged.rubric,
                ..starter
            };
        }
        starter
    }

    /// The judge that the project calls; `None` = it needs none.
    pub(super) fn judge(&self) -> Option<&str> {
        self.starter().rubric?;
        Some(self.offer.judge.as_deref().unwrap_or(LAST_RESORT))
    }

    /// Environment variables of all keys that the project needs.
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys = self.offer.keys.clone();
        if self.judge().is_some() {
            keys.extend(self.offer.judge_key.clone());
        }
        keys.sort();
        keys.dedup();
        keys
    }
}

/// All files by name.
pub(super) fn files(draft: &Draft<'_>, catalog: &Catalog) -> BTreeMap<&'static str, String> {
    let starter = draft.starter();
    let mut files = BTreeMap::new();
    files.insert("prompt.md", prompt(draft, &starter));
    if let Some(rubric) = starter.rubric {
        files.insert("rubric.md", rubric.to_owned());
    }
    if draft.items.is_starter() {
        files.insert("golden.jsonl", starter.golden.to_owned());
    }
    files.insert("trilemma.toml", project(draft, &starter, catalog));
    files
}

fn project(draft: &Draft<'_>, starter: &Starter, catalog: &Catalog) -> String {
    let judge = quoted(draft.judge().unwrap_or(LAST_RESORT));
    let scorers = starter.scorers.replace("@JUDGE@", &judge);
    let values: [(&str, String); 14] = [
        ("@DATE@", draft.as_of.to_string()),
        ("@NAME@", quoted(&draft.name)),
        ("@KIND@", quoted(draft.kind.name())),
        ("@STAKES@", quoted(stakes_name(draft.stakes))),
        ("@GOLDEN_COMMENT@", golden_comment(draft)),
        ("@GOLDEN@", golden(draft.items)),
        ("@INCUMBENT@", incumbent(draft)),
        ("@MARGIN_COMMENT@", comment(draft.margin.comment())),
        ("@REFERENCE@", quoted(reference(draft))),
        ("@MARGIN@", draft.margin.toml()),
        ("@CAPABILITIES@", capabilities(draft)),
        ("@KEYS@", keys(draft)),
        ("@CANDIDATES@", candidates(draft, catalog)),
        ("@SCORERS@", scorers),
    ];
    fill(PROJECT, &values)
}

/// Fills names in, in one pass: a value is never looked through for names.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('@') {
        text.push_str(before);
        let hit = values.iter().find_map(|(name, value)| {
            let tail = name.strip_prefix('@')?;
            after.strip_prefix(tail).map(|rest| (value, rest))
        });
        match hit {
            Some((value, after)) => {
                text.push_str(value);
                rest = after;
            }
            None => {
                text.push('@');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn golden_comment(draft: &Draft<'_>) -> String {
    if draft.items.is_starter() {
        comment(
            "The golden set: one JSON object per line. These are STARTER ITEMS, made up: replace them by 100 to 500 \
             real ones of yours. `trilemma golden sample LOGS --n 300` draws them from logs, `trilemma golden lint` \
             checks them; CSV and Parquet work too, with a column map.",
        )
    } else {
        comment("The golden set. `trilemma golden lint` checks it.")
    }
}

fn golden(items: &Items) -> String {
    let Some(file) = &items.file else {
        return quoted("golden.jsonl");
    };
    let path = quoted(&file.to_string_lossy());
    if items.columns.is_empty() {
        return path;
    }
    let columns: Vec<String> = items
        .columns
        .iter()
        .map(|(field, column)| format!("{field} = {}", quoted(column)))
        .collect();
    format!(
        "{{ path = {path}, columns = {{ {} }} }}",
        columns.join(", ")
    )
}

fn incumbent(draft: &Draft<'_>) -> String {
    match &draft.incumbent {
        Some(model) => format!(
            "incumbent = {}   # the model in use today; joins the candidates",
            quoted(model)
        ),
        None => {
            "# incumbent = \"openai/gpt-4o-2024-08-06\"   # the model in use today, if there is one"
                .to_owned()
        }
    }
}

fn reference(draft: &Draft<'_>) -> &'static str {
    if draft.incumbent.is_some() {
        "incumbent"
    } else {
        "best"
    }
}

fn capabilities(draft: &Draft<'_>) -> String {
    let names: Vec<String> = draft
        .offer
        .capabilities
        .iter()
        .map(|one| quoted(one.name()))
        .collect();
    if names.is_empty() {
        "# capabilities = [\"json_schema\"]".to_owned()
    } else {
        format!("capabilities = [{}]", names.join(", "))
    }
}

fn keys(draft: &Draft<'_>) -> String {
    let keys = draft.keys();
    if keys.is_empty() {
        return "#".to_owned();
    }
    comment(&format!(
        "Keys are read from the environment: {}. They are never stored or shown.",
        keys.join(", ")
    ))
}

fn candidates(draft: &Draft<'_>, catalog: &Catalog) -> String {
    if draft.offer.proposals.is_empty() {
        return comment(
            "The catalog offers none for this day; `trilemma select` asks the shortlist again.",
        ) + "\n";
    }
    candidate_tables(catalog, &draft.offer.proposals)
}

fn comment(text: &str) -> String {
    let lines: Vec<String> = wrap(text, 0, 108)
        .lines()
        .map(|line| format!("# {line}"))
        .collect();
    lines.join("\n")
}

fn prompt(draft: &Draft<'_>, starter: &Starter) -> String {
    let labels: Vec<String> = draft
        .items
        .labels()
        .iter()
        .map(|label| entry(label))
        .collect();
    let fields: Vec<String> = draft
        .items
        .fields()
        .iter()
        .map(|(name, kind)| match *kind {
            "" => entry(&format!("\"{name}\"")),
            kind => entry(&format!("\"{name}\": {kind}")),
        })
        .collect();
    let or_gap = |lines: Vec<String>, gap: &str| {
        if lines.is_empty() {
            gap.to_owned()
        } else {
            lines.join("\n")
        }
    };
    let values = [
        (
            "@LABELS@",
            or_gap(labels, "- (name your categories here, one per line)"),
        ),
        (
            "@FIELDS@",
            or_gap(fields, "- (name your fields here, one per line)"),
        ),
    ];
    let text = fill(starter.prompt, &values);
    if draft.items.has_conversations() {
        return text.replace("=== user ===\n{{ input }}\n", "=== conversation ===\n");
    }
    text
}

/// A line of a list in a template: foreign text that must stay text.
fn entry(text: &str) -> String {
    let mut line = String::from("- ");
    let text = one_line(text);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let opens = c == '{' && matches!(chars.peek(), Some('{' | '%' | '#'));
        if opens {
            line.push_str("{{ '{' }}");
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_once() {
        let values = [("@A@", "@B@".to_owned()), ("@B@", "x".to_owned())];
        assert_eq!(fill("a@b @A@ @B@ @C@", &values), "a@b @B@ x @C@");
    }

    #[test]
    fn entries_of_lists_are_no_templates() {
        assert_eq!(entry("{{ x }}"), "- {{ '{' }}{ x }}");
        assert_eq!(entry("{%a\nb"), "- {{ '{' }}%a b");
        assert_eq!(entry("{a}"), "- {a}");
    }
}
