//! A table whose cells are final words.

use serde::Serialize;

use crate::number::{Range, UNKNOWN, widen};

/// A table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Table {
    /// Stable name, for anchors.
    pub(crate) id: &'static str,
    /// Heading.
    pub(crate) title: String,
    /// What to know to read it; empty = nothing.
    pub(crate) note: String,
    /// Columns from the left.
    pub(crate) columns: Vec<Column>,
    /// Rows from the top; each as long as `columns`.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Column {
    /// Heading with unit.
    pub(crate) title: String,
    /// Whether cells are numbers, aligned to the right.
    pub(crate) is_number: bool,
}

/// A cell.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Cell {
    /// What it says.
    pub(crate) text: String,
    /// Its interval; empty = none.
    pub(crate) interval: String,
    /// A remark; empty = none.
    pub(crate) sub: String,
    /// What it is sorted by; `None` = by text, after all numbers.
    pub(crate) sort: Option<f64>,
    /// Class for the style sheet: `meets`, `fails`, `undecided`, `unknown`, `name`, or empty.
    pub(crate) class: &'static str,
}

impl Column {
    /// A column of words.
    pub(crate) fn words(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            is_number: false,
        }
    }

    /// A column of numbers.
    pub(crate) fn number(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            is_number: true,
        }
    }
}

impl Cell {
    /// A cell of words.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A number that is sorted by itself.
    pub(crate) fn number(value: f64, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            sort: value.is_finite().then_some(value),
            ..Self::default()
        }
    }

    /// A whole number.
    pub(crate) fn count(number: usize) -> Self {
        let number = widen(number);
        Self::number(as_f64(number), crate::number::count(number))
    }

    /// What nobody knows.
    pub(crate) fn unknown() -> Self {
        Self {
            text: UNKNOWN.to_owned(),
            class: "unknown",
            ..Self::default()
        }
    }

    /// What does not apply.
    pub(crate) fn none() -> Self {
        Self {
            text: "–".to_owned(),
            class: "unknown",
            ..Self::default()
        }
    }

    /// A point with its interval below it; `write` gets a value and the point it is near to.
    pub(crate) fn range(range: Range, write: impl Fn(f64, f64) -> String) -> Self {
        Self {
            text: write(range.point, range.point),
            interval: range.interval(write).unwrap_or_default(),
            sort: Some(range.point),
            ..Self::default()
        }
    }

    /// The same cell without interval.
    pub(crate) fn bare(mut self) -> Self {
        self.interval.clear();
        self
    }

    /// Interval and remark, as they follow the figure in brackets.
    pub(crate) fn remarks(&self) -> String {
        let parts = [self.interval.as_str(), self.sub.as_str()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    }

    /// The same cell with a remark.
    pub(crate) fn with_sub(mut self, sub: impl Into<String>) -> Self {
        self.sub = sub.into();
        self
    }

    /// The same cell with a class.
    pub(crate) fn with_class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }
}

#[expect(clippy::cast_precision_loss, reason = "only sorts")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
