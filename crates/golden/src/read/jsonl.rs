//! JSON Lines: one object per line.
//!
//! In: bytes, read line by line through one buffer. Out: records. Empty lines are skipped; a line that
//! is wrong is a problem and the next one is read. A file none of whose lines holds an object is one
//! problem, not one for each line.

use std::io::BufRead;

use serde::de::DeserializeSeed;

use super::interpret::Interpreter;
use super::record::{Record, RecordSeed, without_position};
use super::source::{read_line, utf8};
use crate::problem::{Problem, quote};

/// Where nothing but this many lines without an object were met, each is told.
const MOST_OTHERS: u64 = 3;

/// Reads all lines.
pub(crate) fn read(
    input: &mut dyn BufRead,
    set: &mut Interpreter<'_>,
) -> Result<(), std::io::Error> {
    let mut buffer = Vec::new();
    let mut line = 0;
    let (mut n_objects, mut n_others) = (0_u64, 0_u64);
    while read_line(input, &mut buffer)?.is_some() {
        line += 1;
        if buffer.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match record(&buffer, line, &set.exact_columns()) {
            Ok(record) => {
                n_objects += 1;
                set.push(record);
            }
            Err(problem) => {
                n_others += 1;
                set.problems.push(problem);
            }
        }
    }
    if n_objects == 0 && n_others > MOST_OTHERS {
        set.problems
            .keep_first(&format!("; none of the {n_others} lines holds an item"));
    }
    Ok(())
}

/// Reads one line.
pub(crate) fn record(bytes: &[u8], line: u64, exact: &[&str]) -> Result<Record, Problem> {
    let text = utf8(bytes).map_err(|problem| problem.at(line))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = RecordSeed { exact }
        .deserialize(&mut deserializer)
        .and_then(|record| deserializer.end().map(|()| record));
    match parsed {
        Ok(Ok(cells)) => Ok(Record { line, cells }),
        Ok(Err(found)) => Err(Problem::new(format!("expected an object, found {found}"))
            .at(line)
            .hint("each line is one item in { }; a file that is one list should end in .json")),
        Err(error) => {
            let trimmed = text.trim();
            let spread = matches!(trimmed, "{" | "[" | "}" | "]" | "}," | "],");
            let hint = if spread {
                "each line must hold one whole item; if the file is one list, let its name end in .json"
                    .to_owned()
            } else {
                format!("the line starts with {}", quote(trimmed))
            };
            Err(Problem::new(without_position(&error))
                .at(line)
                .column(error.column() as u64)
                .hint(hint))
        }
    }
}
