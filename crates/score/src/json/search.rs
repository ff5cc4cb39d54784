//! Finds JSON values in running text.
//!
//! In: any text. Out: the objects in it, in order, or its first value. Linear: a failed attempt
//! goes on where it stopped, so no byte is read twice for structure. An object nested in a found
//! one is part of it and not found again.

use serde_json::{Map, Value};

use super::reader::{Leniency, Reader};

/// The JSON objects in `text`, in order.
pub(crate) fn objects(text: &str, leniency: Leniency) -> Objects<'_> {
    Objects {
        text,
        pos: 0,
        leniency,
        plain_quotes: false,
    }
}

/// An object found in a text.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its members.
    pub(crate) map: Map<String, Value>,
    /// Whether it was closed; false = the text ended inside it, or it nests too deep.
    pub(crate) complete: bool,
}

/// An iterator over the objects in a text.
#[derive(Debug)]
pub(crate) struct Objects<'a> {
    text: &'a str,
    pos: usize,
    leniency: Leniency,
    /// Once a string had no plausible end, later objects are not searched for one either: the
    /// search goes to the end of the text and must not be repeated for each object.
    plain_quotes: bool,
}

impl Iterator for Objects<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.as_bytes().get(self.pos..)?;
            let start = self.pos + memchr::memchr(b'{', rest)?;
            let mut reader = Reader::new(self.text, start, self.leniency);
            reader.plain_quotes = self.plain_quotes;
            let found = reader.object();
            self.plain_quotes = reader.plain_quotes;
            self.pos = reader.pos().max(start + 1);
            if let Some(map) = found {
                return Some(Found {
                    map,
                    complete: !reader.truncated(),
                });
            }
        }
    }
}

/// The value of a text: the whole of it when it is one JSON value, else the first object or list
/// in it.
#[cfg(any(test, feature = "json-schema"))]
pub(crate) fn first_value(text: &str, leniency: Leniency) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let mut pos = 0;
    let mut plain_quotes = false;
    loop {
        let rest = text.as_bytes().get(pos..)?;
        let start = pos + memchr::memchr2(b'{', b'[', rest)?;
        let mut reader = Reader::new(text, start, leniency);
        reader.plain_quotes = plain_quotes;
        let found = if rest.get(start - pos) == Some(&b'{') {
            reader.object().map(Value::Object)
        } else {
            reader.list().map(Value::Array)
        };
        if found.is_some() {
            return found;
        }
        plain_quotes = reader.plain_quotes;
        pos = reader.pos().max(start + 1);
    }
}
