//! All figures of a run as one table.
//!
//! Empty = unknown, never 0. Texts that a spreadsheet would take for a formula get an apostrophe in
//! front (OWASP, "CSV Injection"). Our own importer reads the file back.

use std::io::{self, Write};

use trilemma_domain::Usage;

use super::row::{ExportHead, ExportRow, RowExport};

const COLUMNS: [&str; 19] = [
    "run",
    "candidate",
    "model",
    "item",
    "repeat",
    "score",
    "pass",
    "error",
    "output",
    "input_tokens",
    "input_tokens_cache_read",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "ttft_ms",
    "latency_ms",
    "n_attempts",
    "replayed",
    "tags",
];

/// Writes the table.
pub struct CsvExport<W: Write> {
    writer: csv::Writer<W>,
    head: ExportHead,
}

impl<W: Write> CsvExport<W> {
    /// Writes the header line.
    ///
    /// # Errors
    /// As the writer gives them.
    pub fn new(out: W, head: ExportHead) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        let own = head
            .scorers
            .iter()
            .map(|label| harmless_cell(&format!("score:{label}")));
        let columns: Vec<String> = COLUMNS
            .iter()
            .map(|name| (*name).to_owned())
            .chain(own)
            .collect();
        writer.write_record(&columns).map_err(io::Error::from)?;
        Ok(Self { writer, head })
    }
}

impl<W: Write> RowExport for CsvExport<W> {
    fn row(&mut self, row: &ExportRow<'_>) -> io::Result<()> {
        let candidate = self.head.candidates.get(row.candidate);
        let tokens = |of: fn(&Usage) -> Option<u64>| {
            row.usage
                .as_ref()
                .and_then(of)
                .map(|n| n.to_string())
                .unwrap_or_default()
        };
        let millis = |time: Option<std::time::Duration>| {
            time.map(|time| format!("{:.3}", time.as_secs_f64() * 1_000.0))
                .unwrap_or_default()
        };
        let mut cells = vec![
            harmless_cell(&self.head.run),
            harmless_cell(candidate.map_or("", |(name, _, _)| name)),
            harmless_cell(candidate.map_or("", |(_, model, _)| model)),
            harmless_cell(row.item.id.as_str()),
            row.repeat.to_string(),
            number(row.score),
            row.pass.map(|pass| pass.to_string()).unwrap_or_default(),
            harmless_cell(row.error.as_deref().unwrap_or_default()),
            harmless_cell(row.output.unwrap_or_default()),
            tokens(|usage| Some(usage.input_total())),
            tokens(|usage| usage.cache_read),
            tokens(|usage| Some(usage.output)),
            tokens(|usage| usage.reasoning),
            row.cost
                .map(|cost| cost.to_usd().decimal().normalize().to_string())
                .unwrap_or_default(),
            millis(row.ttft),
            millis(row.latency),
            row.n_attempts.to_string(),
            row.replayed.to_string(),
            harmless_cell(&row.item.extras.tags.join("|")),
        ];
        let scores = row.scores.iter().map(|score| number(score.value));
        cells.extend(scores);
        self.writer.write_record(&cells).map_err(io::Error::from)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Keeps a spreadsheet from taking a text for a formula.
#[must_use]
pub fn harmless_cell(text: &str) -> String {
    let first = text.trim_start_matches([' ', '"', '\'']).chars().next();
    if matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r')) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_texts() {
        for text in ["=1+1", "+1", "-1", "@a", " =1", "\"=1", "\t=1"] {
            assert!(harmless_cell(text).starts_with('\''), "{text}");
        }
        for text in ["a=1", "", "1-2", "say \"hi\""] {
            assert_eq!(harmless_cell(text), text);
        }
    }
}
