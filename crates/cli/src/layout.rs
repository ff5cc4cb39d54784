//! Text for a terminal: tables, lists of names and values, wrapped paragraphs.
//!
//! In: texts, some of them foreign, and a width. Out: lines without control characters. A table that
//! is wider than the terminal becomes one block per row, so that nothing is cut off.

use std::io::IsTerminal as _;

use unicode_width::UnicodeWidthStr as _;

use crate::env;
use crate::printer::printable;

/// Width of paragraphs where nobody says how wide the terminal is.
pub(crate) const DEFAULT_WIDTH: usize = 100;
/// Narrower terminals are treated as this wide.
const MIN_WIDTH: usize = 30;
/// Blanks between columns.
const GAP: usize = 2;

/// The terminal's width in columns; `None` = data go to a file or a pipe.
pub(crate) fn terminal_width() -> Option<usize> {
    let asked = env::text("COLUMNS").and_then(|text| text.trim().parse::<usize>().ok());
    let seen = || {
        let stdout = std::io::stdout();
        stdout
            .is_terminal()
            .then(|| terminal_size::terminal_size_of(&stdout))
            .flatten()
            .map(|(width, _)| usize::from(width.0))
    };
    asked.or_else(seen).map(|width| width.max(MIN_WIDTH))
}

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A table of one-line cells.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[(&'static str, Side)]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; cells are cleaned of control characters and line breaks.
    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().map(|cell| one_line(&cell)).collect());
    }

    /// Draws it in at most `width` columns, as blocks if it must be; `None` = as wide as it is.
    pub(crate) fn draw(&self, indent: usize, width: Option<usize>) -> String {
        let widths = self.widths();
        let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1) + indent;
        match width {
            Some(width) if total > width => self.blocks(indent, width),
            Some(_) | None => self.lines(indent, &widths),
        }
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .map(|(title, _)| title.width())
            .collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        widths
    }

    fn lines(&self, indent: usize, widths: &[usize]) -> String {
        let titles: Vec<String> = self
            .columns
            .iter()
            .map(|(title, _)| (*title).to_owned())
            .collect();
        let mut text = String::new();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let mut line = " ".repeat(indent);
            for ((cell, width), (_, side)) in row.iter().zip(widths).zip(&self.columns) {
                let blanks = " ".repeat(width.saturating_sub(cell.width()));
                match side {
                    Side::Left => line.extend([cell.as_str(), &blanks]),
                    Side::Right => line.extend([blanks.as_str(), cell]),
                }
                line.push_str(&" ".repeat(GAP));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn blocks(&self, indent: usize, width: usize) -> String {
        let mut text = String::new();
        for row in &self.rows {
            for (idx, (cell, (title, _))) in row.iter().zip(&self.columns).enumerate() {
                let line = if idx == 0 {
                    wrap(cell, indent, width)
                } else {
                    wrap(&format!("{title}: {cell}"), indent + GAP, width)
                };
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }
}

/// Draws names with values, the values below each other and wrapped.
pub(crate) fn pairs<'a>(
    rows: impl IntoIterator<Item = (&'a str, &'a str)>,
    indent: usize,
    width: Option<usize>,
) -> String {
    let rows: Vec<(String, String)> = rows
        .into_iter()
        .map(|(name, value)| (one_line(name), one_line(value)))
        .collect();
    let column = rows.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in rows {
        let blanks = " ".repeat(column.saturating_sub(name.width()) + GAP);
        let lead = format!("{}{name}{blanks}", " ".repeat(indent));
        text.push_str(&hang(&lead, &value, width.unwrap_or(DEFAULT_WIDTH)));
        text.push('\n');
    }
    text
}

/// Wraps a paragraph; each line begins with `indent` blanks, words longer than a line stay whole.
pub(crate) fn wrap(text: &str, indent: usize, width: usize) -> String {
    hang(&" ".repeat(indent), &one_line(text), width)
}

/// Wraps a paragraph behind `lead`; further lines begin below its end.
fn hang(lead: &str, text: &str, width: usize) -> String {
    // On a narrow terminal the column would leave no room: continue a little in.
    let below = if lead.width() * 2 > width {
        4
    } else {
        lead.width()
    };
    let mut out = lead.to_owned();
    let mut used = lead.width();
    let mut is_first = true;
    for word in text.split_whitespace() {
        if !is_first && used + 1 + word.width() > width {
            out.push('\n');
            out.push_str(&" ".repeat(below));
            used = below;
        } else if !is_first {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += word.width();
        is_first = false;
    }
    out.trim_end().to_owned()
}

/// A paragraph of a list: `- ` and the text below it.
pub(crate) fn bullet(text: &str, indent: usize, width: Option<usize>) -> String {
    let lead = format!("{}- ", " ".repeat(indent));
    hang(&lead, &one_line(text), width.unwrap_or(DEFAULT_WIDTH))
}

/// "1 item", "1,319 items".
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", parted(number))
}

/// A whole number with thousands parted, as in 128,000.
pub(crate) fn parted(number: u64) -> String {
    trilemma_domain::parted(&number.to_string())
}

/// A foreign text on one line, without anything that drives a terminal.
pub(crate) fn one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&[("id", Side::Left), ("price", Side::Right)]);
        table.push(["openai/a".to_owned(), "2.50".to_owned()]);
        table.push(["b\u{1b}[31m\nc".to_owned(), "unknown".to_owned()]);
        table
    }

    #[test]
    fn columns_are_aligned_and_clean() {
        assert_eq!(
            table().draw(0, None),
            "id          price\nopenai/a     2.50\nb\u{fffd}[31m c  unknown\n"
        );
    }

    #[test]
    fn a_table_too_wide_becomes_blocks() {
        let text = table().draw(0, Some(12));
        assert_eq!(
            text,
            "openai/a\n  price:\n  2.50\nb\u{fffd}[31m c\n  price:\n  unknown\n"
        );
    }

    #[test]
    fn numbers_are_parted_and_nouns_agree() {
        assert_eq!(counted(1, "item"), "1 item");
        assert_eq!(counted(0, "item"), "0 items");
        assert_eq!(counted(1_319_000, "item"), "1,319,000 items");
    }

    #[test]
    fn paragraphs_wrap_and_long_words_stay_whole() {
        assert_eq!(
            wrap("aa bb cc dddddddddd", 2, 8),
            "  aa bb\n  cc\n  dddddddddd"
        );
        assert_eq!(
            pairs([("a", "one two"), ("bbb", "three")], 1, Some(20)),
            " a    one two\n bbb  three\n"
        );
        assert_eq!(bullet("one two three", 0, Some(9)), "- one two\n  three");
    }
}
