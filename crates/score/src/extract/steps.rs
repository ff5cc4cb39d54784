//! The one table of extraction steps.
//!
//! In: nothing. Out: the rows. A new step is a row here and, when it is more than a line, a module.

use std::borrow::Cow;

use super::step::{Plain, StepKind};
use super::{cut, fence, json_field, number, pattern, ratio, reasoning};

/// Every extraction step.
pub static STEPS: &[StepKind] = &[
    TRIM,
    LOWER,
    fence::KIND,
    json_field::KIND,
    pattern::KIND,
    number::FIRST,
    number::LAST,
    ratio::KIND,
    FIRST_LINE,
    LAST_LINE,
    cut::AFTER,
    cut::BEFORE,
    cut::STRIP,
    cut::BOXED,
    reasoning::KIND,
];

const TRIM: StepKind = StepKind {
    name: "trim",
    doc: "The text without white space at both ends.",
    options: &[],
    argument: None,
    example: r#""trim""#,
    build: |_| Some(Box::new(Plain(|text| Some(Cow::Borrowed(text.trim()))))),
};

const LOWER: StepKind = StepKind {
    name: "lower",
    doc: "The text in lower case.",
    options: &[],
    argument: None,
    example: r#""lower""#,
    build: |_| {
        Some(Box::new(Plain(|text| {
            Some(Cow::Owned(text.to_lowercase()))
        })))
    },
};

const FIRST_LINE: StepKind = StepKind {
    name: "first_line",
    doc: "The first line that is not blank, trimmed.",
    options: &[],
    argument: None,
    example: r#""first_line""#,
    build: |_| {
        Some(Box::new(Plain(|text| {
            let mut lines = text.lines().map(str::trim);
            lines.find(|line| !line.is_empty()).map(Cow::Borrowed)
        })))
    },
};

const LAST_LINE: StepKind = StepKind {
    name: "last_line",
    doc: "The last line that is not blank, trimmed.",
    options: &[],
    argument: None,
    example: r#""last_line""#,
    build: |_| {
        Some(Box::new(Plain(|text| {
            let mut lines = text.lines().rev().map(str::trim);
            lines.find(|line| !line.is_empty()).map(Cow::Borrowed)
        })))
    },
};
