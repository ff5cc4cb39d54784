//! Where bytes come from: opening, recognising the format, lines, encodings.
//!
//! In: a path or a reader. Out: the bytes after a byte order mark, the format, lines of bounded
//! length, or a problem that names the encoding or the packing of the file.

use std::io::{BufRead, Read};
use std::path::Path;

use crate::options::{Format, ReadOptions};
use crate::problem::Problem;

/// The longest line that is read, in bytes.
pub(crate) const MAX_LINE_BYTES: usize = 256 << 20;

/// A line buffer that has grown beyond this is given back.
const KEEP_BUFFER_BYTES: usize = 1 << 20;

/// Reads the next line without its end into `buffer`; `None` at the end of the file, otherwise how
/// many bytes were taken from the file.
pub(crate) fn read_line(
    input: &mut dyn BufRead,
    buffer: &mut Vec<u8>,
) -> Result<Option<u64>, std::io::Error> {
    if buffer.capacity() > KEEP_BUFFER_BYTES {
        *buffer = Vec::new();
    }
    buffer.clear();
    let taken = input
        .take(MAX_LINE_BYTES as u64 + 1)
        .read_until(b'\n', buffer)?;
    if taken == 0 {
        return Ok(None);
    }
    if buffer.len() > MAX_LINE_BYTES {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("a line is longer than {} MiB", MAX_LINE_BYTES >> 20),
        ));
    }
    if buffer.last() == Some(&b'\n') {
        buffer.pop();
        if buffer.last() == Some(&b'\r') {
            buffer.pop();
        }
    }
    Ok(Some(taken as u64))
}

/// Reads bytes as UTF-8, or names the first byte that is not.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        Problem::new(format!("byte {} (0x{byte:02X}) is not UTF-8", at + 1))
            .of_encoding()
            .column(at as u64 + 1)
            .hint("save the file as UTF-8")
    })
}

/// Skips a byte order mark and recognises the format.
pub(crate) fn recognise(
    input: &mut dyn BufRead,
    path: Option<&Path>,
    options: &ReadOptions,
) -> Result<Result<Format, Problem>, std::io::Error> {
    let start = input.fill_buf()?;
    if let Some(problem) = foreign(start) {
        return Ok(Err(problem));
    }
    let is_parquet = start.starts_with(b"PAR1");
    if start.starts_with(b"\xEF\xBB\xBF") {
        input.consume(3);
    }
    let by_name = path
        .and_then(Path::extension)
        .and_then(|extension| extension.to_str())
        .and_then(Format::of_extension);
    let wanted = options.format.or(by_name);
    let start = input.fill_buf()?;
    if !is_parquet && let Some(problem) = binary(start) {
        return Ok(Err(problem));
    }
    Ok(match (wanted, is_parquet) {
        (Some(Format::Parquet) | None, true) => Ok(Format::Parquet),
        (Some(format), true) => Err(Problem::new(format!(
            "the file is Parquet, not {}",
            format.name()
        ))
        .hint("let its name end in .parquet, or set the format")),
        (Some(Format::Json), false) if options.format.is_none() && holds_lines(start) => {
            Ok(Format::Jsonl)
        }
        (Some(format), false) => Ok(format),
        (None, false) => by_content(start),
    })
}

/// Recognises what is certainly none of the formats.
fn foreign(start: &[u8]) -> Option<Problem> {
    let known: [(&[u8], &str, &str); 6] = [
        (b"\x1f\x8b", "is compressed by gzip", "unpack it first"),
        (
            b"\x28\xb5\x2f\xfd",
            "is compressed by Zstandard",
            "unpack it first",
        ),
        (
            b"PK\x03\x04",
            "is a ZIP archive or a spreadsheet",
            "unpack it, or save the sheet as CSV (UTF-8)",
        ),
        (b"\xff\xfe", "is UTF-16", "save it as UTF-8"),
        (b"\xfe\xff", "is UTF-16", "save it as UTF-8"),
        (
            b"SQLite format 3",
            "is an SQLite database",
            "export the table as CSV",
        ),
    ];
    known
        .into_iter()
        .find(|(magic, _, _)| start.starts_with(magic))
        .map(|(_, message, hint)| Problem::new(message).hint(hint))
}

/// Recognises what is no text: none holds a NUL, and in the first line it is no slip of one item.
fn binary(start: &[u8]) -> Option<Problem> {
    let at = start
        .iter()
        .take_while(|&&byte| byte != b'\n')
        .position(|&byte| byte == 0)?;
    Some(
        Problem::new(format!("is no text: byte {} is 0x00", at + 1))
            .hint("name a file in JSONL, JSON, CSV (as UTF-8) or Parquet"),
    )
}

fn by_content(start: &[u8]) -> Result<Format, Problem> {
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => Ok(Format::Json),
        Some(b'{') if holds_lines(start) => Ok(Format::Jsonl),
        Some(b'{') => Ok(Format::Json),
        _ => Err(Problem::new("the format is not recognised")
            .hint("let the name end in .jsonl, .json, .csv or .parquet, or set the format")),
    }
}

/// Whether the first line that is not empty is a whole object that is not a wrapper of items: many
/// files named `.json` hold one object per line.
fn holds_lines(start: &[u8]) -> bool {
    start
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty())
        .and_then(|line| {
            serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).ok()
        })
        .is_some_and(|object| !object.get("items").is_some_and(serde_json::Value::is_array))
}
