//! Sheets of a spreadsheet program: texts that stay texts, and verdicts to choose from a list.

use std::path::Path;

use trilemma_domain::HumanWord;
use trilemma_interop::{Choices, read_workbook, write_workbook};

use super::sheet::{COLUMNS, Cells, Filled, Flaw};
use super::sheet_csv::Header;
use crate::context::InputError;

/// Writes a workbook of one sheet.
pub(super) fn write(rows: &[Cells]) -> anyhow::Result<Vec<u8>> {
    let words = [HumanWord::Pass, HumanWord::Fail, HumanWord::Skipped].map(HumanWord::name);
    let choices = COLUMNS
        .iter()
        .position(|name| *name == "verdict")
        .map(|column| Choices {
            column,
            words: &words,
        });
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
    write_workbook(&COLUMNS, &rows, choices).ok_or_else(|| {
        anyhow::anyhow!(InputError(
            "failed to write the sheet: a workbook holds 1,048,575 answers; hint: write .csv or .jsonl, or name some \
             --candidates"
                .to_owned()
        ))
    })
}

/// Reads the first sheet of a filled-in workbook.
pub(super) fn read(path: &Path) -> anyhow::Result<Result<Vec<Filled>, Vec<Flaw>>> {
    let mut rows = read_workbook(path)
        .map_err(|error| anyhow::anyhow!(InputError(format!("failed to {error}"))))?
        .into_iter();
    let Some((_, header)) = rows.next() else {
        return Ok(Err(vec![Flaw::at(1, "the sheet is empty")]));
    };
    let header = match Header::of(header.iter().map(String::as_str)) {
        Ok(header) => header,
        Err(flaws) => return Ok(Err(flaws)),
    };
    let filled = rows.filter_map(|(number, cells)| {
        header.row(number, |column| cells.get(column).map(String::as_str))
    });
    Ok(Ok(filled.collect()))
}
