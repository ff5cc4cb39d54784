//! A strict reader over one TOML table: typed values out, problems into the sink, no key unread.
//!
//! In: a parsed table with spans. Out: values in range, or `None` after a problem was reported.
//! It knows nothing of projects; the files in `sections/` do.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use trilemma_domain::{Usd, UsdPerMtok};

use crate::problem::{Note, Sink, nearest};

/// One table of the file while it is being read.
pub(crate) struct Section<'a> {
    table: &'a DeTable<'a>,
    span: Range<usize>,
    path: String,
    asked: RefCell<BTreeSet<&'static str>>,
    pub(crate) sink: &'a Sink<'a>,
}

/// A value with its place.
pub(crate) struct Found<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(
        table: &'a DeTable<'a>,
        span: Range<usize>,
        path: impl Into<String>,
        sink: &'a Sink<'a>,
    ) -> Self {
        Self {
            table,
            span,
            path: path.into(),
            asked: RefCell::default(),
            sink,
        }
    }

    /// A table without keys, for candidates that the project only names.
    pub(crate) fn empty(root: &Section<'a>) -> Self {
        Self {
            table: root.table,
            span: root.span(),
            path: String::new(),
            // The root answers for its own keys.
            asked: root.asked.clone(),
            sink: root.sink,
        }
    }

    /// The place of a nested key, as far down as it exists.
    pub(crate) fn span_of(&self, keys: &[&str]) -> Option<Range<usize>> {
        let mut table = self.table;
        let mut span = None;
        for key in keys {
            let Some(value) = table.get(*key) else {
                break;
            };
            span = Some(value.span());
            match value.get_ref().as_table() {
                Some(inner) => table = inner,
                None => break,
            }
        }
        span
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The full name of a key of this table.
    pub(crate) fn key(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Reports a problem with a key of this table.
    pub(crate) fn report(&self, key: &str, note: Note) {
        let span = self
            .table
            .get(key)
            .map_or_else(|| self.span.clone(), Spanned::span);
        self.sink.report(self.key(key), Some(span), note);
    }

    fn raw(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn wrong_type(&self, key: &str, wanted: &str, found: &DeValue<'_>) {
        let note = Note::error(format!("expected {wanted}, found {}", found.type_str()));
        self.report(key, note);
    }

    /// Reports a missing required key.
    pub(crate) fn missing(&self, key: &'static str, hint: &str) {
        self.asked.borrow_mut().insert(key);
        self.report(key, Note::error("missing").hint(hint));
    }

    pub(crate) fn string(&self, key: &'static str) -> Option<Found<String>> {
        let raw = self.raw(key)?;
        match raw.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                self.report(key, Note::error("is empty"));
                None
            }
            DeValue::String(text) => Some(Found {
                value: text.clone().into_owned(),
                span: raw.span(),
            }),
            other => {
                self.wrong_type(key, "a string in quotes", other);
                None
            }
        }
    }

    pub(crate) fn required_string(&self, key: &'static str, hint: &str) -> Option<Found<String>> {
        if !self.has(key) {
            self.missing(key, hint);
            return None;
        }
        self.string(key)
    }

    pub(crate) fn boolean(&self, key: &'static str) -> Option<bool> {
        let raw = self.raw(key)?.get_ref();
        let flag = raw.as_bool();
        if flag.is_none() {
            self.wrong_type(key, "true or false", raw);
        }
        flag
    }

    /// A whole number within a range, both ends included.
    pub(crate) fn integer(&self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let raw = self.raw(key)?.get_ref();
        let DeValue::Integer(number) = raw else {
            self.wrong_type(key, "a whole number", raw);
            return None;
        };
        let value = u64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .filter(|value| range.contains(value));
        if value.is_none() {
            let message = format!("must lie between {} and {}", range.start(), range.end());
            self.report(key, Note::error(message));
        }
        value
    }

    /// A whole number of either sign.
    pub(crate) fn signed(&self, key: &'static str) -> Option<i64> {
        let raw = self.raw(key)?.get_ref();
        let value = match raw {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if value.is_none() {
            self.wrong_type(key, "a whole number of 64 bits", raw);
        }
        value
    }

    /// A finite number within a range, both ends included.
    pub(crate) fn number(&self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let raw = self.raw(key)?.get_ref();
        let text = match raw {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            other => {
                self.wrong_type(key, "a number", other);
                return None;
            }
        };
        let value = text
            .parse::<f64>()
            .ok()
            .filter(|value| range.contains(value));
        if value.is_none() {
            let message = if *range.start() == f64::MIN_POSITIVE {
                format!("must lie above 0 and be at most {}", range.end())
            } else {
                format!("must lie between {} and {}", range.start(), range.end())
            };
            self.report(key, Note::error(message));
        }
        value
    }

    fn decimal_text(&self, key: &'static str) -> Option<String> {
        let raw = self.raw(key)?.get_ref();
        match raw {
            DeValue::String(text) => Some(text.clone().into_owned()),
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
            // The literal is kept as written, so no binary rounding creeps in.
            DeValue::Float(number) => Some(number.as_str().to_owned()),
            other => {
                self.wrong_type(key, "an amount such as \"0.002\"", other);
                None
            }
        }
    }

    /// A number, or a list of three, as text with commas: nothing passes through binary floats.
    pub(crate) fn figure(&self, key: &'static str) -> Option<String> {
        let raw = self.raw(key)?.get_ref();
        let DeValue::Array(parts) = raw else {
            return self.decimal_text(key);
        };
        let texts: Option<Vec<String>> = parts
            .iter()
            .map(|part| match part.get_ref() {
                DeValue::String(text) => Some(text.clone().into_owned()),
                DeValue::Integer(number) if number.radix() == 10 => {
                    Some(number.as_str().to_owned())
                }
                DeValue::Float(number) => Some(number.as_str().to_owned()),
                _ => None,
            })
            .collect();
        if texts.is_none() {
            self.wrong_type(key, "a number, or [least, most likely, most]", raw);
        }
        texts.map(|texts| texts.join(","))
    }

    /// An amount of dollars, at least zero.
    pub(crate) fn usd(&self, key: &'static str) -> Option<Usd> {
        let amount = self.decimal_text(key)?.parse::<Usd>();
        match amount {
            Ok(amount) if amount >= Usd::ZERO => Some(amount),
            Ok(_) => {
                self.report(key, Note::error("must not be negative"));
                None
            }
            Err(error) => {
                self.report(key, Note::error(format!("failed to {error}")));
                None
            }
        }
    }

    /// A price per million tokens.
    pub(crate) fn price(&self, key: &'static str) -> Option<UsdPerMtok> {
        match self.decimal_text(key)?.parse() {
            Ok(price) => Some(price),
            Err(error) => {
                self.report(key, Note::error(format!("failed to {error}")));
                None
            }
        }
    }

    /// One of a closed set of words.
    pub(crate) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let found = self.string(key)?;
        let hit = words.iter().find(|(word, _)| *word == found.value);
        if hit.is_none() {
            self.unknown_word(key, &found.value, words.iter().map(|(word, _)| *word));
        }
        hit.map(|(_, value)| *value)
    }

    pub(crate) fn unknown_word<'w>(
        &self,
        key: &str,
        typed: &str,
        words: impl Iterator<Item = &'w str> + Clone,
    ) {
        let hint = match nearest(typed, words.clone()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("one of {}", words.collect::<Vec<_>>().join(", ")),
        };
        self.report(
            key,
            Note::error(format!("`{typed}` is not known here")).hint(hint),
        );
    }

    /// A list of strings; a single string counts as a list of one.
    pub(crate) fn strings(&self, key: &'static str) -> Option<Vec<Found<String>>> {
        let raw = self.raw(key)?;
        let entries = match raw.get_ref() {
            DeValue::String(_) => std::slice::from_ref(raw),
            DeValue::Array(array) => &array[..],
            other => {
                self.wrong_type(key, "a list of strings", other);
                return None;
            }
        };
        let mut found = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry.get_ref() {
                DeValue::String(text) => found.push(Found {
                    value: text.clone().into_owned(),
                    span: entry.span(),
                }),
                other => self.wrong_type(key, "a list of strings", other),
            }
        }
        Some(found)
    }

    /// A table under a key.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let raw = self.raw(key)?;
        let table = raw.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(key, "a table", raw.get_ref());
        }
        table.map(|table| Section::new(table, raw.span(), self.key(key), self.sink))
    }

    /// An array of tables under a key; absent = empty.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(raw) = self.raw(key) else {
            return Vec::new();
        };
        let Some(array) = raw.get_ref().as_array() else {
            let note = Note::error(format!(
                "expected tables, found {}",
                raw.get_ref().type_str()
            ))
            .hint(format!("write `[[{}]]`", self.key(key)));
            self.report(key, note);
            return Vec::new();
        };
        let mut sections = Vec::with_capacity(array.len());
        for (idx, entry) in array.iter().enumerate() {
            let path = format!("{}[{idx}]", self.key(key));
            match entry.get_ref().as_table() {
                Some(table) => sections.push(Section::new(table, entry.span(), path, self.sink)),
                None => self.wrong_type(key, "a list of tables", entry.get_ref()),
            }
        }
        sections
    }

    /// All entries of a table whose keys are free names.
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = (Found<String>, &'a Spanned<DeValue<'a>>)> {
        self.table.iter().map(|(name, value)| {
            let name = Found {
                value: name.get_ref().clone().into_owned(),
                span: name.span(),
            };
            (name, value)
        })
    }

    /// Everything not asked for so far, as JSON, without complaint.
    pub(crate) fn rest(&self) -> serde_json::Map<String, Value> {
        let asked = self.asked.borrow();
        self.table
            .iter()
            .filter(|(name, _)| !asked.contains(name.get_ref().as_ref()))
            .map(|(name, value)| {
                (
                    name.get_ref().clone().into_owned(),
                    to_json(value.get_ref()),
                )
            })
            .collect()
    }

    /// Any value under a key, as JSON.
    pub(crate) fn json(&self, key: &'static str) -> Option<Value> {
        self.raw(key).map(|raw| to_json(raw.get_ref()))
    }

    /// Reports every key that was never asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for name in self.table.keys() {
            let typed = name.get_ref().as_ref();
            if asked.contains(typed) {
                continue;
            }
            let hint = match nearest(typed, asked.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None if asked.is_empty() => "remove it".to_owned(),
                None => format!(
                    "known here: {}",
                    asked.iter().copied().collect::<Vec<_>>().join(", ")
                ),
            };
            let note = Note::error("unknown key").hint(hint);
            self.sink.report(self.key(typed), Some(name.span()), note);
        }
    }
}

/// Turns a TOML value into JSON; dates become strings, non-finite numbers become strings.
pub(crate) fn to_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.to_string()), Value::from),
        DeValue::Float(number) => number
            .as_str()
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map_or_else(|| Value::String(number.to_string()), Value::Number),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(stamp) => Value::String(stamp.to_string()),
        DeValue::Array(array) => array.iter().map(|entry| to_json(entry.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(name, entry)| {
                (
                    name.get_ref().clone().into_owned(),
                    to_json(entry.get_ref()),
                )
            })
            .collect(),
    }
}
