//! Scales: how a judge's grade becomes a score.
//!
//! In: `scale = "1-5"`, `"pass/fail"`, `"A-F"`, or a table of words. Out: scores in [0, 1]. A
//! numeric scale maps its ends to 0 and 1 and is linear between; a grade outside the scale is no
//! grade. `A-F` is A = 1, B = 0.75, C = 0.5, D = 0.25, F = 0.

use serde_json::Value;

use crate::options::Options;

/// What grades a judge may give.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// A number from `min` (score 0) to `max` (score 1).
    Numeric {
        /// The worst grade.
        min: f64,
        /// The best grade, above `min`.
        max: f64,
    },
    /// Words with their scores, in the project's order.
    Words(Vec<(String, f64)>),
}

const HINT: &str = "write `\"0-1\"`, `\"1-5\"`, `\"1-10\"`, `\"A-F\"`, `\"pass/fail\"` or a table such as `{ good = 1, poor = 0 }`";

impl Scale {
    /// Reads the option `scale`; 1 to 5 when it is not given.
    pub(super) fn read(options: &mut Options<'_>) -> Option<Self> {
        match options.value("scale") {
            None => Some(Self::Numeric { min: 1.0, max: 5.0 }),
            Some(Value::String(name)) => {
                let scale = Self::named(name);
                if scale.is_none() {
                    options.problem("scale", format!("there is no scale `{name}`"), HINT);
                }
                scale
            }
            Some(Value::Object(table)) if table.len() >= 2 => {
                let words: Option<Vec<(String, f64)>> = table
                    .iter()
                    .map(|(word, score)| {
                        let score = score.as_f64().filter(|score| (0.0..=1.0).contains(score))?;
                        Some((word.clone(), score))
                    })
                    .collect();
                if words.is_none() {
                    options.problem(
                        "scale",
                        "a grade's score is no number from 0 to 1",
                        "write such as `{ good = 1, fair = 0.5, poor = 0 }`",
                    );
                }
                words.map(best_first).map(Self::Words)
            }
            Some(_) => {
                options.problem("scale", "the scale has fewer than two grades", HINT);
                None
            }
        }
    }

    /// How the answer that is shown first did against the other.
    pub(super) fn pair() -> Self {
        let words = [("A", 1.0), ("B", 0.0), ("tie", 0.5)];
        Self::Words(
            words
                .into_iter()
                .map(|(word, score)| (word.to_owned(), score))
                .collect(),
        )
    }

    fn named(name: &str) -> Option<Self> {
        let words = |list: &[(&str, f64)]| {
            Self::Words(
                list.iter()
                    .map(|(word, score)| ((*word).to_owned(), *score))
                    .collect(),
            )
        };
        match name.to_lowercase().as_str() {
            "a-f" => Some(words(&[
                ("A", 1.0),
                ("B", 0.75),
                ("C", 0.5),
                ("D", 0.25),
                ("F", 0.0),
            ])),
            "pass/fail" | "pass-fail" => Some(words(&[("pass", 1.0), ("fail", 0.0)])),
            range => {
                let (min, max) = range.split_once('-')?;
                let (min, max): (f64, f64) = (min.trim().parse().ok()?, max.trim().parse().ok()?);
                (min < max && max.is_finite()).then_some(Self::Numeric { min, max })
            }
        }
    }

    /// The score of a numeric grade; `None` outside the scale or on a scale of words.
    pub(super) fn of_number(&self, grade: f64) -> Option<f64> {
        match self {
            Self::Numeric { min, max } if (*min..=*max).contains(&grade) => {
                Some((grade - min) / (max - min))
            }
            Self::Numeric { .. } | Self::Words(_) => None,
        }
    }

    /// The score of a grade in words, in any case; `None` when it is no grade of this scale.
    pub(super) fn of_word(&self, grade: &str) -> Option<f64> {
        let Self::Words(words) = self else {
            return None;
        };
        let grade = grade.trim();
        let same = |(word, _): &&(String, f64)| word.to_lowercase() == grade.to_lowercase();
        words.iter().find(same).map(|(_, score)| *score)
    }

    /// The grades in the words of the prompt.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Numeric { min, max } => {
                format!("a number from {min} (worst) to {max} (best)")
            }
            Self::Words(words) => {
                let list: Vec<String> = words
                    .iter()
                    .map(|(word, _)| format!("\"{word}\""))
                    .collect();
                format!("one of {}", list.join(", "))
            }
        }
    }

    /// JSON Schema of a grade.
    pub(super) fn schema(&self) -> Value {
        match self {
            Self::Numeric { .. } => serde_json::json!({ "type": "number" }),
            Self::Words(words) => {
                let list: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
                serde_json::json!({ "type": "string", "enum": list })
            }
        }
    }
}

/// Orders grades from best to worst, ties by name, so that prompts do not depend on map order.
fn best_first(mut words: Vec<(String, f64)>) -> Vec<(String, f64)> {
    words.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words
}
