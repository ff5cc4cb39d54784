//! What is wrong inside one item, before the line is known.

use serde_json::Value;

use crate::problem::quote;

/// Something wrong at a place inside a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Path below the field, such as `[2].content`; empty for the field itself.
    pub(crate) path: String,
    /// What is wrong.
    pub(crate) message: String,
    /// How to mend it.
    pub(crate) hint: String,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Says that the place lies below `step`.
    pub(crate) fn under(mut self, step: &str) -> Self {
        self.path = format!("{step}{}", self.path);
        self
    }

    /// Says that the place lies in the member `idx` of a list.
    pub(crate) fn in_member(self, idx: usize) -> Self {
        self.under(&format!("[{idx}]"))
    }
}

/// Names what a JSON value is, with the value where it is short.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {}", quote(text)),
        Value::Array(members) => format!("a list of {}", members.len()),
        Value::Object(members) => {
            let keys: Vec<_> = members.keys().take(5).map(String::as_str).collect();
            format!("an object with the keys {}", quote(&keys.join(", ")))
        }
    }
}
