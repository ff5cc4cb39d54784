//! One JSON document: a list of items, or an object that has such a list under `items`.
//!
//! In: bytes, parsed as they are read, so that the document is never held as a whole. Out: records.
//! A syntax error ends the reading, since nothing after it can be trusted; a wrong item does not.

use std::cell::Cell as Counter;
use std::fmt;
use std::io::{BufRead, Read};
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::interpret::Interpreter;
use super::record::{Record, RecordSeed, without_position};
use crate::problem::Problem;

/// Reads the document.
pub(crate) fn read(
    input: &mut dyn BufRead,
    set: &mut Interpreter<'_>,
) -> Result<(), std::io::Error> {
    let lines = Rc::new(Counter::new(1));
    let counting = LineCounter {
        input,
        lines: Rc::clone(&lines),
    };
    let mut deserializer = serde_json::Deserializer::from_reader(counting);
    let parsed = Document {
        set,
        lines: &lines,
        nested: false,
    }
    .deserialize(&mut deserializer)
    .and_then(|()| deserializer.end());
    match parsed {
        Ok(()) => Ok(()),
        Err(error) if error.is_io() => Err(error.into()),
        Err(error) => {
            let mut problem = Problem::new(without_position(&error));
            if error.line() > 0 {
                problem = problem
                    .at(error.line() as u64)
                    .column(error.column() as u64);
            }
            set.problems.push(problem.hint(
                "nothing after this place was read; a file with one item per line should end in .jsonl",
            ));
            Ok(())
        }
    }
}

/// Counts line ends as the parser takes bytes; the parser looks one byte ahead at most.
struct LineCounter<'a> {
    input: &'a mut dyn BufRead,
    lines: Rc<Counter<u64>>,
}

impl Read for LineCounter<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(buffer)?;
        let ends = buffer
            .iter()
            .take(count)
            .filter(|&&byte| byte == b'\n')
            .count();
        self.lines.set(self.lines.get() + ends as u64);
        Ok(count)
    }
}

struct Document<'a, 'b> {
    set: &'a mut Interpreter<'b>,
    lines: &'a Counter<u64>,
    /// Whether this is already the value of `items`.
    nested: bool,
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items, or an object with a list under `items`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let exact = self.set.exact_columns();
        while let Some((line, parsed)) = seq.next_element_seed(Located {
            lines: self.lines,
            record: RecordSeed { exact: &exact },
        })? {
            match parsed {
                Ok(cells) => self.set.push(Record { line, cells }),
                Err(found) => self.set.problems.push(
                    Problem::new(format!("expected an object, found {found}"))
                        .at(line)
                        .hint("each member of the list is one item in { }"),
                ),
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        let mut others = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" && !self.nested {
                found = true;
                map.next_value_seed(Document {
                    set: &mut *self.set,
                    lines: self.lines,
                    nested: true,
                })?;
            } else {
                if others.len() < 8 {
                    others.push(key);
                }
                map.next_value::<IgnoredAny>()?;
            }
        }
        if !found {
            self.set.problems.push(
                Problem::new("the object has no list of items")
                    .field("items")
                    .hint(format!(
                        "put the items under `items`; found: {}",
                        others.join(", ")
                    )),
            );
        }
        Ok(())
    }
}

/// An item with the line on which it starts.
struct Located<'a> {
    lines: &'a Counter<u64>,
    record: RecordSeed<'a>,
}

impl<'de> DeserializeSeed<'de> for Located<'_> {
    type Value = (
        u64,
        <RecordSeed<'static> as DeserializeSeed<'static>>::Value,
    );

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let line = self.lines.get();
        Ok((line, self.record.deserialize(deserializer)?))
    }
}
