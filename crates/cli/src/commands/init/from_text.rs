//! The files of an imported project.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Map, Value};
use trilemma_domain::{ScorerSpec, Stakes, TaskKind};
use trilemma_interop::Draft;

use super::from::{golden, loss_text};
use super::from_call::Callers;
use crate::commands::shortlist::quoted;
use crate::commands::words::stakes_name;
use crate::layout::{one_line, wrap};

/// What the files do not say.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) kind: TaskKind,
    pub(super) stakes: Stakes,
    pub(super) incumbent: Option<String>,
    pub(super) files: Vec<String>,
    pub(super) as_of: Date,
}

/// All files by name.
pub(super) fn files(
    head: &Head,
    draft: &Draft,
    callers: &Callers,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    if !draft.items.is_empty() {
        files.insert("golden.jsonl".to_owned(), golden(draft)?);
    }
    if !draft.checks.is_empty() {
        let mut text = serde_json::to_string_pretty(&draft.checks)?;
        text.push('\n');
        files.insert("checks.json".to_owned(), text);
    }
    for prompt in &draft.prompts {
        files.insert(prompt_file(&prompt.name), prompt.source.clone());
    }
    files.insert("trilemma.toml".to_owned(), project(head, draft, callers));
    Ok(files)
}

fn prompt_file(name: &str) -> String {
    if name.starts_with("prompt") {
        format!("{name}.md")
    } else {
        format!("prompt-{name}.md")
    }
}

fn project(head: &Head, draft: &Draft, callers: &Callers) -> String {
    let mut text = comment(&format!(
        "Made of {} by `trilemma init --from` on {}. What was not taken over stands at the end.",
        head.files.join(", "),
        head.as_of
    ));
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\n[task]\nname = {}\nkind = {}\nstakes = {}\ngolden = \"golden.jsonl\"",
        quoted(&one_line(&head.name)),
        quoted(head.kind.name()),
        quoted(stakes_name(head.stakes))
    );
    if let Some(incumbent) = &head.incumbent {
        let _ = writeln!(text, "incumbent = {}", quoted(incumbent));
    }
    if is_all_or_nothing(draft) {
        text.push_str("pass_threshold = 1.0    # every check must pass, as there\n");
    }
    if !draft.prompts.is_empty() {
        text.push_str("\n[prompts]\n");
        for prompt in &draft.prompts {
            let _ = writeln!(
                text,
                "{} = {}",
                quoted(&prompt.name),
                quoted(&prompt_file(&prompt.name))
            );
        }
    }
    requirements(head, callers, &mut text);
    text.push_str(&callers.toml());
    if !draft.checks.is_empty() {
        text.push_str("\n[[scorers]]\ntype = \"checks\"\nchecks = \"checks.json\"\n");
    }
    for spec in &draft.scorers {
        scorer(spec, &mut text);
    }
    if draft.checks.is_empty() && draft.scorers.is_empty() {
        text.push_str("\n# The files name no scorer: put one in its place (`trilemma scorers` lists them).\n[[scorers]]\ntype = \"refusal\"\n");
    }
    if !draft.unmapped.is_empty() {
        text.push_str("\n# Not taken over:\n");
        for loss in &draft.unmapped {
            text.push_str(&comment(&format!("- {}", loss_text(loss))));
        }
    }
    text
}

fn requirements(head: &Head, callers: &Callers, text: &mut String) {
    let reference = match (&head.incumbent, callers.n_candidates()) {
        (Some(_), _) => "incumbent",
        (None, 2..) => "best",
        (None, _) => return,
    };
    let _ = writeln!(
        text,
        "\n[requirements]\nnot_worse_than = {{ candidate = \"{reference}\", margin = 0.05 }}"
    );
}

/// Whether every scorer says yes or no, so that one no is a no.
fn is_all_or_nothing(draft: &Draft) -> bool {
    let judges_pass = draft.scorers.iter().all(|spec| {
        spec.kind != "judge" || spec.options.get("scale") == Some(&Value::from("pass/fail"))
    });
    let has_judge = draft.scorers.iter().any(|spec| spec.kind == "judge");
    judges_pass && (has_judge || !draft.checks.is_empty())
}

fn scorer(spec: &ScorerSpec, text: &mut String) {
    let _ = writeln!(text, "\n[[scorers]]\ntype = {}", quoted(&spec.kind));
    if spec.label != spec.kind {
        let _ = writeln!(text, "label = {}", quoted(&spec.label));
    }
    for (name, value) in &spec.options {
        let _ = writeln!(text, "{} = {}", key(name), toml_value(value));
    }
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A JSON value as TOML; `null`, which TOML lacks, is left out of tables and lists.
pub(super) fn toml_value(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(list) => {
            let parts: Vec<String> = list
                .iter()
                .filter(|one| !one.is_null())
                .map(toml_value)
                .collect();
            format!("[{}]", parts.join(", "))
        }
        Value::Object(fields) => table(fields),
    }
}

fn table(fields: &Map<String, Value>) -> String {
    let parts: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("{} = {}", key(name), toml_value(value)))
        .collect();
    if parts.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", parts.join(", "))
    }
}

fn comment(text: &str) -> String {
    wrap(&one_line(text), 0, 96)
        .lines()
        .map(|line| format!("# {line}\n"))
        .collect()
}
