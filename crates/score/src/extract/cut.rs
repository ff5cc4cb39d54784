//! Steps that cut by a marker: `after`, `before`, `strip`, `boxed`.
//!
//! In: any text. Out: the part beside a marker, the text without some characters, or the content
//! of LaTeX's `\boxed{…}`. Markers are plain text, not expressions.

use std::borrow::Cow;

use super::step::{Plain, Step, StepKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;

const MARKER: OptionDoc = OptionDoc::bare("marker", OptionType::Text, "The marker; required.");
const IGNORE_CASE: OptionDoc = OptionDoc::new(
    "ignore_case",
    OptionType::Flag,
    "false",
    "Ignore the case of ASCII letters in the marker.",
);

pub(super) const AFTER: StepKind = StepKind {
    name: "after",
    doc: "What follows the last (or first) occurrence of a marker.",
    options: &[
        MARKER,
        OptionDoc::new(
            "which",
            OptionType::Choice(&["first", "last"]),
            r#""last""#,
            "Which occurrence.",
        ),
        IGNORE_CASE,
    ],
    argument: Some("marker"),
    example: r#""after:Answer:""#,
    build: |options| {
        let last = options.choice("which", &[("first", false), ("last", true)], true);
        build_cut(options, Side::After, last)
    },
};

pub(super) const BEFORE: StepKind = StepKind {
    name: "before",
    doc: "What precedes the first (or last) occurrence of a marker.",
    options: &[
        MARKER,
        OptionDoc::new(
            "which",
            OptionType::Choice(&["first", "last"]),
            r#""first""#,
            "Which occurrence.",
        ),
        IGNORE_CASE,
    ],
    argument: Some("marker"),
    example: r#"{ step = "before", marker = "Sources:", optional = true }"#,
    build: |options| {
        let last = options.choice("which", &[("first", false), ("last", true)], false);
        build_cut(options, Side::Before, last)
    },
};

pub(super) const STRIP: StepKind = StepKind {
    name: "strip",
    doc: "The text without certain characters, wherever they stand.",
    options: &[OptionDoc::bare(
        "chars",
        OptionType::Text,
        "The characters to leave out; required.",
    )],
    argument: Some("chars"),
    example: r#""strip:$,""#,
    build: |options| {
        let chars = options.required_text("chars")?.chars().collect();
        Some(Box::new(Strip { chars }))
    },
};

pub(super) const BOXED: StepKind = StepKind {
    name: "boxed",
    doc: r"The content of the last `\boxed{…}`.",
    options: &[],
    argument: None,
    example: r#""boxed""#,
    build: |_| Some(Box::new(Plain(boxed))),
};

#[derive(Debug, Clone, Copy)]
enum Side {
    After,
    Before,
}

#[derive(Debug)]
struct Cut {
    marker: regex::Regex,
    side: Side,
    last: bool,
}

fn build_cut(options: &mut Options<'_>, side: Side, last: bool) -> Option<Box<dyn Step>> {
    let ignore_case = options.flag("ignore_case", false);
    let marker = options.required_text("marker")?;
    let marker = crate::text::build_regex(options, "marker", &regex::escape(marker), ignore_case)?;
    Some(Box::new(Cut { marker, side, last }))
}

impl Step for Cut {
    fn apply<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let found = if self.last {
            self.marker.find_iter(text).last()
        } else {
            self.marker.find(text)
        }?;
        let part = match self.side {
            Side::After => text.get(found.end()..),
            Side::Before => text.get(..found.start()),
        };
        part.map(Cow::Borrowed)
    }
}

#[derive(Debug)]
struct Strip {
    chars: Vec<char>,
}

impl Step for Strip {
    fn apply<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        if !text.contains(self.chars.as_slice()) {
            return Some(Cow::Borrowed(text));
        }
        Some(Cow::Owned(text.replace(self.chars.as_slice(), "")))
    }
}

fn boxed(text: &str) -> Option<Cow<'_, str>> {
    let start = text.rfind("\\boxed{")? + "\\boxed{".len();
    let rest = text.get(start..)?;
    let mut depth = 1_usize;
    let end = rest.bytes().position(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    rest.get(..end).map(Cow::Borrowed)
}
