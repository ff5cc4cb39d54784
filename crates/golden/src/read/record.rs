//! One row of a file before anyone knows what it means.
//!
//! In: a JSON object, a CSV line or a Parquet row. Out: [`Record`]: named cells in file order. It does
//! not interpret; `interpret` does. Top-level numbers keep their digits as written, so that an id
//! of 20 digits or an expected `1.50` is not rounded.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// A text without a type of its own: a CSV cell.
    Untyped(String),
    /// A number as it is written.
    Number(String),
    /// Any other JSON value.
    Json(Value),
}

impl Cell {
    /// Whether there is nothing in it.
    pub(crate) fn is_absent(&self) -> bool {
        match self {
            Self::Untyped(text) => text.is_empty(),
            Self::Number(_) => false,
            Self::Json(value) => value.is_null(),
        }
    }

    /// Turns it into plain JSON.
    pub(crate) fn into_json(self) -> Value {
        match self {
            Self::Untyped(text) => Value::String(text),
            Self::Number(digits) => serde_json::from_str(&digits).unwrap_or(Value::String(digits)),
            Self::Json(value) => value,
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Record {
    /// Line in the file, from 1.
    pub(crate) line: u64,
    /// Cells in file order.
    pub(crate) cells: Vec<(String, Cell)>,
}

impl Record {
    /// Takes a cell out by its column's name or, failing that, by a dotted path into nested objects.
    pub(crate) fn take(&mut self, column: &str) -> Option<Cell> {
        if let Some(idx) = self.cells.iter().position(|(name, _)| name == column) {
            return Some(self.cells.remove(idx).1);
        }
        let (head, path) = column.split_once('.')?;
        let (_, cell) = self.cells.iter_mut().find(|(name, _)| name == head)?;
        let Cell::Json(value) = cell else { return None };
        let place = path.split('.').try_fold(value, |value, step| match value {
            Value::Array(members) => members.get_mut(step.parse::<usize>().ok()?),
            Value::Object(members) => members.get_mut(step),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })?;
        Some(Cell::Json(place.take()))
    }

    /// Copies a cell, found as by [`Self::take`].
    pub(crate) fn get(&self, column: &str) -> Option<Cell> {
        if let Some((_, cell)) = self.cells.iter().find(|(name, _)| name == column) {
            return Some(cell.clone());
        }
        let (head, path) = column.split_once('.')?;
        let (_, cell) = self.cells.iter().find(|(name, _)| name == head)?;
        let Cell::Json(value) = cell else { return None };
        let place = path.split('.').try_fold(value, |value, step| match value {
            Value::Array(members) => members.get(step.parse::<usize>().ok()?),
            Value::Object(members) => members.get(step),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })?;
        Some(Cell::Json(place.clone()))
    }

    /// Names the columns, for messages.
    pub(crate) fn column_names(&self) -> Vec<&str> {
        self.cells.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Finds a column name that occurs twice.
    pub(crate) fn repeated_column(&self) -> Option<&str> {
        let mut names = self.column_names();
        names.sort_unstable();
        names.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => self
                .cells
                .iter()
                .map(|(name, _)| name.as_str())
                .find(|name| name == a),
            _ => None,
        })
    }
}

/// Reads one JSON value that should be an object; anything else is named, not refused, so that the
/// reader can go on to the next.
pub(crate) struct RecordSeed<'a> {
    /// Columns whose top-level numbers keep their digits.
    pub(crate) exact: &'a [&'a str],
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_> {
    type Value = Result<Vec<(String, Cell)>, &'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed<'_> {
    type Value = Result<Vec<(String, Cell)>, &'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut cells = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let cell = if self.exact.contains(&key.as_str()) {
                exact_cell(&map.next_value::<Box<RawValue>>()?).map_err(serde::de::Error::custom)?
            } else {
                Cell::Json(map.next_value()?)
            };
            cells.push((key, cell));
        }
        Ok(Ok(cells))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Err("a list"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Err("a text"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Err("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Err("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Err("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Err("a number"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Err("null"))
    }
}

fn exact_cell(raw: &RawValue) -> Result<Cell, String> {
    let text = raw.get().trim_ascii();
    if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Ok(Cell::Number(text.to_owned()));
    }
    serde_json::from_str(text)
        .map(Cell::Json)
        .map_err(|error| without_position(&error))
}

/// The message of a JSON error without the position at its end.
pub(crate) fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}
