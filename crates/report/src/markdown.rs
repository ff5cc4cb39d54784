//! Markdown for pull requests, wikis and chats (CommonMark with GitHub's tables).
//!
//! Every foreign text is escaped so that it shows as itself and notifies nobody.

use crate::error::ReportError;
use crate::exporter::{Exporter, Report};
use crate::text::{markdown_inline, markdown_prose};
use crate::view::{Cell, Footnote, Matrix, Table, View};

/// Markdown.
pub(crate) struct Markdown;

impl Exporter for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn extension(&self) -> &'static str {
        "md"
    }

    fn media_type(&self) -> &'static str {
        "text/markdown; charset=utf-8"
    }

    fn export(&self, report: &Report<'_>) -> Result<Vec<u8>, ReportError> {
        let view = View::of(report.decision);
        let mut blocks = vec![format!("# {}", markdown_inline(&view.task))];
        if view.simulated {
            blocks.push("> **Simulated.** The answers come from simulated endpoints: the figures show how the program works, not how any model does.".to_owned());
        }
        let headline = &view.headline;
        blocks.push(format!(
            "**{}.** {}",
            headline.kicker,
            markdown_prose(&headline.text)
        ));
        blocks.extend(list(&headline.details));
        blocks.push(table(&view.summary));
        push_list(&mut blocks, "Why", &view.reasons);
        push_list(&mut blocks, "What would overturn it", &view.overturns);
        push_list(&mut blocks, "Be careful", &view.warnings);
        push_list(
            &mut blocks,
            "About the other candidates",
            &view.more_warnings,
        );
        blocks.push("## Requirements".to_owned());
        blocks.push(format!("{}.", markdown_inline(&view.tally)));
        blocks.push(matrix(&view.matrix));
        blocks.extend(open_gates(&view.matrix));
        let mut routing = Vec::new();
        if let Some(found) = &view.routing {
            push_list(&mut blocks, "Routing", &found.lines);
            routing.extend(&found.tables);
        }
        let tables = view.money.iter().chain(&view.assumptions).chain(routing);
        for figures in view.tables.iter().chain(tables) {
            blocks.push(format!("## {}", markdown_inline(&figures.title)));
            blocks.push(table(figures));
            if !figures.note.is_empty() {
                blocks.push(markdown_prose(&figures.note));
            }
        }
        push_footnotes(&mut blocks, "Methods", &view.methods);
        push_footnotes(&mut blocks, "Provenance", &view.provenance);
        let mut text = blocks.join("\n\n");
        text.push('\n');
        Ok(text.into_bytes())
    }
}

fn list(texts: &[String]) -> Option<String> {
    let lines: Vec<String> = texts
        .iter()
        .map(|text| format!("- {}", markdown_prose(text)))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn push_list(blocks: &mut Vec<String>, title: &str, texts: &[String]) {
    if let Some(list) = list(texts) {
        blocks.push(format!("## {title}"));
        blocks.push(list);
    }
}

fn push_footnotes(blocks: &mut Vec<String>, title: &str, notes: &[Footnote]) {
    let lines: Vec<String> = notes
        .iter()
        .map(|note| {
            format!(
                "- {}: {}",
                markdown_inline(&note.term),
                markdown_inline(&note.text)
            )
        })
        .collect();
    blocks.push(format!("## {title}"));
    blocks.push(lines.join("\n"));
}

fn table(table: &Table) -> String {
    let titles = table.columns.iter().map(|column| column.title.as_str());
    let rules = table
        .columns
        .iter()
        .map(|column| if column.is_number { "--:" } else { "---" });
    let mut lines = vec![
        line(titles.map(markdown_inline)),
        line(rules.map(str::to_owned)),
    ];
    lines.extend(table.rows.iter().map(|row| line(row.iter().map(cell))));
    lines.join("\n")
}

fn cell(cell: &Cell) -> String {
    let text = markdown_inline(&cell.text);
    let remarks = cell.remarks();
    if remarks.is_empty() {
        text
    } else {
        format!("{text} ({})", markdown_inline(&remarks))
    }
}

fn matrix(matrix: &Matrix) -> String {
    let mut titles = vec!["Candidate".to_owned(), "All".to_owned()];
    titles.extend(matrix.columns.iter().map(|title| markdown_inline(title)));
    let rules = titles.iter().map(|_| "---".to_owned());
    let mut lines = vec![line(titles.clone()), line(rules)];
    for row in &matrix.rows {
        let mut cells = vec![
            markdown_inline(&row.name),
            format!("{} **{}**", row.verdict.symbol, row.verdict.word),
        ];
        cells.extend(row.cells.iter().map(|gate| {
            let parts = [gate.word, &gate.figure, &gate.bound];
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            format!("{} {}", gate.symbol, markdown_inline(&parts.join(", ")))
        }));
        lines.push(line(cells));
    }
    lines.join("\n")
}

fn open_gates(matrix: &Matrix) -> Option<String> {
    let lines: Vec<String> = matrix
        .open
        .iter()
        .map(|gate| {
            let settle = if gate.settle.is_empty() {
                String::new()
            } else {
                format!(" {}", markdown_prose(&gate.settle))
            };
            format!(
                "- {} {} **{}**, {}: {}{settle}",
                gate.symbol,
                gate.word,
                markdown_inline(&gate.names),
                markdown_inline(&gate.gate),
                markdown_prose(&gate.reason)
            )
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    format!("| {} |", cells.join(" | "))
}
