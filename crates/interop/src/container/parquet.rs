//! Apache Parquet, by the `parquet` crate's row reader.
//!
//! In: a file. Out: rows of cells; nested groups and lists become JSON. Files that make the crate
//! panic are told as damaged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Number, Value};

use super::table::{Cells, Rows};
use crate::error::InteropError;

const HINT: &str = "write it again with Snappy, Zstandard or no compression, or as CSV";

/// Reads all rows.
pub(crate) fn read(path: &Path, rows: &mut dyn Rows) -> Result<(), InteropError> {
    let file = fs_err::File::open(path)
        .map_err(|error| InteropError::io(path, &error))?
        .into_file();
    // The crate is not free of panics on damaged files; one of them must not end the program.
    let done = catch_unwind(AssertUnwindSafe(|| {
        let reader = SerializedFileReader::new(file)?;
        for (line, row) in (1..).zip(reader.get_row_iter(None)?) {
            let cells: Cells = row?
                .into_columns()
                .into_iter()
                .map(|(name, field)| (name, json(&field)))
                .collect();
            if rows.row(line, cells).is_break() {
                break;
            }
        }
        Ok::<_, parquet::errors::ParquetError>(())
    }));
    match done {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(InteropError::broken(path, error.to_string(), HINT)),
        Err(_) => Err(InteropError::broken(path, "the file is damaged", HINT)),
    }
}

fn json(field: &Field) -> Value {
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
                .map(|(name, field)| (name.clone(), json(field)))
                .collect(),
        ),
        Field::ListInternal(list) => list.elements().iter().map(json).collect(),
        Field::MapInternal(map) => Value::Object(
            map.entries()
                .iter()
                .map(|(key, value)| (key_text(key), json(value)))
                .collect(),
        ),
    }
}

fn key_text(key: &Field) -> String {
    match json(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn float(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
