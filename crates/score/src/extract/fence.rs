//! Step `code_fence`: what stands between Markdown code fences.
//!
//! In: Markdown. Out: the content of one fenced block, without its fences. A fence that is never
//! closed ends with the text (CommonMark 0.31, section 4.5). Indented code is not looked at.

use std::borrow::Cow;

use super::step::{Step, StepKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;

pub(super) const KIND: StepKind = StepKind {
    name: "code_fence",
    doc: "The content of the first (or last) Markdown code fence.",
    options: &[
        OptionDoc::bare(
            "language",
            OptionType::Text,
            "Only fences marked with this language, in any case.",
        ),
        OptionDoc::new(
            "which",
            OptionType::Choice(&["first", "last"]),
            r#""first""#,
            "Which fence.",
        ),
    ],
    argument: Some("language"),
    example: r#""code_fence:json""#,
    build,
};

fn build(options: &mut Options<'_>) -> Option<Box<dyn Step>> {
    let language = options.text("language").map(str::to_owned);
    let last = options.choice("which", &[("first", false), ("last", true)], false);
    Some(Box::new(CodeFence { language, last }))
}

#[derive(Debug)]
struct CodeFence {
    language: Option<String>,
    last: bool,
}

impl Step for CodeFence {
    fn apply<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let mut found = None;
        for block in blocks(text) {
            let fits = match &self.language {
                Some(language) => block.language.eq_ignore_ascii_case(language),
                None => true,
            };
            if fits {
                found = Some(Cow::Borrowed(block.content));
                if !self.last {
                    break;
                }
            }
        }
        found
    }
}

struct Block<'t> {
    language: &'t str,
    content: &'t str,
}

/// An opening fence: its character, its length and where its content starts.
struct Open<'t> {
    mark: char,
    len: usize,
    language: &'t str,
    start: usize,
}

fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut lines = text.split_inclusive('\n');
    let mut pos = 0;
    let mut open: Option<Open<'_>> = None;
    let mut ended = false;
    std::iter::from_fn(move || {
        loop {
            let Some(line) = lines.next() else {
                let last = open.take().filter(|_| !ended);
                ended = true;
                return last.and_then(|fence| block(text, &fence, text.len()));
            };
            let start = pos;
            pos += line.len();
            let trimmed = line.trim();
            match &open {
                None => open = opening(trimmed, pos),
                Some(fence) if closes(trimmed, fence) => {
                    let done = block(text, fence, start);
                    open = None;
                    if done.is_some() {
                        return done;
                    }
                }
                Some(_) => {}
            }
        }
    })
}

fn block<'t>(text: &'t str, fence: &Open<'t>, end: usize) -> Option<Block<'t>> {
    let content = text.get(fence.start..end)?;
    let content = content.strip_suffix('\n').unwrap_or(content);
    Some(Block {
        language: fence.language,
        content: content.strip_suffix('\r').unwrap_or(content),
    })
}

fn opening(line: &str, start: usize) -> Option<Open<'_>> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = line.trim_start_matches(mark);
    let len = line.len() - info.len();
    // CommonMark: the info string of a backtick fence holds no backticks.
    if len < 3 || (mark == '`' && info.contains('`')) {
        return None;
    }
    let language = info.split_whitespace().next().unwrap_or_default();
    Some(Open {
        mark,
        len,
        language,
        start,
    })
}

fn closes(line: &str, fence: &Open<'_>) -> bool {
    line.len() >= fence.len && line.chars().all(|c| c == fence.mark)
}
