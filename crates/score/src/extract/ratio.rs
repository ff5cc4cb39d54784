//! Step `fraction`: a plain fraction as a decimal number.
//!
//! In: a text that as a whole is `a/b`, `n a/b` or `\frac{a}{b}`. Out: its value in decimal. Any
//! other text, also one with a zero denominator, passes unchanged, since most answers are no
//! fractions. No arithmetic beyond that.

use std::borrow::Cow;

use super::step::{Plain, StepKind};

pub(super) const KIND: StepKind = StepKind {
    name: "fraction",
    doc: r"A text that is a plain fraction (`3/4`, `1 1/2`, `\frac{3}{4}`) as a decimal; other text unchanged.",
    options: &[],
    argument: None,
    example: r#""fraction""#,
    build: |_| {
        Some(Box::new(Plain(|text| {
            Some(match evaluate(text) {
                Some(value) => Cow::Owned(value.to_string()),
                None => Cow::Borrowed(text),
            })
        })))
    },
};

fn evaluate(text: &str) -> Option<f64> {
    // Longer texts are no plain fractions, and the check stays constant-time.
    let text = text.trim();
    if text.len() > 100 {
        return None;
    }
    let (negative, text) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let value = latex(text).or_else(|| plain(text))?;
    Some(if negative { -value } else { value }).filter(|value| value.is_finite())
}

fn latex(text: &str) -> Option<f64> {
    let rest = ["\\frac{", "\\dfrac{", "\\tfrac{"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))?;
    let (numerator, rest) = rest.split_once('}')?;
    let denominator = rest.trim().strip_prefix('{')?.strip_suffix('}')?;
    divide(numerator, denominator)
}

fn plain(text: &str) -> Option<f64> {
    let (left, denominator) = text.split_once('/')?;
    let left = left.trim();
    match left.split_once(char::is_whitespace) {
        Some((whole, numerator)) if whole.bytes().all(|b| b.is_ascii_digit()) => {
            Some(whole.parse::<f64>().ok()? + divide(numerator, denominator)?)
        }
        Some(_) => None,
        None => divide(left, denominator),
    }
}

fn divide(numerator: &str, denominator: &str) -> Option<f64> {
    let part = |text: &str| -> Option<f64> {
        let text = text.trim();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let simple = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if simple { text.parse().ok() } else { None }
    };
    let denominator = part(denominator)?;
    if denominator == 0.0 {
        return None;
    }
    Some(part(numerator)? / denominator)
}
