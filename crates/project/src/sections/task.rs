//! `[task]`: what the model is for, and the golden set.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::DeValue;
use trilemma_domain::{Stakes, TaskKind};

use crate::problem::Note;
use crate::project::{GoldenLocation, Task};
use crate::section::{Found, Section};

const STAKES: [(&str, Stakes); 3] = [
    ("low", Stakes::Low),
    ("medium", Stakes::Medium),
    ("high", Stakes::High),
];

const FORMATS: [(&str, &str); 4] = [
    ("jsonl", "jsonl"),
    ("json", "json"),
    ("csv", "csv"),
    ("parquet", "parquet"),
];

/// Fields of an item that a column can be mapped to.
const ITEM_FIELDS: [&str; 10] = [
    "id",
    "input",
    "expected",
    "criteria",
    "tags",
    "cluster",
    "difficulty",
    "weight",
    "tools",
    "metadata",
];

/// The task with the incumbent still as a name.
pub(crate) struct TaskDraft {
    pub(crate) task: Task,
    pub(crate) incumbent: Option<Found<String>>,
}

/// Reads `[task]`.
pub(crate) fn task(section: &Section<'_>) -> Option<TaskDraft> {
    let kinds = TaskKind::ALL.map(|kind| (kind.name(), kind));
    let name = section.required_string(
        "name",
        "a short name for reports, such as \"support-triage\"",
    );
    let kind = if section.has("kind") {
        section.word("kind", &kinds)
    } else {
        section.missing(
            "kind",
            "one of classification, extraction, generation, …, other",
        );
        None
    };
    let stakes = section.word("stakes", &STAKES).unwrap_or_default();
    let pass_threshold = section
        .number("pass_threshold", f64::MIN_POSITIVE..=1.0)
        .unwrap_or(0.7);
    let holdout_share = section.number("holdout_share", 0.0..=1.0).unwrap_or(0.5);
    let golden = golden(section);
    let incumbent = section.string("incumbent");
    Some(TaskDraft {
        task: Task {
            name: name?.value,
            kind: kind?,
            stakes,
            golden: golden?,
            pass_threshold,
            holdout_share,
        },
        incumbent,
    })
}

fn golden(section: &Section<'_>) -> Option<GoldenLocation> {
    let hint = "the golden set's file, such as \"golden.jsonl\"";
    if !section.has("golden") {
        section.missing("golden", hint);
        return None;
    }
    let is_table = section.entries().any(|(name, value)| {
        name.value == "golden" && matches!(value.get_ref(), DeValue::Table(_))
    });
    if !is_table {
        let path = section.string("golden")?;
        return Some(GoldenLocation {
            path: PathBuf::from(path.value),
            format: None,
            columns: BTreeMap::new(),
        });
    }
    let table = section.section("golden")?;
    let path = table.required_string("path", hint);
    let format = table.word("format", &FORMATS).map(str::to_owned);
    let columns = table.section("columns").map(columns).unwrap_or_default();
    table.finish();
    Some(GoldenLocation {
        path: PathBuf::from(path?.value),
        format,
        columns,
    })
}

fn columns(section: Section<'_>) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for field in ITEM_FIELDS {
        if let Some(column) = section.string(field) {
            map.insert(field.to_owned(), column.value);
        }
    }
    if map.is_empty() {
        let note = Note::error("maps nothing").hint("such as `input = \"question\"`");
        section
            .sink
            .report(section.path(), Some(section.span()), note);
    }
    section.finish();
    map
}
