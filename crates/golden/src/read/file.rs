//! The way in: a path or a reader, and the format's own reader behind it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::interpret::Interpreter;
use super::{csv, json, jsonl, source};
use crate::options::{Format, ReadOptions};
use crate::problem::{GoldenErrors, Problem};
use crate::set::GoldenSet;

/// Bytes read ahead: enough to see the first line of most files.
const READ_AHEAD_BYTES: usize = 64 << 10;

/// Reads the golden set in the file `path`.
///
/// The file is read in one pass; beyond the items themselves, memory holds at most its longest line.
/// Images and files that items name by `path` are taken from the file's folder.
///
/// # Errors
/// Lists everything that is wrong with the file, the first [`crate::MAX_PROBLEMS`] in full: it cannot
/// be read, is in no known format, or items in it are ill-formed or share an id.
pub fn read(path: &Path, options: &ReadOptions) -> Result<GoldenSet, GoldenErrors> {
    let name = path.display().to_string();
    let cannot = |error: std::io::Error| {
        GoldenErrors::one(
            &*name,
            Problem::new(error.to_string()).hint("check the name and the rights of the file"),
        )
    };
    let file = fs_err::File::open(path).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.is_dir() {
        return Err(GoldenErrors::one(
            &*name,
            Problem::new("is a folder").hint("name the file in it"),
        ));
    }
    let base = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let mut input = BufReader::with_capacity(READ_AHEAD_BYTES, file);
    read_all(
        &mut input,
        &Origin {
            name: &name,
            path: Some(path),
            base: Some(base),
        },
        options,
    )
}

/// Reads a golden set from any source of bytes; `name` stands for it in messages.
///
/// Parquet is held in memory as a whole. Items cannot name images or files by path.
///
/// # Errors
/// As [`read`].
pub fn read_from(
    input: impl Read,
    name: &str,
    options: &ReadOptions,
) -> Result<GoldenSet, GoldenErrors> {
    let mut input = BufReader::with_capacity(READ_AHEAD_BYTES, input);
    let origin = Origin {
        name,
        path: None,
        base: None,
    };
    read_all(&mut input, &origin, options)
}

struct Origin<'a> {
    name: &'a str,
    path: Option<&'a Path>,
    base: Option<&'a Path>,
}

fn read_all(
    input: &mut dyn BufRead,
    origin: &Origin<'_>,
    options: &ReadOptions,
) -> Result<GoldenSet, GoldenErrors> {
    let cannot =
        |error: std::io::Error| GoldenErrors::one(origin.name, Problem::new(error.to_string()));
    let format = source::recognise(input, origin.path, options)
        .map_err(cannot)?
        .map_err(|problem| GoldenErrors::one(origin.name, problem))?;
    let mut set = Interpreter::new(&options.columns, origin.base);
    let outcome = match format {
        Format::Jsonl => jsonl::read(input, &mut set),
        Format::Json => json::read(input, &mut set),
        Format::Csv => csv::read(input, &mut set),
        Format::Parquet => parquet(input, origin.path, &mut set),
    };
    if let Err(error) = outcome {
        set.problems.push(Problem::new(error.to_string()));
    }
    set.finish(origin.name)
}

#[cfg(feature = "parquet")]
fn parquet(
    input: &mut dyn BufRead,
    path: Option<&Path>,
    set: &mut Interpreter<'_>,
) -> Result<(), std::io::Error> {
    super::parquet::read(input, path, set)
}

#[cfg(not(feature = "parquet"))]
fn parquet(
    _: &mut dyn BufRead,
    _: Option<&Path>,
    set: &mut Interpreter<'_>,
) -> Result<(), std::io::Error> {
    set.problems.push(
        Problem::new("this build does not read Parquet")
            .hint("build with the feature `parquet`, or save the file as CSV or JSONL"),
    );
    Ok(())
}
