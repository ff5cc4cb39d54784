//! Sheets: cards as rows of a CSV, JSONL or XLSX file, and back.
//!
//! In: rows. Out: a file whose texts no spreadsheet takes for formulas; and from a filled-in file its rows with
//! their line numbers, or everything that is wrong with it at once. What a verdict means is `import`'s.

use std::path::Path;

use super::{sheet_csv, sheet_jsonl, sheet_xlsx};
use crate::context::InputError;
use crate::places;

/// The columns of a sheet. Only `id` and `verdict` are read, `reviewer` and `note` where they are there.
pub(super) const COLUMNS: [&str; 9] = [
    "id", "item", "input", "expected", "criteria", "answer", "verdict", "note", "reviewer",
];

/// One row of a sheet: the texts of [`COLUMNS`].
pub(super) type Cells = [String; 9];

/// One row of a filled-in sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    /// Line of the file, from 1.
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) verdict: String,
    pub(super) note: Option<String>,
    pub(super) reviewer: Option<String>,
}

/// Something wrong with a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Line of the file, from 1; `None` = the file as a whole.
    pub(super) line: Option<u64>,
    pub(super) text: String,
}

impl Flaw {
    pub(super) fn at(line: u64, text: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            text: text.into(),
        }
    }
}

/// How a sheet is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Comma-separated values, UTF-8.
    Csv,
    /// One JSON object per line.
    Jsonl,
    /// A workbook of a spreadsheet program.
    Xlsx,
}

impl Format {
    /// The format that was asked for, or that the name of the file says.
    ///
    /// # Errors
    /// [`InputError`] when neither does.
    pub(super) fn of(path: &Path, asked: Option<Self>) -> anyhow::Result<Self> {
        if let Some(format) = asked {
            return Ok(format);
        }
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("csv" | "tsv" | "txt") => Ok(Self::Csv),
            Some("jsonl" | "ndjson") => Ok(Self::Jsonl),
            Some("xlsx") => Ok(Self::Xlsx),
            _ => anyhow::bail!(InputError(format!(
                "failed to tell the format of {}; hint: name it .csv, .jsonl or .xlsx, or pass --format",
                path.display()
            ))),
        }
    }
}

/// Writes a sheet.
pub(super) fn write(format: Format, path: &Path, rows: &[Cells]) -> anyhow::Result<()> {
    let bytes = match format {
        Format::Csv => sheet_csv::write(rows)?,
        Format::Jsonl => sheet_jsonl::write(rows)?,
        Format::Xlsx => sheet_xlsx::write(rows)?,
    };
    places::write_file(path, bytes)
}

/// Reads a filled-in sheet; in it, every flaw that its form has.
pub(super) fn read(format: Format, path: &Path) -> anyhow::Result<Result<Vec<Filled>, Vec<Flaw>>> {
    Ok(match format {
        Format::Csv => sheet_csv::read(fs_err::read(path)?),
        Format::Jsonl => sheet_jsonl::read(&fs_err::read(path)?),
        Format::Xlsx => sheet_xlsx::read(path)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(id: &str) -> Cells {
        let mut cells = Cells::default();
        cells[0] = id.to_owned();
        cells[2] = "\"=cmd\",\r\nsecond line".to_owned();
        cells[6] = "pass".to_owned();
        cells
    }

    #[test]
    fn any_sheet_is_read_or_refused_with_its_lines() {
        let rows = [cells("a"), cells("b")];
        let sheets = [
            sheet_csv::write(&rows).unwrap(),
            sheet_jsonl::write(&rows).unwrap(),
        ];
        let mut n_read = 0_u32;
        let mut hold = |bytes: Vec<u8>| {
            for read in [sheet_jsonl::read(&bytes), sheet_csv::read(bytes)] {
                match read {
                    Ok(rows) => n_read += u32::from(!rows.is_empty()),
                    Err(flaws) => assert!(!flaws.is_empty()),
                }
            }
        };
        bolero::check!()
            .with_iterations(1_000)
            .with_type::<(bool, u16, u8, Vec<u8>)>()
            .for_each(|(kind, at, len, put)| {
                let mut bytes = sheets[usize::from(*kind)].clone();
                let start = usize::from(*at) % (bytes.len() + 1);
                let end = (start + usize::from(*len % 8)).min(bytes.len());
                // Text, mostly: a byte that is none ends everything at once.
                let piece = put.iter().take(4).map(|byte| byte & 0x7f);
                drop(bytes.splice(start..end, piece));
                hold(bytes);
                hold(put.clone());
            });
        assert!(n_read > 50, "almost nothing is read: {n_read}");
    }
}
