//! Comparisons of JSON values with partial credit.
//!
//! In: the value found, if any, and the one expected, if any. Out: a score in [0, 1]. `auto`: texts
//! are equal after trimming; numbers by value, also when one of them is a text that holds only the
//! number; flags and null as they are; objects give the mean over the expected members; lists the
//! mean over the longer one's positions, or F1 as sets. Absent and null are the same.

use serde_json::Value;

use super::levenshtein::similarity;
use super::numeric::Tolerance;
use crate::extract::{Number, read_number};
use crate::json::equal;
use crate::options::Options;
use crate::text::Normaliser;

/// Whether the order of list elements counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    Ordered,
    Set,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    how: How,
    tolerance: Tolerance,
    lists: Lists,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Auto,
    Exact,
    Normalised,
    Numeric,
    Similar,
    Present,
}

impl Comparison {
    /// The comparison of fields of which nothing is said.
    pub(super) fn auto(lists: Lists) -> Self {
        Self {
            how: How::Auto,
            tolerance: Tolerance::default(),
            lists,
        }
    }

    /// Reads `compare` and the tolerances.
    pub(super) fn read(options: &mut Options<'_>, lists: Lists) -> Self {
        let kinds = [
            ("auto", (How::Auto, lists)),
            ("exact", (How::Exact, lists)),
            ("normalised", (How::Normalised, lists)),
            ("numeric", (How::Numeric, lists)),
            ("similar", (How::Similar, lists)),
            ("set", (How::Auto, Lists::Set)),
            ("present", (How::Present, lists)),
        ];
        let (how, lists) = options.choice("compare", &kinds, (How::Auto, lists));
        let mut tolerance = |name| options.number(name, 0.0..=f64::INFINITY).unwrap_or(0.0);
        let tolerance = Tolerance {
            absolute: tolerance("tolerance"),
            relative: tolerance("relative_tolerance"),
        };
        Self {
            how,
            tolerance,
            lists,
        }
    }

    /// Scores the value found against the one expected.
    pub(super) fn score(&self, got: Option<&Value>, wanted: Option<&Value>) -> f64 {
        let got = got.unwrap_or(&Value::Null);
        let wanted = wanted.unwrap_or(&Value::Null);
        match self.how {
            How::Present => f64::from(u8::from(!got.is_null())),
            How::Exact => f64::from(u8::from(equal(got, wanted))),
            How::Normalised => self.texts(got, wanted, |got, wanted| {
                let same = Normaliser::USUAL.apply(got) == Normaliser::USUAL.apply(wanted);
                f64::from(u8::from(same))
            }),
            How::Similar => self.texts(got, wanted, |got, wanted| {
                similarity(got, wanted).unwrap_or(0.0)
            }),
            How::Numeric => match (loose_number(got), loose_number(wanted)) {
                (Some(got), Some(wanted)) => {
                    f64::from(u8::from(self.tolerance.admits(&got, &wanted)))
                }
                _ => f64::from(u8::from(equal(got, wanted))),
            },
            How::Auto => self.auto_score(got, wanted),
        }
    }

    /// Compares texts by `of_texts`; other values as `auto` does.
    fn texts(&self, got: &Value, wanted: &Value, of_texts: impl Fn(&str, &str) -> f64) -> f64 {
        match (got, wanted) {
            (Value::String(got), Value::String(wanted)) => of_texts(got, wanted),
            _ => self.auto_score(got, wanted),
        }
    }

    fn auto_score(&self, got: &Value, wanted: &Value) -> f64 {
        match (got, wanted) {
            (Value::String(got), Value::String(wanted)) => {
                f64::from(u8::from(got.trim() == wanted.trim()))
            }
            (Value::Object(got), Value::Object(wanted)) if !wanted.is_empty() => {
                let scores = wanted.iter().map(|(key, wanted)| {
                    self.auto_score(got.get(key).unwrap_or(&Value::Null), wanted)
                });
                scores.sum::<f64>() / wanted.len() as f64
            }
            (Value::Array(got), Value::Array(wanted)) => self.list_score(got, wanted),
            (Value::Number(_), Value::String(_))
            | (Value::String(_), Value::Number(_))
            | (Value::Number(_), Value::Number(_)) => {
                match (whole_number(got), whole_number(wanted)) {
                    (Some(got), Some(wanted)) => {
                        f64::from(u8::from(self.tolerance.admits(&got, &wanted)))
                    }
                    _ => f64::from(u8::from(equal(got, wanted))),
                }
            }
            _ => f64::from(u8::from(equal(got, wanted))),
        }
    }

    fn list_score(&self, got: &[Value], wanted: &[Value]) -> f64 {
        let longer = got.len().max(wanted.len());
        if longer == 0 {
            return 1.0;
        }
        match self.lists {
            Lists::Ordered => {
                let scores = got
                    .iter()
                    .zip(wanted)
                    .map(|(got, wanted)| self.auto_score(got, wanted));
                scores.sum::<f64>() / longer as f64
            }
            Lists::Set => {
                // Lists beyond this length are no field values; the pairing is quadratic.
                if got.len().saturating_mul(wanted.len()) > 4_000_000 {
                    return 0.0;
                }
                let mut free: Vec<&Value> = got.iter().collect();
                let matches = wanted
                    .iter()
                    .filter(|wanted| {
                        let found = free
                            .iter()
                            .position(|got| self.auto_score(got, wanted) >= 1.0);
                        found.map(|at| free.swap_remove(at)).is_some()
                    })
                    .count();
                2.0 * matches as f64 / (got.len() + wanted.len()) as f64
            }
        }
    }
}

/// The number in a value, wherever it stands in a text.
fn loose_number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => read_number(&number.to_string()),
        Value::String(text) => read_number(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The number that a value is; a text only when it holds nothing else.
fn whole_number(value: &Value) -> Option<Number> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            let numeric = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
            if text.chars().all(numeric) {
                read_number(text)
            } else {
                None
            }
        }
        other => loose_number(other),
    }
}
