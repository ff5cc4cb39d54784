//! The texts of a prompt that are the same for every item: by them a request that uses it is known.
//!
//! In: a template, and a request in neutral words or as it came. Out: whether all of those texts occur, in their
//! order. Lines that are made of fields, and lines that stand within a condition or a loop, say nothing.

use memchr::memmem::Finder;
use trilemma_domain::{Message, Part};

/// The fixed lines of a template, in their order.
pub(crate) struct FixedTexts {
    lines: Vec<Line>,
}

struct Line {
    plain: Finder<'static>,
    /// As most clients write it within JSON.
    json: Finder<'static>,
}

impl FixedTexts {
    /// Reads a template.
    pub(crate) fn of(template: &str) -> Self {
        let mut depth = 0_usize;
        let mut lines = Vec::new();
        for line in template.lines().map(str::trim) {
            let is_made = ["{{", "{%", "{#"].iter().any(|mark| line.contains(mark));
            if is_made {
                depth = depth
                    .saturating_add(opened(line))
                    .saturating_sub(closed(line));
            } else if depth == 0 && !line.is_empty() && !line.starts_with("===") {
                let json = serde_json::Value::from(line).to_string();
                let json = json.trim_matches('"');
                lines.push(Line {
                    plain: Finder::new(line).into_owned(),
                    json: Finder::new(json).into_owned(),
                });
            }
        }
        Self { lines }
    }

    /// Whether all occur in a conversation.
    pub(crate) fn are_in(&self, messages: &[Message]) -> bool {
        let mut texts = messages
            .iter()
            .flat_map(|message| &message.parts)
            .filter_map(|part| match part {
                Part::Text { text } => Some(text.as_bytes()),
                Part::Image { .. }
                | Part::File { .. }
                | Part::FileUrl { .. }
                | Part::ToolCall(_)
                | Part::ToolResult { .. }
                | Part::CacheBreakpoint => None,
            });
        self.follow(&mut texts, |line| &line.plain)
    }

    /// Whether all surely occur in values of a body, one after the other; false = perhaps they do.
    pub(crate) fn are_surely_in<'a>(&self, values: impl IntoIterator<Item = &'a str>) -> bool {
        let mut values = values.into_iter().map(str::as_bytes);
        self.follow(&mut values, |line| &line.json)
    }

    fn follow<'a>(
        &self,
        texts: &mut dyn Iterator<Item = &'a [u8]>,
        which: fn(&Line) -> &Finder<'static>,
    ) -> bool {
        let mut rest: &[u8] = &[];
        self.lines.iter().all(|line| {
            let finder = which(line);
            loop {
                if let Some(at) = finder.find(rest) {
                    rest = rest.get(at + finder.needle().len()..).unwrap_or_default();
                    return true;
                }
                match texts.next() {
                    Some(next) => rest = next,
                    None => return false,
                }
            }
        })
    }
}

/// Blocks that a line opens, and those that it closes.
fn opened(line: &str) -> usize {
    blocks(line)
        .filter(|word| matches!(*word, "if" | "for"))
        .count()
}

fn closed(line: &str) -> usize {
    blocks(line)
        .filter(|word| matches!(*word, "endif" | "endfor"))
        .count()
}

/// The first words of a line's blocks.
fn blocks(line: &str) -> impl Iterator<Item = &str> {
    line.split("{%").skip(1).filter_map(|block| {
        let block = block.trim_start_matches(['-', '+']).trim_start();
        block.split(|c: char| !c.is_ascii_alphabetic()).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::Role;

    fn check(system: &str, expected: bool) {
        let template = "=== system ===\nSort the \"ticket\".\n{% if tags %}\nIt has tags.\n{% endif %}\nBe brief.\n\
                        === user ===\n{{ input }}\n";
        let fixed = FixedTexts::of(template);
        let messages = [
            Message::text(Role::System, system),
            Message::text(Role::User, "my phone is broken"),
        ];
        assert_eq!(fixed.are_in(&messages), expected, "{system}");
        let raw = serde_json::Value::from(system).to_string();
        let both = [raw.as_str(), "\"my phone is broken\""];
        assert_eq!(fixed.are_surely_in(both), expected, "{system}");
    }

    #[test]
    fn a_prompt_is_known_by_its_fixed_lines() {
        check("Sort the \"ticket\".\nBe brief.\n", true);
        check("Sort the \"ticket\".\nIt has tags.\nBe brief.", true);
        check("Sort the \"ticket\".\n", false);
        check("Be brief.\nSort the \"ticket\".", false);
        check("", false);
        let none = FixedTexts::of("{{ input }}");
        assert!(none.are_in(&[]) && none.are_surely_in([]));
    }

    #[test]
    fn other_escapes_are_no_sure_sign() {
        let fixed = FixedTexts::of("größer als ein Haus");
        assert!(!fixed.are_surely_in(["\"gr\\u00f6\\u00dfer als ein Haus\""]));
        assert!(fixed.are_in(&[Message::text(Role::User, "größer als ein Haus")]));
    }
}
