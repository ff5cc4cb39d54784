//! Reads one JSON value, strictly or as models write it.
//!
//! In: a text and a position. Out: a `serde_json` value and the position after it. Strict reading
//! accepts what RFC 8259 does (the tests compare it with `serde_json`). Lenient reading also takes
//! single quotes, bare keys and values, raw line breaks and unescaped quotes in strings, comments,
//! missing and trailing commas, Python's `True`/`False`/`None`, thousands separators in bare
//! numbers, and an end at any point: what was complete by then is kept. A valid document means the
//! same either way. One pass, bounded look-ahead, depth at most [`MAX_DEPTH`].

use serde_json::{Map, Number, Value};

/// Deepest nesting that is read; what lies deeper ends the value (lenient) or fails it (strict).
pub(crate) const MAX_DEPTH: usize = 120;

/// Longest bare key in bytes.
const MAX_BARE_KEY: usize = 128;

/// How forgiving a reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leniency {
    /// RFC 8259 only.
    Strict,
    /// What models write instead.
    Lenient,
}

impl Leniency {
    /// From a project's `lenient` flag.
    pub(crate) fn from_flag(lenient: bool) -> Self {
        if lenient { Self::Lenient } else { Self::Strict }
    }
}

/// What encloses the value being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    Object,
    List,
}

/// A position in a text.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) pos: usize,
    leniency: Leniency,
    depth: usize,
    pub(super) truncated: bool,
    /// Set once a string had no plausible end: from then on strings end at their first quote, so
    /// that the text is not searched to its end again and again.
    pub(crate) plain_quotes: bool,
}

impl<'a> Reader<'a> {
    /// Starts at the byte `pos`, which must lie on a character.
    pub(crate) fn new(text: &'a str, pos: usize, leniency: Leniency) -> Self {
        Self {
            text,
            pos,
            leniency,
            depth: 0,
            truncated: false,
            plain_quotes: false,
        }
    }

    /// Where reading stands.
    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    /// Whether the text ended before the value did.
    pub(crate) fn truncated(&self) -> bool {
        self.truncated
    }

    /// Reads an object that starts here; `None` = there is none.
    pub(crate) fn object(&mut self) -> Option<Map<String, Value>> {
        self.enter(b'{')?;
        let map = self.members();
        self.depth -= 1;
        map
    }

    fn members(&mut self) -> Option<Map<String, Value>> {
        let mut map = Map::new();
        let mut after_comma = false;
        loop {
            self.blank();
            match self.peek() {
                None if self.strict() => return None,
                None => {
                    self.truncated = true;
                    break;
                }
                Some(b'}') if self.strict() && after_comma => return None,
                Some(b'}') => {
                    self.pos += 1;
                    break;
                }
                Some(b',') if !self.strict() => self.pos += 1,
                Some(_) => {
                    if let Some((key, value)) = self.member() {
                        map.insert(key, value);
                    } else if self.strict() || map.is_empty() {
                        return None;
                    } else {
                        self.skip_to_separator(b'}');
                    }
                    after_comma = self.separator(b'}')?;
                }
            }
        }
        Some(map)
    }

    /// Reads a list that starts here; `None` = there is none.
    pub(crate) fn list(&mut self) -> Option<Vec<Value>> {
        self.enter(b'[')?;
        let list = self.elements();
        self.depth -= 1;
        list
    }

    fn elements(&mut self) -> Option<Vec<Value>> {
        let mut list = Vec::new();
        let mut after_comma = false;
        loop {
            self.blank();
            match self.peek() {
                None if self.strict() => return None,
                None => {
                    self.truncated = true;
                    break;
                }
                Some(b']') if self.strict() && after_comma => return None,
                Some(b']') => {
                    self.pos += 1;
                    break;
                }
                Some(b',') if !self.strict() => self.pos += 1,
                Some(_) => {
                    match self.value(Around::List) {
                        Some(value) => list.push(value),
                        None if self.strict() => return None,
                        None => self.skip_to_separator(b']'),
                    }
                    after_comma = self.separator(b']')?;
                }
            }
        }
        Some(list)
    }

    fn member(&mut self) -> Option<(String, Value)> {
        let key = self.key()?;
        self.blank();
        match self.peek() {
            Some(b':') => self.pos += 1,
            _ => return None,
        }
        self.blank();
        self.peek()?;
        let value = match self.value(Around::Object) {
            Some(value) => value,
            None if self.strict() => return None,
            None => Value::Null,
        };
        Some((key, value))
    }

    fn key(&mut self) -> Option<String> {
        match self.peek()? {
            b'"' => self.string(b'"', None),
            b'\'' if !self.strict() => self.string(b'\'', None),
            _ if self.strict() => None,
            _ => self.bare_key(),
        }
    }

    fn bare_key(&mut self) -> Option<String> {
        let rest = self.text.get(self.pos..)?;
        let len = rest
            .char_indices()
            .take_while(|(at, c)| {
                *at < MAX_BARE_KEY && (c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '.'))
            })
            .last()
            .map(|(at, c)| at + c.len_utf8())?;
        let key = rest.get(..len)?.to_owned();
        self.pos += len;
        Some(key)
    }

    fn value(&mut self, around: Around) -> Option<Value> {
        match self.peek()? {
            b'{' => self.object().map(Value::Object),
            b'[' => self.list().map(Value::Array),
            b'"' => self.string(b'"', Some(around)).map(Value::String),
            b'\'' if !self.strict() => self.string(b'\'', Some(around)).map(Value::String),
            _ if self.strict() => self.literal(),
            _ => self.bare_value(around),
        }
    }

    fn literal(&mut self) -> Option<Value> {
        let rest = self.text.get(self.pos..)?;
        let len = rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            .count();
        let value = literal_value(rest.get(..len)?)?;
        self.pos += len;
        Some(value)
    }

    /// Reads a value without quotes, up to a comma, a line break, a comment or the closing bracket.
    fn bare_value(&mut self, around: Around) -> Option<Value> {
        let rest = self.text.get(self.pos..)?;
        let bytes = rest.as_bytes();
        let mut end = bytes.len();
        for (at, byte) in bytes.iter().enumerate() {
            let stops = match byte {
                b',' => around == Around::List || !groups_thousands(bytes, at),
                b'}' | b'\n' => true,
                b']' => around == Around::List,
                b'/' => {
                    matches!(bytes.get(at + 1), Some(b'/' | b'*'))
                        && (at == 0 || matches!(bytes.get(at - 1), Some(b' ' | b'\t')))
                }
                _ => false,
            };
            if stops {
                end = at;
                break;
            }
        }
        self.pos += end;
        let word = rest.get(..end)?.trim();
        if word.is_empty() {
            return None;
        }
        Some(match word {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "None" => Value::Null,
            _ => literal_value(word).unwrap_or_else(|| Value::String(word.to_owned())),
        })
    }

    /// Reads what may follow a member; true = a comma. Lenient reading needs none.
    fn separator(&mut self, close: u8) -> Option<bool> {
        self.blank();
        match self.peek() {
            Some(b',') => {
                self.pos += 1;
                Some(true)
            }
            Some(byte) if byte == close => Some(false),
            _ if self.strict() => None,
            _ => Some(false),
        }
    }

    /// Goes on to the next comma, line break or `close`; all three are dealt with by the caller.
    fn skip_to_separator(&mut self, close: u8) {
        let rest = self.text.as_bytes().get(self.pos..).unwrap_or_default();
        let len = memchr::memchr3(b',', close, b'\n', rest).unwrap_or(rest.len());
        self.pos += len;
    }

    fn blank(&mut self) {
        loop {
            let rest = self.text.as_bytes().get(self.pos..).unwrap_or_default();
            let white = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
            let len = rest.iter().take_while(|b| white(b)).count();
            self.pos += len;
            if self.strict() {
                return;
            }
            let rest = rest.get(len..).unwrap_or_default();
            let skipped = match (rest.first(), rest.get(1)) {
                (Some(b'/'), Some(b'/')) | (Some(b'#'), _) => {
                    memchr::memchr(b'\n', rest).unwrap_or(rest.len())
                }
                (Some(b'/'), Some(b'*')) => {
                    memchr::memmem::find(rest, b"*/").map_or(rest.len(), |at| at + 2)
                }
                (Some(0xC2), Some(0xA0)) => 2,
                _ => return,
            };
            self.pos += skipped;
        }
    }

    /// Steps over the opening bracket; too deep a nesting ends the text for a lenient reader.
    fn enter(&mut self, open: u8) -> Option<()> {
        if self.peek() != Some(open) {
            return None;
        }
        if self.depth >= MAX_DEPTH {
            self.pos = self.text.len();
            self.truncated = true;
            return None;
        }
        self.depth += 1;
        self.pos += 1;
        Some(())
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    pub(super) fn strict(&self) -> bool {
        self.leniency == Leniency::Strict
    }
}

/// Whether the comma at `at` stands between digits as in `1,234`.
fn groups_thousands(bytes: &[u8], at: usize) -> bool {
    let digit = |offset: usize| bytes.get(at + offset).is_some_and(u8::is_ascii_digit);
    let before = at > 0 && bytes.get(at - 1).is_some_and(u8::is_ascii_digit);
    before && digit(1) && digit(2) && digit(3) && !digit(4)
}

fn literal_value(word: &str) -> Option<Value> {
    match word {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ if word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            word.parse::<Number>().ok().map(Value::Number)
        }
        _ => None,
    }
}
