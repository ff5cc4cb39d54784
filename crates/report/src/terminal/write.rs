//! Lays the view out in lines.

use super::layout::{fit, fitting, padding, width, wrap};
use super::paint::{Style, paint};
use crate::error::ReportError;
use crate::exporter::{Colour, Exporter, Report};
use crate::number::{plural, widen};
use crate::text::{one_line, typeset};
use crate::view::{Cell, Matrix, Table, View};

/// Prose is not set wider than this: long lines are hard to read.
const MAX_WIDTH: usize = 120;
/// Nothing is set narrower than this.
const MIN_WIDTH: usize = 40;
/// Most characters of one paragraph.
const MAX_CHARS: usize = 4_000;

/// The terminal.
pub(crate) struct Terminal;

impl Exporter for Terminal {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn extension(&self) -> &'static str {
        "txt"
    }

    fn media_type(&self) -> &'static str {
        "text/plain; charset=utf-8"
    }

    fn export(&self, report: &Report<'_>) -> Result<Vec<u8>, ReportError> {
        let view = View::of(report.decision);
        let settings = report.settings;
        let mut page = Page {
            text: String::new(),
            columns: settings.terminal_width.clamp(MIN_WIDTH, MAX_WIDTH),
            colour: settings.colour,
        };
        page.verdict(&view);
        page.heading("Candidates");
        page.table(&view.summary);
        page.list("Why", &view.reasons);
        page.list("What would overturn it", &view.overturns);
        page.list("Be careful", &view.warnings);
        page.left_out(&view.more_warnings);
        page.matrix(&view.matrix);
        if let Some(money) = &view.money_short {
            page.heading(&money.title);
            page.table(money);
            page.item("Ranges, own servers, rate limits and every assumption stand in the HTML and Markdown reports.");
        }
        if let Some(routing) = &view.routing {
            page.list("Routing", &routing.lines);
        }
        page.list("People", &view.people);
        page.list("Judges", &view.judges);
        page.list("Preferred in pairs", &view.pairs);
        page.provenance(&view);
        Ok(page.text.into_bytes())
    }
}

struct Page {
    text: String,
    columns: usize,
    colour: Colour,
}

impl Page {
    fn verdict(&mut self, view: &View<'_>) {
        if view.simulated {
            let banner = "SIMULATED: answers come from simulated endpoints, not from any model.";
            for line in wrap(banner, self.columns) {
                self.line(&self.painted(Style::Loud, &line));
            }
            self.line("");
        }
        let headline = &view.headline;
        let style = Style::of(headline.status);
        let kicker = self.painted(style, &headline.kicker);
        self.line(&format!("{kicker} · {}", fit(&view.task, self.columns / 2)));
        for line in wrap(&plain(&headline.text), self.columns) {
            self.line(&self.painted(Style::Bold, &line));
        }
        for tile in &headline.tiles {
            let note = if tile.note.is_empty() {
                String::new()
            } else {
                format!(" ({})", tile.note)
            };
            self.item(&format!("{}: {}{note}", tile.label, tile.value));
        }
        for detail in &headline.details {
            self.item(detail);
        }
    }

    fn heading(&mut self, title: &str) {
        self.line("");
        for line in wrap(title, self.columns) {
            self.line(&self.painted(Style::Bold, &line));
        }
    }

    fn list(&mut self, title: &str, texts: &[String]) {
        if !texts.is_empty() {
            self.heading(title);
        }
        for text in texts {
            self.item(text);
        }
    }

    /// Warnings about candidates that nobody is about to use stay in the other formats.
    fn left_out(&mut self, warnings: &[String]) {
        if !warnings.is_empty() {
            let number = plural(widen(warnings.len()), "more warning");
            self.item(&format!(
                "{number} about the other candidates: see the HTML or Markdown report."
            ));
        }
    }

    fn item(&mut self, text: &str) {
        for (idx, line) in wrap(&typeset(&plain(text)), self.columns - 4)
            .iter()
            .enumerate()
        {
            let lead = if idx == 0 { "  - " } else { "    " };
            self.line(&format!("{lead}{line}"));
        }
    }

    fn table(&mut self, table: &Table) {
        let wanted: Vec<usize> = table
            .columns
            .iter()
            .enumerate()
            .map(|(idx, column)| {
                let cells = table.rows.iter().filter_map(|row| row.get(idx));
                cells
                    .map(|cell| width(&cell_text(cell, idx)))
                    .chain([width(&column.title)])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let widths = fitting(&wanted, self.columns - 2);
        let titles: Vec<(String, Style, bool)> = table
            .columns
            .iter()
            .map(|column| (column.title.clone(), Style::Dim, column.is_number))
            .collect();
        self.row(&titles, &widths);
        for row in &table.rows {
            let cells: Vec<(String, Style, bool)> = row
                .iter()
                .zip(&table.columns)
                .enumerate()
                .map(|(idx, (cell, column))| {
                    (
                        cell_text(cell, idx),
                        Style::of(cell.class),
                        column.is_number,
                    )
                })
                .collect();
            self.row(&cells, &widths);
        }
    }

    fn row(&mut self, cells: &[(String, Style, bool)], widths: &[usize]) {
        let mut line = String::from("  ");
        for (idx, ((text, style, is_number), columns)) in cells.iter().zip(widths).enumerate() {
            if idx > 0 {
                line.push_str("  ");
            }
            let text = fit(text, *columns);
            let space = padding(&text, *columns);
            let painted = self.painted(*style, &text);
            if *is_number {
                line.push_str(&space);
                line.push_str(&painted);
            } else {
                line.push_str(&painted);
                line.push_str(&space);
            }
        }
        self.line(line.trim_end());
    }

    /// Requirements × candidates as signs, then a sentence for each that is not met.
    fn matrix(&mut self, matrix: &Matrix) {
        if matrix.columns.is_empty() {
            return;
        }
        self.heading("Requirements (✓ meets, ✗ fails, ? undecided)");
        let label = matrix.columns.iter().map(|title| width(title)).max();
        let room = self.columns.saturating_sub(4 + 3 * matrix.rows.len());
        let label = label.unwrap_or(0).max(9).min(room.max(16));
        let numbers: Vec<String> = (1..=matrix.rows.len())
            .map(|number| format!("{number:>3}"))
            .collect();
        if room >= 16 {
            let head = format!("  {}{}", " ".repeat(label), numbers.concat());
            self.line(&self.painted(Style::Dim, &head));
            for (idx, title) in matrix.columns.iter().enumerate() {
                let title = fit(title, label);
                let mut line = format!("  {title}{}", padding(&title, label));
                for row in &matrix.rows {
                    if let Some(cell) = row.cells.get(idx) {
                        line.push_str("  ");
                        line.push_str(&self.painted(Style::of(cell.word), cell.symbol));
                    }
                }
                self.line(&line);
            }
            let names: Vec<String> = matrix
                .rows
                .iter()
                .enumerate()
                .map(|(idx, row)| joined(&format!("{} {}", idx + 1, row.name)))
                .collect();
            for line in wrap(&names.join(" · "), self.columns - 2) {
                self.line(&self.painted(Style::Dim, &format!("  {line}")));
            }
        }
        for gate in &matrix.open {
            let settle = if gate.settle.is_empty() {
                String::new()
            } else {
                format!(" {}", gate.settle)
            };
            self.item(&format!(
                "{} {} {}, {}: {}{settle}",
                gate.symbol, gate.word, gate.names, gate.gate, gate.reason
            ));
        }
    }

    fn provenance(&mut self, view: &View<'_>) {
        self.line("");
        let notes: Vec<String> = view
            .provenance
            .iter()
            .filter(|note| !note.short.is_empty())
            .map(|note| format!("{}: {}", note.term, note.short))
            .collect();
        for line in wrap(&plain(&notes.join(" · ")), self.columns) {
            self.line(&self.painted(Style::Dim, &line));
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn painted(&self, style: Style, text: &str) -> String {
        paint(self.colour, style, &plain(text))
    }
}

/// Point and interval in one; names stay without remark, which has its own column.
fn cell_text(cell: &Cell, idx: usize) -> String {
    let remarks = cell.remarks();
    let text = if remarks.is_empty() || idx == 0 {
        cell.text.clone()
    } else {
        format!("{} ({remarks})", cell.text)
    };
    plain(&text)
}

/// The same with spaces at which no line breaks.
fn joined(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

fn plain(text: &str) -> String {
    one_line(text, MAX_CHARS)
}
