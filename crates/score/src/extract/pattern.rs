//! Step `regex`: a capture group of a regular expression.
//!
//! In: any text. Out: one group of one match. Syntax and linear-time guarantee are those of the
//! `regex` crate; look-around and back-references do not exist.

use std::borrow::Cow;

use regex::Regex;

use super::step::{Step, StepKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::text::build_regex;

pub(super) const KIND: StepKind = StepKind {
    name: "regex",
    doc: "A group of the first (or last) match of a regular expression.",
    options: &[
        OptionDoc::bare(
            "pattern",
            OptionType::Text,
            "The expression (syntax of the Rust `regex` crate); required.",
        ),
        OptionDoc::bare(
            "group",
            OptionType::Text,
            "Number (as a number or in quotes) or name of the group; by default 1 where there is one, else the whole match.",
        ),
        OptionDoc::new(
            "which",
            OptionType::Choice(&["first", "last"]),
            r#""first""#,
            "Which match that has the group.",
        ),
        OptionDoc::new("ignore_case", OptionType::Flag, "false", "Ignore case."),
    ],
    argument: Some("pattern"),
    example: r#"{ step = "regex", pattern = '(?i)final answer:\s*(.+)' }"#,
    build,
};

fn build(options: &mut Options<'_>) -> Option<Box<dyn Step>> {
    let last = options.choice("which", &[("first", false), ("last", true)], false);
    let ignore_case = options.flag("ignore_case", false);
    let pattern = options.required_text("pattern")?;
    let regex = build_regex(options, "pattern", pattern, ignore_case)?;
    let group_idx = group_idx(options, &regex)?;
    Some(Box::new(Pattern {
        regex,
        group_idx,
        last,
    }))
}

fn group_idx(options: &mut Options<'_>, regex: &Regex) -> Option<usize> {
    let n_groups = regex.captures_len();
    let named = match options.value("group") {
        None => return Some(usize::from(n_groups > 1)),
        Some(serde_json::Value::Number(number)) => number.to_string(),
        Some(_) => options.text("group")?.to_owned(),
    };
    let by_number = named.parse().ok().filter(|idx| *idx < n_groups);
    let found = by_number.or_else(|| regex.capture_names().position(|name| name == Some(&named)));
    if found.is_none() {
        options.problem(
            "group",
            format!("the expression has no group `{named}`"),
            format!(
                "write a number from 0 to {} or a group's name",
                n_groups - 1
            ),
        );
    }
    found
}

#[derive(Debug)]
struct Pattern {
    regex: Regex,
    group_idx: usize,
    last: bool,
}

impl Step for Pattern {
    fn apply<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let mut groups = self
            .regex
            .captures_iter(text)
            .filter_map(|captures| captures.get(self.group_idx));
        let found = if self.last {
            groups.last()
        } else {
            groups.next()
        };
        found.map(|group| Cow::Borrowed(group.as_str()))
    }
}
