//! Byte strings that occur again and again, stored once and referred to by number.
//!
//! In: served model names, back-end fingerprints, shapes of usage objects. Out: references of one
//! or two bytes. Strings that turn out to be different each time are stored in place once the
//! dictionary is full, so that it stays small in memory.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::codec::{Reader, put_bytes, put_u64};

/// Most words of a store; what comes later is stored in place.
const MAX_WORDS: usize = 10_000;
/// Longest word kept in the dictionary, in bytes.
const MAX_WORD_BYTES: usize = 4_096;

/// Turns byte strings into references while writing.
#[derive(Debug, Default)]
pub(crate) struct WordWriter {
    known: HashMap<Vec<u8>, u64>,
    fresh: Vec<(u64, Vec<u8>)>,
}

impl WordWriter {
    /// Loads the dictionary of a store.
    pub(crate) fn load(conn: &Connection) -> rusqlite::Result<Self> {
        let mut known = HashMap::new();
        let mut statement = conn.prepare("SELECT word_no, bytes FROM word")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            known.insert(row.get(1)?, number.cast_unsigned());
        }
        Ok(Self {
            known,
            fresh: Vec::new(),
        })
    }

    /// Numbers a byte string; `None` = the dictionary is full or the string too long.
    pub(crate) fn number(&mut self, bytes: &[u8]) -> Option<u64> {
        if let Some(number) = self.known.get(bytes) {
            return Some(*number);
        }
        if self.known.len() >= MAX_WORDS || bytes.len() > MAX_WORD_BYTES {
            return None;
        }
        Some(self.number_always(bytes))
    }

    /// Numbers a byte string that must have a number, such as the hash of a price row.
    pub(crate) fn number_always(&mut self, bytes: &[u8]) -> u64 {
        if let Some(number) = self.known.get(bytes) {
            return *number;
        }
        let number = self.known.len() as u64 + 1;
        self.known.insert(bytes.to_owned(), number);
        self.fresh.push((number, bytes.to_owned()));
        number
    }

    /// Gives the words that are not in the store yet, once.
    pub(crate) fn take_fresh(&mut self) -> Vec<(u64, Vec<u8>)> {
        std::mem::take(&mut self.fresh)
    }

    /// Whether there are words that are not in the store yet.
    pub(crate) fn has_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Writes a reference: 0 = none, 1 = in place, from 2 on a word's number.
    pub(crate) fn put(&mut self, out: &mut Vec<u8>, bytes: Option<&[u8]>) {
        match bytes {
            None => put_u64(out, 0),
            Some(bytes) => match self.number(bytes) {
                Some(number) => put_u64(out, number.saturating_add(1)),
                None => {
                    put_u64(out, 1);
                    put_bytes(out, bytes);
                }
            },
        }
    }
}

/// Turns references back into byte strings while reading.
#[derive(Debug, Default)]
pub(crate) struct Words(HashMap<u64, Vec<u8>>);

impl Words {
    /// Loads the dictionary of a store; call it in the transaction that reads the references.
    pub(crate) fn load(conn: &Connection) -> rusqlite::Result<Self> {
        let mut words = HashMap::new();
        let mut statement = conn.prepare_cached("SELECT word_no, bytes FROM word")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            words.insert(number.cast_unsigned(), row.get(1)?);
        }
        Ok(Self(words))
    }

    /// Finds a word by its number.
    pub(crate) fn get(&self, number: u64) -> Option<&[u8]> {
        self.0.get(&number).map(Vec::as_slice)
    }

    /// Reads a reference; the outer `None` = damaged.
    pub(crate) fn read(&self, from: &mut Reader<'_>) -> Option<Option<Vec<u8>>> {
        match from.u64()? {
            0 => Some(None),
            1 => Some(Some(from.bytes()?.to_owned())),
            above => self.get(above - 1).map(|bytes| Some(bytes.to_owned())),
        }
    }

    /// Reads a reference to a text; the outer `None` = damaged.
    pub(crate) fn read_text(&self, from: &mut Reader<'_>) -> Option<Option<String>> {
        match self.read(from)? {
            None => Some(None),
            Some(bytes) => String::from_utf8(bytes).ok().map(Some),
        }
    }
}
