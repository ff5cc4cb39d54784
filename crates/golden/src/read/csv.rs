//! Comma-separated values with a header line (RFC 4180), also with `;` or tab between fields.
//!
//! In: bytes. Out: records of untyped cells. Fields may hold line breaks within quotation marks; a
//! row with too few or too many fields is a problem, and the next row is read.

use std::io::BufRead;

use csv::{ByteRecord, ReaderBuilder};

use super::interpret::Interpreter;
use super::record::{Cell, Record};
use super::source::utf8;
use crate::problem::{Problem, quote};

/// How far into the file the header line is looked at to tell what separates fields.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// Reads all rows.
pub(crate) fn read(
    input: &mut dyn BufRead,
    set: &mut Interpreter<'_>,
) -> Result<(), std::io::Error> {
    let delimiter = delimiter(input.fill_buf()?);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(input);
    let mut row = ByteRecord::new();
    if !next(&mut reader, &mut row)? {
        return Ok(());
    }
    let header = match header(&row) {
        Ok(header) => header,
        Err(problem) => {
            set.problems.push(problem);
            return Ok(());
        }
    };
    while next(&mut reader, &mut row)? {
        match record(&row, &header) {
            Ok(Some(record)) => set.push(record),
            Ok(None) => {}
            Err(problem) => set.problems.push(problem),
        }
    }
    Ok(())
}

/// Tells what separates fields: whichever of `,`, `;` and tab is most frequent in the header line,
/// outside quotation marks; the comma on a tie.
pub(crate) fn delimiter(start: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    for &byte in start.iter().take(MAX_HEADER_BYTES) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => {
                for (delimiter, count) in &mut counts {
                    *count += usize::from(*delimiter == byte);
                }
            }
        }
    }
    let mut best = (b',', 0);
    for candidate in counts {
        if candidate.1 > best.1 {
            best = candidate;
        }
    }
    best.0
}

fn next<R: std::io::Read>(
    reader: &mut csv::Reader<R>,
    row: &mut ByteRecord,
) -> Result<bool, std::io::Error> {
    // Byte records with flexible lengths can only fail by I/O.
    reader.read_byte_record(row).map_err(std::io::Error::from)
}

/// Reads the names of the columns.
pub(crate) fn header(row: &ByteRecord) -> Result<Vec<String>, Problem> {
    let mut names: Vec<String> = Vec::with_capacity(row.len());
    for (idx, field) in row.iter().enumerate() {
        let name = utf8(field)
            .map_err(|problem| problem.at(1).field(format!("column {}", idx + 1)))?
            .trim();
        if names.iter().any(|earlier| earlier == name) && !name.is_empty() {
            return Err(
                Problem::new(format!("two columns are named {}", quote(name)))
                    .at(1)
                    .hint("rename one of them"),
            );
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// Reads one row; `None` for a row of empty cells only, as spreadsheets leave them at the end.
pub(crate) fn record(row: &ByteRecord, header: &[String]) -> Result<Option<Record>, Problem> {
    let line = row.position().map_or(0, csv::Position::line);
    if row.iter().all(|field| field.trim_ascii().is_empty()) {
        return Ok(None);
    }
    let surplus = row.iter().skip(header.len()).any(|field| !field.is_empty());
    if row.len() < header.len() || surplus {
        return Err(Problem::new(format!(
            "the row has {} fields, the header line {}",
            row.len(),
            header.len()
        ))
        .at(line)
        .hint("put fields that hold separators or line breaks in quotation marks"));
    }
    let mut cells = Vec::with_capacity(header.len());
    for (idx, (field, name)) in row.iter().zip(header).enumerate() {
        let text = utf8(field).map_err(|problem| {
            let column = if name.is_empty() {
                format!("column {}", idx + 1)
            } else {
                name.clone()
            };
            problem.at(line).field(column)
        })?;
        if !name.is_empty() {
            cells.push((name.clone(), Cell::Untyped(text.to_owned())));
        }
    }
    Ok(Some(Record { line, cells }))
}
