//! Apache Parquet, by the `parquet` crate's row reader.
//!
//! In: a file. Out: rows of cells; nested groups and lists become JSON. Files that make the crate
//! panic are told as damaged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use trilemma_golden::parquet_json;

use super::bytes::Meter;
use super::table::{Cells, Rows};
use crate::error::InteropError;

const HINT: &str = "write it again with Snappy, Zstandard or no compression, or as CSV";

/// Reads all rows.
pub(crate) fn read(path: &Path, meter: &Meter, rows: &mut dyn Rows) -> Result<(), InteropError> {
    let io = |error: std::io::Error| InteropError::io(path, &error);
    let size = fs_err::metadata(path).map_err(io)?.len();
    let file = fs_err::File::open(path).map_err(io)?.into_file();
    // The crate is not free of panics on damaged files; one of them must not end the program.
    let done = catch_unwind(AssertUnwindSafe(|| {
        let reader = SerializedFileReader::new(file)?;
        let n_rows = reader.metadata().file_metadata().num_rows();
        let n_rows = u64::try_from(n_rows).unwrap_or(0).max(1);
        for (line, row) in (1_u64..).zip(reader.get_row_iter(None)?) {
            // Pages are packed: rows tell how far the reading is.
            let done = u128::from(size) * u128::from(line) / u128::from(n_rows);
            meter.at(u64::try_from(done).unwrap_or(size).min(size));
            let cells: Cells = row?
                .into_columns()
                .into_iter()
                .map(|(name, field)| (name, parquet_json(&field)))
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
