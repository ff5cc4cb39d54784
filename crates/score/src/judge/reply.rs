//! Reads a judge's reply.
//!
//! In: what the judge wrote. Out: a score and its explanation, or why there is none. Reasoning
//! blocks are dropped. Then, in this order: the last JSON object that has a grade (`score`,
//! `rating`, `grade`, `winner`, `verdict`, also one level down); the last `[[grade]]`; the last line such as
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

const GRADE_KEYS: [&str; 6] = ["score", "rating", "grade", "winner", "verdict", "judgement"];
const WHY_KEYS: [&str; 5] = [
    "explanation",
    "reasoning",
    "reason",
    "rationale",
    "justification",
];
/// Longest explanation that is kept.
const MAX_WHY_CHARS: usize = 2_000;

/// Words that stand for the grades of a scale of `pass` and `fail`, or of a pair.
const SYNONYMS: [(&str, &str); 22] = [
    ("answer a", "A"),
    ("answer b", "B"),
    ("assistant a", "A"),
    ("assistant b", "B"),
    ("response a", "A"),
    ("response b", "B"),
    ("a tie", "tie"),
    ("tied", "tie"),
    ("draw", "tie"),
    ("a draw", "tie"),
    ("equal", "tie"),
    ("neither", "tie"),
    ("passed", "pass"),
    ("passes", "pass"),
    ("yes", "pass"),
    ("true", "pass"),
    ("correct", "pass"),
    ("failed", "fail"),
    ("fails", "fail"),
    ("no", "fail"),
    ("false", "fail"),
    ("incorrect", "fail"),
];

/// Grades outside JSON: between double brackets, or after a cue.
static CUES: LazyLock<Option<[Regex; 2]>> = LazyLock::new(|| {
    let boxed = Regex::new(r"\[\[([^\[\]\n]{1,40})\]\]").ok()?;
    let cue = r#"(?i)\b(?:score|rating|grade|winner|verdict|judge?ment)\b["'*_`\s]*(?:is\b|[:=])"#;
    Some([boxed, Regex::new(cue).ok()?])
});

/// A numeric grade, perhaps with the best one behind it.
static GRADE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(-?\d+(?:\.\d+)?)(?:\s*(?:/|out\s+of)\s*(\d+(?:\.\d+)?))?").ok()
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
    let (score, rest) = leading_grade(scale, text)?;
    rest.chars().all(is_decoration).then_some(score)
}

fn loose_grade(scale: &Scale, text: &str) -> Option<f64> {
    let [boxed, cue] = CUES.as_ref()?;
    if let Some(found) = boxed.captures_iter(text).last() {
        return grade_text(scale, found.get(1)?.as_str());
    }
    if let Some(found) = cue.find_iter(text).last() {
        let line = text.get(found.end()..)?.lines().next()?;
        return leading_grade(scale, line).map(|(score, _)| score);
    }
    grade_text(scale, text)
}

/// A grade at the start of a phrase such as `4/5 because …`, and what follows it.
fn leading_grade<'t>(scale: &Scale, phrase: &'t str) -> Option<(f64, &'t str)> {
    let phrase = phrase.trim_start_matches(is_decoration);
    match scale {
        Scale::Numeric { max, .. } => {
            let found = GRADE.as_ref()?.captures(phrase)?;
            let rest = phrase.get(found.get(0)?.end()..)?;
            let mut after = rest.chars();
            let goes_on = match after.next() {
                Some('-' | '\u{2013}' | '.' | ',') => {
                    after.next().is_some_and(|c| c.is_ascii_digit())
                }
                Some(next) => next.is_alphanumeric() || next == '%' || next == '/',
                None => false,
            };
            let of: Option<f64> = match found.get(2) {
                Some(of) => Some(of.as_str().parse().ok()?),
                None => None,
            };
            if goes_on || of.is_some_and(|of| (of - max).abs() > f64::EPSILON) {
                return None;
            }
            let grade = found.get(1)?.as_str().parse().ok()?;
            Some((scale.of_number(grade)?, rest))
        }
        Scale::Words(words) => {
            let own = words.iter().map(|(word, _)| (word.as_str(), word.as_str()));
            own.chain(SYNONYMS.iter().copied())
                .filter_map(|(word, means)| {
                    let rest = strip_word(phrase, word)?;
                    Some((word.len(), (scale.of_word(means)?, rest)))
                })
                .max_by_key(|(len, _)| *len)
                .map(|(_, found)| found)
        }
    }
}

/// What follows `word` at the start of a phrase, in any case; `None` when it is part of a longer
/// word.
fn strip_word<'t>(phrase: &'t str, word: &str) -> Option<&'t str> {
    let head = phrase.get(..word.len())?;
    let rest = phrase.get(word.len()..)?;
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric());
    (head.eq_ignore_ascii_case(word) && ends).then_some(rest)
}

fn is_decoration(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '*' | '_' | '`' | '"' | '\'' | '(' | ')' | '[' | ']' | '.' | ',' | '!'
        )
}
