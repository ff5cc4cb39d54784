//! Steps `first_number` and `last_number`, and the reading of numbers that they share with the
//! numeric scorer.
//!
//! In: running text. Out: one number in plain decimal notation. Understood: signs (also U+2212),
//! currency signs and ISO codes before the digits, thousands separators in groups of three (comma,
//! apostrophe, underscore, no-break and thin spaces), decimals, exponents, percent signs. A minus
//! counts as a sign only where no word or number ends right before it, so `10-5` holds 10 and 5.
//! Digits glued to a word (`Q3`) are taken only when the text has no free-standing number. Number
//! words, `10k` and non-ASCII digits are not understood. One pass.

use std::borrow::Cow;

use super::step::{Step, StepKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;

const OPTIONS: &[OptionDoc] = &[
    OptionDoc::new(
        "decimal",
        OptionType::Choice(&[".", ","]),
        r#"".""#,
        "The decimal mark; with a comma, the point separates thousands.",
    ),
    OptionDoc::new(
        "percent",
        OptionType::Choice(&["keep", "divide"]),
        r#""keep""#,
        "`45%` is 45 (keep) or 0.45 (divide).",
    ),
];

pub(super) const FIRST: StepKind = StepKind {
    name: "first_number",
    doc: "The first number, in plain notation: `$1,234.50` leaves `1234.50`.",
    options: OPTIONS,
    argument: None,
    example: r#""first_number""#,
    build: |options| build(options, Which::First),
};

pub(super) const LAST: StepKind = StepKind {
    name: "last_number",
    doc: "The last number, in plain notation.",
    options: OPTIONS,
    argument: None,
    example: r#"{ step = "last_number", decimal = "," }"#,
    build: |options| build(options, Which::Last),
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    First,
    Last,
}

fn build(options: &mut Options<'_>, which: Which) -> Option<Box<dyn Step>> {
    let point = options.choice("decimal", &[(".", b'.'), (",", b',')], b'.');
    let divide = options.choice("percent", &[("keep", false), ("divide", true)], false);
    Some(Box::new(NumberStep {
        which,
        point,
        divide,
    }))
}

#[derive(Debug)]
struct NumberStep {
    which: Which,
    point: u8,
    divide: bool,
}

impl Step for NumberStep {
    fn apply<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let found = find(text, self.point, self.which)?;
        if self.divide && found.percent {
            let value = found.number.value()? / 100.0;
            return Some(Cow::Owned(value.to_string()));
        }
        Some(Cow::Owned(found.number.text))
    }
}

/// A number in plain decimal notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Number {
    /// Sign, digits, and where present a point with digits and an exponent.
    pub(crate) text: String,
}

impl Number {
    /// The nearest floating-point value; `None` beyond its range.
    pub(crate) fn value(&self) -> Option<f64> {
        self.text
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
    }

    /// Whether both are the same number, compared by their digits: exact at any length.
    pub(crate) fn same_digits(&self, other: &Self) -> bool {
        match (bare_digits(&self.text), bare_digits(&other.text)) {
            (Some(own), Some(others)) => own == others,
            _ => self.value().is_some() && self.value() == other.value(),
        }
    }
}

/// Negative or not, whole digits, decimals, without idle zeros; `None` with an exponent.
fn bare_digits(text: &str) -> Option<(bool, &str, &str)> {
    if text.contains('e') {
        return None;
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0');
    let decimals = decimals.trim_end_matches('0');
    let zero = whole.is_empty() && decimals.is_empty();
    Some((text.starts_with('-') && !zero, whole, decimals))
}

/// Reads the first number of a text, with a decimal point.
pub(crate) fn read_number(text: &str) -> Option<Number> {
    find(text, b'.', Which::First).map(|found| found.number)
}

struct Found {
    number: Number,
    percent: bool,
}

fn find(text: &str, point: u8, which: Which) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut pos = 0;
    let mut free = None;
    let mut glued = None;
    while let Some(len) = bytes
        .get(pos..)
        .and_then(|rest| rest.iter().position(u8::is_ascii_digit))
    {
        let span = span(text, pos + len, point);
        pos = span.end;
        let slot = if span.glued { &mut glued } else { &mut free };
        if which == Which::Last || slot.is_none() {
            *slot = Some(span);
        }
        if which == Which::First && free.is_some() {
            break;
        }
    }
    let span = free.or(glued)?;
    Some(Found {
        percent: text
            .get(span.end..)
            .is_some_and(|rest| rest.trim_start_matches([' ', '\u{a0}']).starts_with('%')),
        number: span.number(text, point),
    })
}

/// Where a number stands in a text.
#[derive(Debug, Clone, Copy)]
struct Span {
    negative: bool,
    glued: bool,
    start: usize,
    end: usize,
}

impl Span {
    fn number(self, text: &str, point: u8) -> Number {
        let raw = text.get(self.start..self.end).unwrap_or_default();
        let mut plain = String::with_capacity(raw.len() + 1);
        if self.negative {
            plain.push('-');
        }
        for c in raw.chars() {
            match c {
                '0'..='9' | '+' | '-' => plain.push(c),
                'e' | 'E' => plain.push('e'),
                c if c == char::from(point) => {
                    if plain.is_empty() || plain == "-" {
                        plain.push('0');
                    }
                    plain.push('.');
                }
                _ => {}
            }
        }
        Number { text: plain }
    }
}

/// Measures the number around the digit at `first`, which no number before it covers.
fn span(text: &str, first: usize, point: u8) -> Span {
    let bytes = text.as_bytes();
    let mut start = first;
    if first > 0 && bytes.get(first - 1) == Some(&point) {
        let dot = first - 1;
        if !ends_word(text, dot) {
            start = dot;
        }
    }
    let mut end = whole_part(text, first, point);
    if start == first && bytes.get(end) == Some(&point) && is_digit(bytes, end + 1) {
        end = digits_end(bytes, end + 1);
    }
    end = exponent_end(bytes, end);
    let (negative, glued) = before(text, start);
    Span {
        negative,
        glued,
        start,
        end,
    }
}

/// End of the digits before the point, groups of thousands included.
fn whole_part(text: &str, first: usize, point: u8) -> usize {
    let bytes = text.as_bytes();
    let mut end = digits_end(bytes, first);
    if end - first > 3 {
        return end;
    }
    let mut separator: Option<char> = None;
    while let Some(next) = text.get(end..).and_then(|rest| rest.chars().next()) {
        let groups = match next {
            ',' | '.' => next != char::from(point),
            '\'' | '\u{2019}' | '_' | '\u{a0}' | '\u{202f}' | '\u{2009}' => true,
            _ => false,
        };
        let group = end + next.len_utf8();
        if !groups
            || separator.is_some_and(|used| used != next)
            || digits_end(bytes, group) != group + 3
        {
            break;
        }
        separator = Some(next);
        end = group + 3;
    }
    end
}

fn exponent_end(bytes: &[u8], end: usize) -> usize {
    if !matches!(bytes.get(end), Some(b'e' | b'E')) {
        return end;
    }
    let digits = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
    let stop = digits_end(bytes, digits);
    let glued = bytes
        .get(stop)
        .is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80);
    // Longer exponents are no numbers anyone wrote.
    if stop == digits || stop > digits + 3 || glued {
        end
    } else {
        stop
    }
}

/// What stands before a number: a minus sign, or a word that it is glued to.
fn before(text: &str, start: usize) -> (bool, bool) {
    let head = text.get(..start).unwrap_or_default();
    let unpriced = head.trim_end_matches(is_currency);
    if let Some(rest) = unpriced.strip_suffix(['-', '\u{2212}']) {
        let joins = rest
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, ')' | ']' | '}' | '_' | '%'));
        return (!joins, false);
    }
    if unpriced.len() < head.len() {
        return (false, false);
    }
    let glued = ends_word(text, start) && !ends_currency_code(head);
    (false, glued)
}

/// Whether a letter, digit or underscore ends right before `at`.
fn ends_word(text: &str, at: usize) -> bool {
    text.get(..at)
        .and_then(|head| head.chars().next_back())
        .is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// Whether `head` ends in exactly three capitals, as in `USD`.
fn ends_currency_code(head: &str) -> bool {
    let letters = head.bytes().rev().take(4);
    letters.take_while(u8::is_ascii_uppercase).count() == 3
        && !head
            .get(..head.len() - 3)
            .is_some_and(|rest| ends_word(rest, rest.len()))
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20c0}')
}

fn is_digit(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_digit)
}

fn digits_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|b| b.is_ascii_digit()).count()
}
