//! Apache Parquet, by the `parquet` crate's row reader.
//!
//! In: a file, or bytes held in memory. Out: records, row by row; nested groups, lists and maps become
//! JSON. Text columns are read as typed texts, but for those that hold JSON in text, as CSV cells do.
//! The line of a record is its row, from 1. Encrypted files and Brotli or LZ4 pages are not read.

use std::io::BufRead;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::{Map, Number, Value};

use super::interpret::Interpreter;
use super::record::{Cell, Record};
use crate::problem::Problem;

/// Reads all rows.
pub(crate) fn read(
    input: &mut dyn BufRead,
    path: Option<&Path>,
    set: &mut Interpreter<'_>,
) -> Result<(), std::io::Error> {
    // The crate is not free of panics on corrupt files; a golden set must not end the program.
    let outcome = match path {
        Some(path) => {
            let file = fs_err::File::open(path)?.into_file();
            catch_unwind(AssertUnwindSafe(|| rows(file, set)))
        }
        None => {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes)?;
            catch_unwind(AssertUnwindSafe(|| rows(Bytes::from(bytes), set)))
        }
    };
    let message = match outcome {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the file is corrupt".to_owned(),
    };
    set.problems.push(Problem::new(message).hint(
        "read it with another tool, and write it again with Snappy, Zstandard or no compression",
    ));
    Ok(())
}

fn rows<R: ChunkReader + 'static>(
    source: R,
    set: &mut Interpreter<'_>,
) -> Result<(), ParquetError> {
    let reader = SerializedFileReader::new(source)?;
    for (line, row) in (1..).zip(reader.get_row_iter(None)?) {
        set.push(Record {
            line,
            cells: cells(row?),
        });
    }
    Ok(())
}

fn cells(row: Row) -> Vec<(String, Cell)> {
    row.into_columns()
        .into_iter()
        .map(|(name, field)| {
            let cell = match field {
                Field::Str(text) => Cell::Untyped(text),
                other => Cell::Json(parquet_json(&other)),
            };
            (name, cell)
        })
        .collect()
}

/// A cell of a Parquet file as JSON: groups become objects, lists arrays, dates and decimals text.
pub fn parquet_json(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => Value::Bool(*value),
        Field::Byte(n) => Value::from(*n),
        Field::Short(n) => Value::from(*n),
        Field::Int(n) => Value::from(*n),
        Field::Long(n) => Value::from(*n),
        Field::UByte(n) => Value::from(*n),
        Field::UShort(n) => Value::from(*n),
        Field::UInt(n) => Value::from(*n),
        Field::ULong(n) => Value::from(*n),
        // Through its shortest decimal form, so that 0.1 does not become 0.10000000149.
        Field::Float(n) => float(n.to_string().parse().unwrap_or(f64::from(*n))),
        Field::Float16(n) => float(n.to_f64()),
        Field::Double(n) => float(*n),
        Field::Str(text) => Value::String(text.clone()),
        Field::Bytes(bytes) => Value::String(String::from_utf8_lossy(bytes.data()).into_owned()),
        Field::Decimal(_)
        | Field::Date(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)
        | Field::TimestampMillis(_)
        | Field::TimestampMicros(_) => Value::String(field.to_string()),
        Field::Group(row) => Value::Object(
            row.get_column_iter()
                .map(|(name, field)| (name.clone(), parquet_json(field)))
                .collect(),
        ),
        Field::ListInternal(list) => list.elements().iter().map(parquet_json).collect(),
        Field::MapInternal(map) => Value::Object(
            map.entries()
                .iter()
                .map(|(key, value)| (key_text(key), parquet_json(value)))
                .collect::<Map<_, _>>(),
        ),
    }
}

fn key_text(key: &Field) -> String {
    match parquet_json(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn float(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
