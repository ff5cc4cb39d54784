//! Rows of a log with the places where they stand, and single rows from such places.
//!
//! In: a file. Out: each row once, in order; later, some rows again. Rows that cannot be read are
//! problems, and the next one is read.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use crate::options::{Format, ReadOptions};
use crate::problem::{GoldenErrors, Problem};
use crate::read::record::Record;
use crate::read::{csv as csv_rows, jsonl, source};

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Offset of its first byte in the file.
    offset: u64,
    /// Its line, from 1.
    line: u64,
}

/// A log file whose format is known.
pub(crate) struct Log {
    file: fs_err::File,
    /// Offset behind the byte order mark, if there is one.
    start: u64,
    shape: Shape,
}

enum Shape {
    Lines,
    Rows { delimiter: u8, header: Vec<String> },
}

/// What is done with each row.
pub(crate) type Take<'a> = &'a mut dyn FnMut(Place, Result<Record, Problem>) -> Result<(), Problem>;

impl Log {
    /// Opens a log and recognises its format.
    pub(crate) fn open(path: &Path, format: Option<Format>) -> Result<Self, GoldenErrors> {
        let name = path.display().to_string();
        let fail = |problem| GoldenErrors::one(&*name, problem);
        let cannot = |error: std::io::Error| fail(Problem::new(error.to_string()));
        if fs_err::metadata(path).map_err(cannot)?.is_dir() {
            return Err(fail(
                Problem::new("is a folder").hint("name the file in it"),
            ));
        }
        let mut file = fs_err::File::open(path).map_err(cannot)?;
        let mut start_bytes = [0; 3];
        let mut taken = 0;
        while taken < start_bytes.len() {
            let rest = start_bytes.get_mut(taken..).unwrap_or_default();
            match file.read(rest).map_err(cannot)? {
                0 => break,
                more => taken += more,
            }
        }
        let start = if &start_bytes == b"\xEF\xBB\xBF" {
            3
        } else {
            0
        };
        file.seek(SeekFrom::Start(0)).map_err(cannot)?;
        let mut input = BufReader::with_capacity(64 << 10, file);
        let options = ReadOptions {
            format,
            ..ReadOptions::default()
        };
        let format = source::recognise(&mut input, Some(path), &options)
            .map_err(cannot)?
            .map_err(fail)?;
        let shape = match format {
            Format::Jsonl => Shape::Lines,
            Format::Csv => csv_shape(&mut input).map_err(cannot)?.map_err(fail)?,
            Format::Json | Format::Parquet => {
                return Err(fail(
                    Problem::new(format!(
                        "logs are read as JSONL or CSV, not {}",
                        format.name()
                    ))
                    .hint("write one request per line"),
                ));
            }
        };
        Ok(Self {
            file: input.into_inner(),
            start,
            shape,
        })
    }

    /// Reads all rows; ends early when `take` fails.
    pub(crate) fn each(&mut self, take: Take<'_>) -> Result<Result<(), Problem>, std::io::Error> {
        self.file.seek(SeekFrom::Start(self.start))?;
        let mut input = BufReader::with_capacity(256 << 10, &mut self.file);
        match &self.shape {
            Shape::Lines => each_line(&mut input, self.start, take),
            Shape::Rows { delimiter, header } => {
                each_row(&mut input, self.start, (*delimiter, header), take)
            }
        }
    }

    /// Reads the row at a place again.
    pub(crate) fn at(&mut self, place: Place) -> Result<Result<Record, Problem>, std::io::Error> {
        self.file.seek(SeekFrom::Start(place.offset))?;
        let mut input = BufReader::new(&mut self.file);
        let gone = || Problem::new("the log changed while it was read").at(place.line);
        match &self.shape {
            Shape::Lines => {
                let mut buffer = Vec::new();
                source::read_line(&mut input, &mut buffer)?;
                Ok(jsonl::record(&buffer, place.line, &[]))
            }
            Shape::Rows { delimiter, header } => {
                let mut reader = reader(input, *delimiter);
                let mut row = ByteRecord::new();
                if !reader.read_byte_record(&mut row)? {
                    return Ok(Err(gone()));
                }
                Ok(match csv_rows::record(&row, header) {
                    Ok(Some(mut record)) => {
                        record.line = place.line;
                        Ok(record)
                    }
                    Ok(None) => Err(gone()),
                    Err(problem) => Err(problem.at(place.line)),
                })
            }
        }
    }
}

fn reader<R: Read>(input: R, delimiter: u8) -> csv::Reader<R> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(input)
}

fn csv_shape(input: &mut dyn BufRead) -> Result<Result<Shape, Problem>, std::io::Error> {
    let delimiter = csv_rows::delimiter(input.fill_buf()?);
    let mut row = ByteRecord::new();
    reader(input, delimiter).read_byte_record(&mut row)?;
    Ok(csv_rows::header(&row).map(|header| Shape::Rows { delimiter, header }))
}

fn each_line(
    input: &mut dyn BufRead,
    start: u64,
    take: Take<'_>,
) -> Result<Result<(), Problem>, std::io::Error> {
    let mut place = Place {
        offset: start,
        line: 0,
    };
    let mut buffer = Vec::new();
    while let Some(taken) = source::read_line(input, &mut buffer)? {
        place.line += 1;
        if !buffer.iter().all(u8::is_ascii_whitespace)
            && let Err(problem) = take(place, jsonl::record(&buffer, place.line, &[]))
        {
            return Ok(Err(problem));
        }
        place.offset += taken;
    }
    Ok(Ok(()))
}

fn each_row(
    input: &mut dyn BufRead,
    start: u64,
    (delimiter, header): (u8, &[String]),
    take: Take<'_>,
) -> Result<Result<(), Problem>, std::io::Error> {
    let mut reader = reader(input, delimiter);
    let mut row = ByteRecord::new();
    // The header line.
    reader.read_byte_record(&mut row)?;
    while reader.read_byte_record(&mut row)? {
        let Some(position) = row.position() else {
            continue;
        };
        let place = Place {
            offset: start + position.byte(),
            line: position.line(),
        };
        let outcome = match csv_rows::record(&row, header) {
            Ok(Some(record)) => take(place, Ok(record)),
            Ok(None) => Ok(()),
            Err(problem) => take(place, Err(problem)),
        };
        if let Err(problem) = outcome {
            return Ok(Err(problem));
        }
    }
    Ok(Ok(()))
}
