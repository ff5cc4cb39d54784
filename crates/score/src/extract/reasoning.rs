//! Step `without_reasoning`: the answer without the thinking that some models print before it.
//!
//! In: text with `<think>…</think>` (or `thinking`, `reasoning`) blocks. Out: the text without
//! them. A closing tag without an opening one ends a block that began before the text did; an
//! opening tag that is never closed leaves nothing behind it. Tags are matched in lower case, as
//! the models' chat templates write them.

use std::borrow::Cow;

use super::step::{Plain, StepKind};

const TAGS: [(&str, &str); 3] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
];

pub(super) const KIND: StepKind = StepKind {
    name: "without_reasoning",
    doc: "The text without `<think>…</think>` blocks.",
    options: &[],
    argument: None,
    example: r#""without_reasoning""#,
    build: |_| Some(Box::new(Plain(|text| Some(without_reasoning(text))))),
};

/// Leaves out reasoning blocks.
pub(crate) fn without_reasoning(text: &str) -> Cow<'_, str> {
    TAGS.iter()
        .fold(Cow::Borrowed(text), |text, (open, close)| match text {
            Cow::Borrowed(text) => without_tag(text, open, close),
            Cow::Owned(text) => Cow::Owned(without_tag(&text, open, close).into_owned()),
        })
}

fn without_tag<'t>(text: &'t str, open: &str, close: &str) -> Cow<'t, str> {
    let text = match (text.find(open), text.find(close)) {
        (None, None) => return Cow::Borrowed(text),
        (opened, Some(closed)) if opened.is_none_or(|opened| closed < opened) => {
            text.get(closed + close.len()..).unwrap_or_default()
        }
        (_, _) => text,
    };
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once(open) {
        kept.push_str(before);
        rest = inside.split_once(close).map_or("", |(_, after)| after);
    }
    if kept.is_empty() {
        return Cow::Borrowed(rest);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}
