//! Reads a judge's reply.
//!
//! In: what the judge wrote. Out: a score and its explanation, or why there is none. Reasoning
//! blocks are dropped. Then, in this order: the last JSON object that has a grade (`score`,
//! `rating`, `grade`, `verdict`, also one level down); the last `[[grade]]`; the last line such as
//! `Score: 4/5`; the whole reply when it is nothing but a grade. The last one counts because judges
//! quote the answer, and what it claims, before they conclude. A grade outside the scale, a reply
//! cut off inside its object and an unreadable reply are missing scores, never 0.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};
use trilemma_domain::ScoredOutcome;

use super::scale::Scale;
use crate::extract::without_reasoning;
use crate::json::{Leniency, objects};
use crate::outcome::{because, failed};
use crate::text::excerpt;

const GRADE_KEYS: [&str; 5] = ["score", "rating", "grade", "verdict", "judgement"];
const WHY_KEYS: [&str; 5] = [
    "explanation",
    "reasoning",
    "reason",
    "rationale",
    "justification",
];
/// Longest explanation that is kept.
const MAX_WHY_CHARS: usize = 2_000;

/// Patterns of grades outside JSON; the group is the grade.
static CUES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"\[\[\s*([^\[\]\n]{1,40}?)\s*\]\]",
        r#"(?i)\b(?:score|rating|grade|verdict|judgement|judgment)\b["'*_\s]*(?:is\b|[:=])["'*_\s]*([^\n"'*_;]{1,40})"#,
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// Reads a reply on a scale.
pub(super) fn read(scale: &Scale, reply: &str) -> ScoredOutcome {
    let text = without_reasoning(reply);
    let mut last = None;
    for found in objects(&text, Leniency::Lenient) {
        if let Some(grade) = grade_in(&found.map) {
            last = Some((grade.clone(), why_in(&found.map), found.complete));
        }
    }
    if let Some((grade, why, complete)) = last {
        if !complete {
            return failed("the judge's reply is cut off; hint: raise its `max_output_tokens`");
        }
        return match grade_value(scale, &grade) {
            Some(score) => because(score, why.unwrap_or_else(|| excerpt(&text))),
            None => failed(format!(
                "the judge's grade `{}` is not {}",
                excerpt(&grade.to_string()),
                scale.describe()
            )),
        };
    }
    match loose_grade(scale, &text) {
        Some(score) => because(score, bounded(text.trim())),
        None => failed(format!(
            "the judge's reply `{}` holds no grade, which is {}",
            excerpt(&text),
            scale.describe()
        )),
    }
}

fn grade_in(map: &Map<String, Value>) -> Option<&Value> {
    let own = GRADE_KEYS.iter().find_map(|wanted| {
        map.iter()
            .find(|(key, value)| key.eq_ignore_ascii_case(wanted) && is_grade(value))
            .map(|(_, value)| value)
    });
    own.or_else(|| {
        map.values()
            .filter_map(Value::as_object)
            .find_map(|inner| GRADE_KEYS.iter().find_map(|key| inner.get(*key)))
            .filter(|value| is_grade(value))
    })
}

fn is_grade(value: &Value) -> bool {
    matches!(value, Value::Number(_) | Value::String(_) | Value::Bool(_))
}

fn why_in(map: &Map<String, Value>) -> Option<String> {
    WHY_KEYS
        .iter()
        .find_map(|wanted| {
            map.iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(wanted))
                .and_then(|(_, value)| value.as_str())
        })
        .map(bounded)
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_WHY_CHARS).collect()
}

fn grade_value(scale: &Scale, grade: &Value) -> Option<f64> {
    match grade {
        Value::Number(number) => scale.of_number(number.as_f64()?),
        Value::String(text) => grade_text(scale, text),
        Value::Bool(passed) => scale.of_word(if *passed { "pass" } else { "fail" }),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A grade in text, which must be nothing else: `4`, `4/5`, `4 out of 5`, `B`, `pass`.
fn grade_text(scale: &Scale, text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '_' | '`' | '"' | '\'' | '(' | ')' | '.' | ',')
    });
    match scale {
        Scale::Words(_) => scale.of_word(text).or_else(|| {
            let synonym = match text.to_lowercase().as_str() {
                "passed" | "passes" | "yes" | "true" | "correct" => "pass",
                "failed" | "fails" | "no" | "false" | "incorrect" => "fail",
                _ => return None,
            };
            scale.of_word(synonym)
        }),
        Scale::Numeric { max, .. } => {
            let (grade, of) = match text.split_once('/') {
                Some((grade, of)) => (grade, Some(of)),
                None => match text.split_once("out of") {
                    Some((grade, of)) => (grade, Some(of)),
                    None => (text, None),
                },
            };
            if let Some(of) = of {
                let of: f64 = of.trim().parse().ok()?;
                if (of - max).abs() > f64::EPSILON {
                    return None;
                }
            }
            scale.of_number(grade.trim().parse().ok()?)
        }
    }
}

fn loose_grade(scale: &Scale, text: &str) -> Option<f64> {
    for cue in CUES.iter() {
        let grades = cue.captures_iter(text).filter_map(|found| found.get(1));
        if let Some(grade) = grades.last() {
            return leading_grade(scale, grade.as_str());
        }
    }
    grade_text(scale, text)
}

/// A grade at the start of a phrase, such as `4/5 because …`.
fn leading_grade(scale: &Scale, phrase: &str) -> Option<f64> {
    if let Some(score) = grade_text(scale, phrase) {
        return Some(score);
    }
    let cut = phrase
        .split(['(', ',', '\u{2013}', '\u{2014}'])
        .next()
        .unwrap_or_default();
    if let Some(score) = grade_text(scale, cut) {
        return Some(score);
    }
    let first = phrase.split_whitespace().next()?;
    // `4 out of 10` on a scale to 5 must not be read as 4.
    let misleading = phrase.contains("out of") || phrase.contains('/') || phrase.contains('%');
    if misleading && !first.contains('/') {
        return None;
    }
    grade_text(scale, first)
}
