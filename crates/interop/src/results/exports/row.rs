//! A row of an export, whose nested values may be objects, JSON texts, or columns with dotted names.

use serde_json::Value;

use crate::container::table::{Cells, Layout};

/// One row, and how it lay in its file.
pub(super) struct Row<'a> {
    pub(super) cells: &'a Cells,
    pub(super) layout: Layout,
}

impl Row<'_> {
    /// The value at a path whose first step is a column; `None` = not there, or empty.
    pub(super) fn at(&self, path: &[&str]) -> Option<Value> {
        // Tables that were flattened have the whole path as the column's name.
        if let Some(flat) = self.cells.get(&path.join(".")) {
            return self.unpacked(flat);
        }
        let (column, rest) = path.split_first()?;
        let mut value = self.unpacked(self.cells.get(*column)?)?;
        for step in rest {
            let inner = value.as_object_mut()?.remove(*step)?;
            value = self.unpacked(&inner)?;
        }
        Some(value)
    }

    /// The first of several columns that holds anything.
    pub(super) fn any(&self, columns: &[&str]) -> Option<Value> {
        columns.iter().find_map(|column| self.at(&[column]))
    }

    /// What an answer says. Only CSV packs texts, so only there a quoted text loses its quotes.
    pub(super) fn answer(&self, columns: &[&str]) -> Option<Value> {
        let value = columns
            .iter()
            .find_map(|column| self.cells.get(*column).filter(|value| !value.is_null()))?;
        match (value, self.layout) {
            (Value::String(text), Layout::Csv) if text.starts_with('"') => {
                Some(packed(text).unwrap_or_else(|| value.clone()))
            }
            (Value::String(text), _) if text.is_empty() => None,
            _ => Some(value.clone()),
        }
    }

    /// A value out of the JSON text that a tool may have made of it; `None` = null or empty.
    fn unpacked(&self, value: &Value) -> Option<Value> {
        let inner = match value {
            Value::String(text) => match text.trim_start().as_bytes().first() {
                Some(b'{' | b'[') => packed(text),
                Some(b'"') if self.layout == Layout::Csv => packed(text),
                Some(_) => None,
                None => return None,
            },
            Value::Null => return None,
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let value = inner.unwrap_or_else(|| value.clone());
        Some(value).filter(|value| !value.is_null())
    }
}

fn packed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
