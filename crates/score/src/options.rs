//! Typed reading of a scorer's options, collecting every problem instead of stopping at the first.
//!
//! In: a JSON object as the project file gave it. Out: typed values and a list of problems. Does
//! not know any scorer; unknown names are checked against the table that the caller hands in.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::problem::{OptionProblem, nearest};

/// A reader over one table of options.
#[derive(Debug)]
pub(crate) struct Options<'a> {
    map: &'a Map<String, Value>,
    prefix: String,
    problems: Vec<OptionProblem>,
}

impl<'a> Options<'a> {
    /// Starts reading `map`; `prefix` precedes option names in problems.
    pub(crate) fn new(map: &'a Map<String, Value>, prefix: impl Into<String>) -> Self {
        Self {
            map,
            prefix: prefix.into(),
            problems: Vec::new(),
        }
    }

    /// Ends reading and gives the problems found.
    pub(crate) fn into_problems(self) -> Vec<OptionProblem> {
        self.problems
    }

    /// Takes over problems that a reader of a nested table found.
    pub(crate) fn absorb(&mut self, problems: Vec<OptionProblem>) {
        self.problems.extend(problems);
    }

    /// Full path of an option.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Records a problem of the option `name`.
    pub(crate) fn problem(
        &mut self,
        name: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let option = self.path(name);
        self.problems.push(OptionProblem {
            option: Some(option),
            message: message.into(),
            hint: hint.into(),
        });
    }

    /// Says whether the option is given at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// The option as it was given.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.map.get(name)?;
        let text = value.as_str();
        if text.is_none() {
            self.wrong_type(name, value, "a text in quotes");
        }
        text
    }

    /// A text that must be given and not be empty.
    pub(crate) fn required_text(&mut self, name: &str) -> Option<&'a str> {
        if !self.has(name) {
            self.problem(
                name,
                format!("`{name}` is missing"),
                format!("add `{name} = \"…\"`"),
            );
            return None;
        }
        let text = self.text(name)?;
        if text.is_empty() {
            self.problem(
                name,
                format!("`{name}` is empty"),
                "write at least one character",
            );
            return None;
        }
        Some(text)
    }

    /// A flag, with its default.
    pub(crate) fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.map.get(name) {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.wrong_type(name, other, "`true` or `false`");
                default
            }
        }
    }

    /// A finite number within `range`.
    pub(crate) fn number(&mut self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.map.get(name)?;
        let Some(number) = value.as_f64().filter(|number| number.is_finite()) else {
            self.wrong_type(name, value, "a number");
            return None;
        };
        if range.contains(&number) {
            return Some(number);
        }
        let hint = if range.end().is_finite() {
            format!("write a number from {} to {}", range.start(), range.end())
        } else {
            format!("write a number of at least {}", range.start())
        };
        self.problem(name, format!("`{name}` is {number}"), hint);
        None
    }

    /// A whole number within `range`.
    pub(crate) fn count(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.map.get(name)?;
        let Some(number) = value.as_u64() else {
            self.wrong_type(name, value, "a whole number of at least 0");
            return None;
        };
        if range.contains(&number) {
            return Some(number);
        }
        let hint = format!(
            "write a whole number from {} to {}",
            range.start(),
            range.end()
        );
        self.problem(name, format!("`{name}` is {number}"), hint);
        None
    }

    /// One text or a list of texts, not empty.
    pub(crate) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.map.get(name)?;
        let texts: Option<Vec<String>> = match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(list) => list
                .iter()
                .map(|entry| entry.as_str().map(str::to_owned))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        };
        let Some(texts) = texts else {
            self.wrong_type(name, value, "a text or a list of texts");
            return None;
        };
        if texts.is_empty() {
            self.problem(
                name,
                format!("`{name}` is an empty list"),
                "name at least one text",
            );
            return None;
        }
        Some(texts)
    }

    /// One of a closed set of words, with its default.
    pub(crate) fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)], default: T) -> T {
        let Some(given) = self.text(name) else {
            return default;
        };
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == given) {
            return *meaning;
        }
        let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        self.problem(
            name,
            format!("`{name}` is `{given}`"),
            format!("write one of {}", list.join(", ")),
        );
        default
    }

    /// A nested table.
    pub(crate) fn table(&mut self, name: &str) -> Option<&'a Map<String, Value>> {
        let value = self.map.get(name)?;
        let table = value.as_object();
        if table.is_none() {
            self.wrong_type(name, value, "a table such as `{ key = \"value\" }`");
        }
        table
    }

    /// Records a problem for each given option that is not in `known`.
    pub(crate) fn refuse_unknown(&mut self, known: &[&str]) {
        let map = self.map;
        for name in map.keys() {
            if known.contains(&name.as_str()) {
                continue;
            }
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it has no options".to_owned(),
                None => format!("the options are {}", quoted_list(known)),
            };
            self.problem(name, format!("`{name}` is not an option here"), hint);
        }
    }

    /// Records that a value has the wrong type.
    pub(crate) fn wrong_type(&mut self, name: &str, value: &Value, wanted: &str) {
        let found = type_name(value);
        self.problem(
            name,
            format!("`{name}` is {found}"),
            format!("write {wanted}"),
        );
    }
}

fn quoted_list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
