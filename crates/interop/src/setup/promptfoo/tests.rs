//! Tests of promptfoo as items with checks.
//!
//! In: `tests`, `defaultTest`, `scenarios`. Out: items, whose variables become metadata, and what each
//! asserts. A variable with several values makes one item each, as in promptfoo.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Map, Value, json};
use trilemma_domain::{Expected, Input, Item};

use super::assertions::{Asserted, Place};
use super::{cells, prompts::slug};
use crate::setup::draft::{Draft, Losses, PARTLY};
use crate::setup::source::{self, Content, Rows};
use crate::setup::template;

/// Most items that the values of one test make.
const MAX_PRODUCT: usize = 1_000;
/// Names that templates of ours keep for themselves.
const RESERVED: [&str; 4] = ["id", "tags", "messages", "metadata"];
/// Variables that usually hold the question.
const QUESTIONS: [&str; 9] = [
    "input",
    "question",
    "query",
    "user_input",
    "prompt",
    "message",
    "text",
    "topic",
    "request",
];
/// Settings of a test that say nothing of its meaning.
const SILENT: [&str; 12] = [
    "vars",
    "assert",
    "description",
    "threshold",
    "options",
    "metadata",
    "disableVarExpansion",
    "disableDefaultAsserts",
    "disableConversationVar",
    "repeat",
    "runSerially",
    "metric",
];

/// Reads tests into a draft.
pub(super) struct Reader<'a> {
    pub(super) folder: &'a Path,
    pub(super) draft: &'a mut Draft,
    pub(super) losses: &'a mut Losses,
    pub(super) default: Map<String, Value>,
    /// Models that grade, in order of appearance.
    pub(super) graders: Vec<String>,
    pub(super) taken: HashSet<String>,
}

impl Reader<'_> {
    /// Reads the value of `tests`: a list, a file, or a list of files.
    pub(super) fn tests(&mut self, value: &Value, place: &str) {
        match value {
            Value::Null => {}
            Value::String(name) => self.file(name, place),
            Value::Array(list) => {
                for (idx, entry) in list.iter().enumerate() {
                    let place = format!("{place}[{idx}]");
                    match entry {
                        Value::String(name) => self.file(name, &place),
                        Value::Object(test) => self.test(test, &place),
                        _ => self
                            .losses
                            .add(&place, "test", "it is neither a test nor a file"),
                    }
                }
            }
            Value::Object(_) => {
                self.losses.add(
                    place,
                    "tests",
                    "tests that code makes are not read; export them as CSV",
                );
            }
            _ => self.losses.add(place, "tests", "they cannot be read"),
        }
    }

    /// Reads `scenarios`: each set of variables with each test.
    pub(super) fn scenarios(&mut self, value: &Value) {
        for (idx, scenario) in value.as_array().into_iter().flatten().enumerate() {
            let place = format!("scenarios[{idx}]");
            let list = |key| {
                scenario
                    .get(key)
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default()
            };
            if !scenario.is_object() {
                self.losses.add(
                    &place,
                    "scenario",
                    "scenarios in files are not followed; write them out",
                );
            }
            for data in list("config") {
                for test in list("tests") {
                    if let (Some(data), Some(test)) = (data.as_object(), test.as_object()) {
                        self.test(&merged(data, test), &place);
                    }
                }
            }
        }
    }

    fn file(&mut self, name: &str, place: &str) {
        let name = name.strip_prefix("file://").unwrap_or(name);
        if name.contains(['*', '?']) {
            self.losses.add(
                place,
                "tests",
                "a pattern of file names is not followed; name each file",
            );
            return;
        }
        let read = source::inside(self.folder, name)
            .and_then(|path| source::content(&path).map_err(|error| format!("failed to {error}")));
        match read {
            Ok(Content::Rows(rows)) if name.ends_with(".csv") || name.ends_with(".tsv") => {
                self.csv(rows, name);
            }
            Ok(Content::Rows(rows)) => {
                for (line, row) in rows {
                    self.test(&row, &format!("{name}:{line}"));
                }
            }
            Ok(Content::Document(list @ Value::Array(_))) => self.tests(&list, name),
            Ok(Content::Document(_)) => {
                self.losses
                    .add(place, "tests", "the file holds no list of tests")
            }
            Err(why) => self.losses.add(place, "tests", why),
        }
    }

    /// Reads rows of a CSV file.
    pub(super) fn csv(&mut self, rows: Rows, name: &str) {
        for (line, row) in rows {
            let place = format!("{name}:{line}");
            let test = self.of_row(&row, &place);
            self.test(&test, &place);
        }
    }

    fn of_row(&mut self, row: &Map<String, Value>, place: &str) -> Map<String, Value> {
        let (mut vars, mut metadata, mut test) = (Map::new(), Map::new(), Map::new());
        let mut asserted: Vec<(String, Map<String, Value>)> = Vec::new();
        let mut settings: Vec<(String, String, String)> = Vec::new();
        let (mut prefix, mut suffix) = (String::new(), String::new());
        for (column, cell) in row {
            let text = template::plain(cell);
            let Some(special) = column.strip_prefix("__") else {
                vars.insert(column.clone(), Value::from(text));
                continue;
            };
            if let Some(key) = special.strip_prefix("metadata:") {
                match key.strip_suffix("[]") {
                    Some(key) => metadata.insert(key.to_owned(), json!(cells::escaped_list(&text))),
                    None => metadata.insert(key.to_owned(), Value::from(text)),
                };
            } else if let Some(rest) = special.strip_prefix("config:") {
                if let Some((target, key)) = rest.rsplit_once(':') {
                    settings.push((target.to_owned(), key.to_owned(), text));
                }
            } else if special.starts_with("expected") {
                asserted.extend(cells::assertion(&text).map(|found| (column.clone(), found)));
            } else {
                match special {
                    "description" => {
                        test.insert("description".to_owned(), Value::from(text));
                    }
                    "threshold" => {
                        test.extend(
                            text.trim()
                                .parse::<f64>()
                                .ok()
                                .map(|n| ("threshold".to_owned(), json!(n))),
                        );
                    }
                    "prefix" => prefix = text,
                    "suffix" => suffix = text,
                    "metric" => {}
                    other => self.losses.add(
                        place,
                        format!("column __{other}"),
                        "it has no counterpart; outputs are read by `trilemma import`",
                    ),
                }
            }
        }
        if !(prefix.is_empty() && suffix.is_empty()) {
            self.losses.add(
                place,
                "columns __prefix and __suffix",
                "a prompt has no part of its own for one item here; put them into a variable",
            );
        }
        for (target, key, text) in settings {
            if text.trim().is_empty() {
                continue;
            }
            let number = text.trim().parse::<f64>().ok();
            for (_, assertion) in asserted.iter_mut().filter(|(column, _)| *column == target) {
                assertion.insert(
                    key.clone(),
                    number.map_or_else(|| Value::from(text.clone()), |n| json!(n)),
                );
            }
        }
        let list = asserted
            .into_iter()
            .map(|(_, assertion)| Value::Object(assertion))
            .collect();
        test.insert("vars".to_owned(), Value::Object(vars));
        test.insert("metadata".to_owned(), Value::Object(metadata));
        test.insert("assert".to_owned(), Value::Array(list));
        test.insert("disableVarExpansion".to_owned(), Value::Bool(true));
        test
    }

    /// Reads one test.
    fn test(&mut self, own: &Map<String, Value>, place: &str) {
        for key in own.keys().filter(|key| !SILENT.contains(&key.as_str())) {
            let why = match key.as_str() {
                "providerOutput" => "outputs are read by `trilemma import`",
                "provider" | "providers" | "prompts" => "every candidate answers every item here",
                _ => "it has no counterpart here",
            };
            self.losses.add(place, format!("test setting {key}"), why);
        }
        let mut test = merged(&self.default, own);
        if own.get("disableDefaultAsserts") == Some(&Value::Bool(true)) {
            test.insert(
                "assert".to_owned(),
                own.get("assert").cloned().unwrap_or(Value::Null),
            );
        }
        let options = test
            .get("options")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        for key in [
            "transform",
            "postprocess",
            "transformVars",
            "prefix",
            "suffix",
        ] {
            if options.contains_key(key) {
                self.losses.add(
                    place,
                    format!("option {key}"),
                    "it changes prompts or outputs by its own means",
                );
            }
        }
        if let Some(Value::String(id)) = options.get("provider") {
            self.note_grader(id);
        }
        let vars = self.vars(test.get("vars").unwrap_or(&Value::Null), place);
        let is_fixed = [&test, &options]
            .iter()
            .any(|fields| fields.get("disableVarExpansion") == Some(&Value::Bool(true)));
        for vars in expanded(vars, is_fixed) {
            self.item(&test, vars, place);
        }
    }

    fn note_grader(&mut self, id: &str) {
        if !self.graders.iter().any(|known| known == id) {
            self.graders.push(id.to_owned());
        }
    }

    fn vars(&mut self, value: &Value, place: &str) -> Map<String, Value> {
        let mut vars = Map::new();
        let Some(fields) = value.as_object() else {
            if !value.is_null() {
                self.losses.add(
                    place,
                    "vars in files",
                    "they are not followed; write them out, or as CSV of tests",
                );
            }
            return vars;
        };
        for (name, value) in fields {
            let value = match value.as_str().and_then(|text| text.strip_prefix("file://")) {
                None => value.clone(),
                Some(file) => {
                    let read = source::inside(self.folder, file).and_then(|path| {
                        source::text(&path).map_err(|error| format!("failed to {error}"))
                    });
                    match read {
                        Ok(text) => Value::from(text),
                        Err(why) => {
                            self.losses.add(place, format!("variable {name}"), why);
                            continue;
                        }
                    }
                }
            };
            vars.insert(name.clone(), value);
        }
        vars
    }

    fn item(&mut self, test: &Map<String, Value>, vars: Map<String, Value>, place: &str) {
        let vars = nested(vars);
        let mut asserted = Asserted::default();
        let at = Place {
            folder: self.folder,
            name: place,
            vars: &vars,
        };
        asserted.add_all(test.get("assert").unwrap_or(&Value::Null), at, self.losses);
        if let Some(id) = asserted.grader.take() {
            self.note_grader(&id);
        }
        let description = test
            .get("description")
            .map(template::plain)
            .unwrap_or_default();
        let id = if description.is_empty() {
            format!("t{}", self.taken.len() + 1)
        } else {
            slug(&description)
        };
        let mut item = Item::new(id.as_str(), Input::Text(question(&vars, &description)));
        let extras = &mut *item.extras;
        for (name, value) in test
            .get("metadata")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if !RESERVED.contains(&name.as_str()) {
                extras.metadata.insert(name.clone(), value.clone());
            }
        }
        for (name, value) in &vars {
            if RESERVED.contains(&name.as_str()) {
                let why = "templates keep this name for themselves; rename the variable there";
                self.losses.add(place, format!("variable {name}"), why);
            } else {
                extras.metadata.insert(name.clone(), value.clone());
            }
        }
        extras.criteria = asserted.criteria;
        if !extras.criteria.is_empty() {
            extras.tags.push(super::config::JUDGED.to_owned());
        }
        if asserted.reference.is_some() {
            extras.tags.push(super::config::COMPARED.to_owned());
        }
        if asserted.n_lost > 0 {
            extras.tags.push(PARTLY.to_owned());
        }
        let equal = asserted.checks.iter().find_map(|check| {
            let is_plain = check["type"] == "exact" && check.get("not").is_none();
            check["expected"].as_str().filter(|_| is_plain)
        });
        item.expected = asserted
            .reference
            .or_else(|| equal.map(str::to_owned))
            .map(Expected::Text);
        let id = self.draft.push(item, &mut self.taken);
        let mut checks = asserted.checks;
        let threshold = test.get("threshold").and_then(Value::as_f64);
        if let (Some(least), false) = (threshold, checks.is_empty()) {
            checks = vec![json!({ "of": checks, "at_least": least.clamp(0.0, 1.0) })];
        }
        if !checks.is_empty() {
            self.draft.checks.insert(id, Value::Array(checks));
        }
    }
}

/// A test over its defaults: variables and settings of its own win, assertions add up.
fn merged(default: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let mut test = default.clone();
    for (key, value) in own {
        let joined = match (key.as_str(), test.get(key), value) {
            ("vars" | "options" | "metadata", Some(Value::Object(base)), Value::Object(own)) => {
                let mut both = base.clone();
                both.extend(own.clone());
                Value::Object(both)
            }
            ("assert", Some(Value::Array(base)), Value::Array(own)) => {
                Value::Array(base.iter().chain(own).cloned().collect())
            }
            _ => value.clone(),
        };
        test.insert(key.clone(), joined);
    }
    test
}

/// One set of variables for each combination of listed values.
fn expanded(vars: Map<String, Value>, is_fixed: bool) -> Vec<Map<String, Value>> {
    let mut sets = vec![Map::new()];
    for (name, value) in vars {
        let values = match value {
            Value::Array(list) if !is_fixed && !list.is_empty() => list,
            one => vec![one],
        };
        if sets.len().saturating_mul(values.len()) > MAX_PRODUCT {
            for set in &mut sets {
                set.insert(name.clone(), Value::Array(values.clone()));
            }
            continue;
        }
        sets = sets
            .iter()
            .flat_map(|set| {
                values.iter().map(|value| {
                    let mut set = set.clone();
                    set.insert(name.clone(), value.clone());
                    set
                })
            })
            .collect();
    }
    sets
}

/// Variables that name other variables, filled in once.
fn nested(vars: Map<String, Value>) -> Map<String, Value> {
    let base = vars.clone();
    vars.into_iter()
        .map(|(name, value)| {
            let filled = match &value {
                Value::String(text) if text.contains("{{") => template::fill(text, &base).ok(),
                _ => None,
            };
            (name, filled.map_or(value, Value::String))
        })
        .collect()
}

/// What is asked: the variable that usually says so, the only one, or all of them.
fn question(vars: &Map<String, Value>, description: &str) -> String {
    if let Some(value) = QUESTIONS.iter().find_map(|name| vars.get(*name)) {
        return template::plain(value);
    }
    let mut values = vars.iter();
    match (values.next(), values.next()) {
        (None, _) if description.is_empty() => "(the prompt has no variable)".to_owned(),
        (None, _) => description.to_owned(),
        (Some((_, only)), None) => template::plain(only),
        _ => {
            let lines: Vec<String> = vars
                .iter()
                .map(|(name, value)| format!("{name}: {}", template::plain(value)))
                .collect();
            lines.join("\n")
        }
    }
}
