//! Drift reports as text for a terminal and as Markdown.

use std::fmt::Write as _;

use super::view::{Flip, Part, TITLES, View};
use crate::terminal::wrap;
use crate::text::{markdown_inline, markdown_prose, one_line, several_lines};

/// Most lines of an answer in a terminal.
const MAX_LINES: usize = 8;
/// Most characters of a name or an answer's line.
const MAX_CHARS: usize = 400;

/// The report for a terminal.
pub(super) fn terminal(view: &View, width: usize) -> String {
    let width = width.clamp(40, 120);
    let mut text = String::new();
    let mark = if view.drifted { "✗" } else { "✓" };
    paragraph(&mut text, &format!("{mark} {}", view.headline), (0, width));
    for note in &view.notes {
        paragraph(&mut text, note, (2, width));
    }
    for part in &view.parts {
        let name = one_line(&part.name, MAX_CHARS);
        let _ = writeln!(text, "\n{name}: {}", part.verdict);
        for change in &part.changes {
            paragraph(&mut text, &format!("! {change}"), (2, width));
        }
        for row in &part.rows {
            let [channel, evidence, threshold, both, change] = row;
            paragraph(
                &mut text,
                &format!("{channel}: evidence {evidence} (alarm at {threshold}); {both}; {change}"),
                (2, width),
            );
        }
        for fact in &part.facts {
            paragraph(&mut text, fact, (2, width));
        }
        paragraph(&mut text, &part.flips_note, (2, width));
        for flip in &part.flips {
            flipped(&mut text, flip, width);
        }
    }
    text.push('\n');
    for method in &view.methods {
        paragraph(&mut text, method, (0, width));
    }
    text
}

fn paragraph(text: &mut String, words: &str, (indent, width): (usize, usize)) {
    let words = one_line(words, 4_000);
    for (idx, line) in wrap(&words, width.saturating_sub(indent + 2))
        .iter()
        .enumerate()
    {
        let hang = if idx == 0 { indent } else { indent + 2 };
        let _ = writeln!(text, "{}{line}", " ".repeat(hang));
    }
}

/// Both answers below each other, each line marked, as terminals are narrow.
fn flipped(text: &mut String, flip: &Flip, width: usize) {
    paragraph(
        text,
        &format!("- {}: {}", flip.item, flip.words),
        (4, width),
    );
    let Some((before, now)) = &flip.texts else {
        return;
    };
    for (sign, answer) in [("then |", before), ("now  |", now)] {
        let cleaned = several_lines(answer);
        let lines: Vec<String> = cleaned
            .lines()
            .flat_map(|line| wrap(&one_line(line, MAX_CHARS), width.saturating_sub(14)))
            .collect();
        for line in lines.iter().take(MAX_LINES) {
            let _ = writeln!(text, "      {sign} {line}");
        }
        if lines.len() > MAX_LINES {
            let _ = writeln!(
                text,
                "      {sign} … {} more lines",
                lines.len() - MAX_LINES
            );
        }
    }
}

/// The report as GitHub's Markdown.
pub(super) fn markdown(view: &View) -> String {
    let mut text = format!("## {}\n\n", markdown_prose(&view.headline));
    for note in &view.notes {
        let _ = writeln!(text, "{}\n", markdown_prose(note));
    }
    for part in &view.parts {
        part_markdown(&mut text, part);
    }
    for method in &view.methods {
        let _ = writeln!(text, "{}\n", markdown_prose(method));
    }
    text
}

fn part_markdown(text: &mut String, part: &Part) {
    let _ = writeln!(
        text,
        "### {}: {}\n",
        markdown_inline(&part.name),
        part.verdict
    );
    for change in &part.changes {
        let _ = writeln!(text, "- **{}**", markdown_prose(change));
    }
    if !part.changes.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "| {} |\n|{}",
        TITLES.join(" | "),
        " --- |".repeat(TITLES.len())
    );
    for row in &part.rows {
        let cells: Vec<String> = row.iter().map(|cell| markdown_inline(cell)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push('\n');
    for fact in &part.facts {
        let _ = writeln!(text, "- {}", markdown_prose(fact));
    }
    let _ = writeln!(text, "- {}", markdown_prose(&part.flips_note));
    text.push('\n');
    if part.flips.is_empty() {
        return;
    }
    text.push_str("| item | outcome | then | now |\n| --- | --- | --- | --- |\n");
    for flip in &part.flips {
        let (before, now) = flip.texts.clone().unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            markdown_inline(&flip.item),
            markdown_inline(&flip.words),
            markdown_inline(&before),
            markdown_inline(&now)
        );
    }
    text.push('\n');
}
