//! Comma-separated values with a header line (RFC 4180), also with `;` or tab between fields.
//!
//! In: bytes. Out: records of untyped cells. Fields may hold line breaks within quotation marks; a
//! row with too few or too many fields is a problem, and the next row is read.

use std::cell::Cell;
use std::io::{BufRead, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder};

use super::interpret::Interpreter;
use super::record::{self, Record};
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
    let last = Rc::new(Cell::new(b'\n'));
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(Watched {
            input,
            last: Rc::clone(&last),
        });
    let mut row = ByteRecord::new();
    let mut open_since = None;
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
        let spans = row
            .iter()
            .next_back()
            .is_some_and(|field| field.contains(&b'\n'));
        open_since = row.position().filter(|_| spans).map(csv::Position::line);
        match record(&row, &header) {
            Ok(Some(record)) => set.push(record),
            Ok(None) => {}
            Err(problem) => set.problems.push(problem),
        }
    }
    // The parser takes the end of the file for the missing quotation mark, and all rows in between for
    // one field.
    if let Some(line) = open_since.filter(|_| last.get() != b'"') {
        set.problems.push(
            Problem::new("a quotation mark in this row is never closed")
                .at(line)
                .hint("close it, or write a quotation mark within a field twice"),
        );
    }
    Ok(())
}

/// Remembers the last byte that is not white space.
struct Watched<'a> {
    input: &'a mut dyn BufRead,
    last: Rc<Cell<u8>>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(buffer)?;
        let seen = buffer.get(..count).unwrap_or_default();
        if let Some(&byte) = seen.iter().rfind(|byte| !byte.is_ascii_whitespace()) {
            self.last.set(byte);
        }
        Ok(count)
    }
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
            cells.push((name.clone(), record::Cell::Untyped(text.to_owned())));
        }
    }
    Ok(Some(Record { line, cells }))
}
