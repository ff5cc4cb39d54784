//! Comma-separated sheets. Spreadsheets of many countries save with semicolons: both are read, and tabs.

use super::sheet::{COLUMNS, Cells, Filled, Flaw};
use crate::cells::{neutral, plain};

/// Writes UTF-8 with a byte order mark, without which Excel reads another encoding.
pub(super) fn write(rows: &[Cells]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    let mut writer = csv::Writer::from_writer(&mut bytes);
    writer.write_record(COLUMNS)?;
    for row in rows {
        writer.write_record(row.iter().map(|text| neutral(text)))?;
    }
    writer.flush()?;
    drop(writer);
    Ok(bytes)
}

/// Reads a filled-in sheet.
pub(super) fn read(bytes: Vec<u8>) -> Result<Vec<Filled>, Vec<Flaw>> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(valid);
        let line = 1 + before.filter(|byte| **byte == b'\n').count() as u64;
        vec![Flaw::at(
            line,
            "the text is not UTF-8; hint: save the sheet as \"CSV UTF-8\"",
        )]
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|one| first.bytes().filter(|byte| byte == one).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|error| vec![Flaw::at(1, error.to_string())])?
        .clone();
    let header = Header::of(header.iter())?;
    let (mut rows, mut flaws) = (Vec::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                rows.extend(header.row(line, |idx| record.get(idx)));
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                flaws.push(Flaw::at(line, error.to_string()));
            }
        }
    }
    if flaws.is_empty() {
        Ok(rows)
    } else {
        Err(flaws)
    }
}

/// Where the columns of a header are that matter.
pub(super) struct Header {
    id: usize,
    verdict: usize,
    note: Option<usize>,
    reviewer: Option<usize>,
}

impl Header {
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, Vec<Flaw>> {
        let names: Vec<String> = names
            .map(|name| name.trim_start_matches('\u{feff}').trim().to_lowercase())
            .collect();
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        match (find("id"), find("verdict")) {
            (Some(id), Some(verdict)) => Ok(Self {
                id,
                verdict,
                note: find("note"),
                reviewer: find("reviewer"),
            }),
            (id, _) => {
                let missing = if id.is_none() { "id" } else { "verdict" };
                Err(vec![Flaw::at(
                    1,
                    format!(
                        "the header has no column `{missing}`; hint: keep the first row of the exported sheet"
                    ),
                )])
            }
        }
    }

    /// Reads a row by its cells; `None` = a blank row.
    pub(super) fn row<'a>(
        &self,
        line: u64,
        cell: impl Fn(usize) -> Option<&'a str>,
    ) -> Option<Filled> {
        let read = |idx: usize| plain(cell(idx).unwrap_or_default()).to_owned();
        let optional = |idx: Option<usize>| idx.map(read).filter(|text| !text.trim().is_empty());
        let filled = Filled {
            line,
            id: read(self.id).trim().to_owned(),
            verdict: read(self.verdict).trim().to_owned(),
            note: optional(self.note),
            reviewer: optional(self.reviewer),
        };
        (!filled.id.is_empty() || !filled.verdict.is_empty()).then_some(filled)
    }
}
