//! String literals of the JSON reader.
//!
//! In: a reader that stands on a quote. Out: the unescaped text. Lenient strings may hold raw line
//! breaks and unescaped quotes: a quote ends the string only where what follows can follow a
//! string, and an unescaped `"key":` ends a string whose closing quote was forgotten. Escapes unknown to JSON keep their backslash, so that `\(x\)` survives.

use super::reader::{Around, Reader};

/// How far a lenient reader looks past a quote to see whether the string ends there.
const LOOK_AHEAD: usize = 256;

/// A quote that was taken for part of the text, to come back to when no better end is found.
struct Rejected {
    pos: usize,
    out_len: usize,
}

impl Reader<'_> {
    /// Reads a string whose opening quote is here; `around` is `None` for keys, which always end
    /// at their first quote.
    pub(super) fn string(&mut self, quote: u8, around: Option<Around>) -> Option<String> {
        self.pos += 1;
        let mut out = String::new();
        let mut rejected: Option<Rejected> = None;
        loop {
            let rest = self.text.as_bytes().get(self.pos..)?;
            let Some(len) = memchr::memchr2(quote, b'\\', rest) else {
                return self.unterminated(out, rejected, around);
            };
            let chunk = self.text.get(self.pos..self.pos + len)?;
            if self.strict()
                && let Some(at) = chunk.bytes().position(|b| b < 0x20)
            {
                self.pos += at;
                return None;
            }
            out.push_str(chunk);
            self.pos += len;
            if self.peek() == Some(b'\\') {
                self.escape(&mut out)?;
                continue;
            }
            let ends = match around {
                Some(around) if !self.strict() && !self.plain_quotes => {
                    self.ends_string(self.pos + 1, around)
                }
                _ => true,
            };
            if ends {
                self.pos += 1;
                return Some(out);
            }
            if around == Some(Around::Object) && self.opens_member(quote) {
                // The closing quote was forgotten: the next member has begun.
                let end = out.trim_end_matches(|c: char| c == ',' || c.is_whitespace());
                out.truncate(end.len());
                return Some(out);
            }
            rejected.get_or_insert(Rejected {
                pos: self.pos,
                out_len: out.len(),
            });
            out.push(char::from(quote));
            self.pos += 1;
        }
    }

    /// Deals with a string that runs to the end of the text.
    fn unterminated(
        &mut self,
        mut out: String,
        rejected: Option<Rejected>,
        around: Option<Around>,
    ) -> Option<String> {
        if self.strict() || around.is_none() {
            let rest = self.text.as_bytes().get(self.pos..).unwrap_or_default();
            let control = rest.iter().position(|b| *b < 0x20);
            self.pos += control.unwrap_or(rest.len());
            return None;
        }
        if let Some(first) = rejected {
            self.plain_quotes = true;
            self.pos = first.pos + 1;
            out.truncate(first.out_len);
            return Some(out);
        }
        out.push_str(self.text.get(self.pos..).unwrap_or_default());
        self.pos = self.text.len();
        Some(out)
    }

    fn escape(&mut self, out: &mut String) -> Option<()> {
        let next = self.text.get(self.pos + 1..)?.chars().next();
        let Some(next) = next else {
            self.pos += 1;
            return if self.strict() { None } else { Some(()) };
        };
        let plain = match next {
            '"' | '\\' | '/' => Some(next),
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'u' => return self.unicode_escape(out),
            '\'' | '\n' if !self.strict() => Some(next),
            _ => None,
        };
        match plain {
            Some(c) => out.push(c),
            None if self.strict() => return None,
            None => out.extend(['\\', next]),
        }
        self.pos += 1 + next.len_utf8();
        Some(())
    }

    /// Reads `\uXXXX`, as a surrogate pair where it starts one.
    fn unicode_escape(&mut self, out: &mut String) -> Option<()> {
        let Some(first) = self.hex4(self.pos) else {
            if self.strict() {
                return None;
            }
            out.push_str("\\u");
            self.pos += 2;
            return Some(());
        };
        if let Some(c) = char::from_u32(first) {
            out.push(c);
            self.pos += 6;
            return Some(());
        }
        let second = self.hex4(self.pos + 6);
        let pair = second.filter(|low| (0xDC00..0xE000).contains(low) && first < 0xDC00);
        match pair
            .and_then(|low| char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + low - 0xDC00))
        {
            Some(c) => {
                out.push(c);
                self.pos += 12;
            }
            None if self.strict() => return None,
            None => {
                out.push(char::REPLACEMENT_CHARACTER);
                self.pos += 6;
            }
        }
        Some(())
    }

    /// The code unit of the escape `\uXXXX` at `at`.
    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(digits, 16).ok()
    }

    /// Whether the quote here opens `"key":` with a key of one word.
    fn opens_member(&self, quote: u8) -> bool {
        let bytes = self.text.as_bytes();
        let end = bytes.len().min(self.pos.saturating_add(LOOK_AHEAD));
        let window = bytes.get(self.pos + 1..end).unwrap_or_default();
        let word = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let len = window.iter().take_while(word).count();
        len > 0 && window.get(len) == Some(&quote) && quoted_key(window, quote) == Some(true)
    }

    /// Whether a string can end right before `after`, by what follows there.
    fn ends_string(&self, after: usize, around: Around) -> bool {
        let bytes = self.text.as_bytes();
        let end = bytes.len().min(after.saturating_add(LOOK_AHEAD));
        let window = bytes.get(after..end).unwrap_or_default();
        let Some((next, rest)) = first_black(window) else {
            return true;
        };
        match (next, around) {
            (b'}', Around::Object) | (b']', Around::List) => true,
            (b'}', Around::List) | (b']', Around::Object) => false,
            (b',', Around::List) => true,
            (b',', Around::Object) => starts_member(rest),
            (b'"' | b'\'', Around::Object) => {
                // A missing comma: only where a whole `"key":` follows.
                quoted_key(rest, next) == Some(true)
            }
            (b'/', _) => matches!(rest.first(), Some(b'/' | b'*')),
            _ => false,
        }
    }
}

/// The first byte that is no white space, and what follows it.
fn first_black(window: &[u8]) -> Option<(u8, &[u8])> {
    let at = window.iter().position(|b| !b.is_ascii_whitespace())?;
    Some((*window.get(at)?, window.get(at + 1..).unwrap_or_default()))
}

/// Whether what follows a comma can be the next member of an object, or its end.
fn starts_member(window: &[u8]) -> bool {
    let Some((next, rest)) = first_black(window) else {
        return true;
    };
    match next {
        b'}' | b',' => true,
        b'"' | b'\'' => quoted_key(rest, next).unwrap_or(true),
        b'/' => matches!(rest.first(), Some(b'/' | b'*')),
        _ => {
            let key = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'$' | b'.');
            let rest = rest.iter().skip_while(|b| key(b));
            let mut rest = rest.skip_while(|b| b.is_ascii_whitespace());
            key(&next) && rest.next() == Some(&b':')
        }
    }
}

/// Whether `window`, just after an opening quote, goes on as `key" :`; `None` = cannot see so far.
fn quoted_key(window: &[u8], quote: u8) -> Option<bool> {
    let mut escaped = false;
    let close = window.iter().position(|b| {
        let ends = *b == quote && !escaped;
        escaped = *b == b'\\' && !escaped;
        ends
    })?;
    let (next, _) = first_black(window.get(close + 1..)?)?;
    Some(next == b':')
}
