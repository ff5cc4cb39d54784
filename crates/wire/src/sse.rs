//! Server-sent events, read incrementally.
//!
//! In: the bytes of a body, cut anywhere. Out: one call per complete event. Follows the WHATWG
//! HTML standard, §9.2.6 "Interpreting an event stream" (read 2026-11): line ends LF, CR and
//! CRLF, a byte order mark at the start, comments, `data` with and without a space, several `data`
//! lines joined by LF. It departs from it in one point: an event that the body ends in is
//! delivered by [`SseParser::finish`], because several servers omit the last empty line.
//! It knows nothing of what the data means.

/// Most bytes kept of a line that is no field.
const LONGEST_JUNK: usize = 240;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SseEvent<'a> {
    /// Value of the last `event` field; empty when there was none.
    pub(crate) name: &'a [u8],
    /// The `data` lines, joined by LF; never empty.
    pub(crate) data: &'a [u8],
}

/// Reads events from bytes that arrive in pieces. Each byte is looked at a bounded number of times.
#[derive(Debug, Default)]
pub(crate) struct SseParser {
    line: Vec<u8>,
    data: Vec<u8>,
    name: Vec<u8>,
    has_data: bool,
    started: bool,
    after_cr: bool,
    junk: Option<Vec<u8>>,
}

impl SseParser {
    /// Reads the next bytes and reports each event that they complete.
    pub(crate) fn push(&mut self, mut bytes: &[u8], on_event: &mut dyn FnMut(SseEvent<'_>)) {
        if self.after_cr
            && let Some(first) = bytes.first()
        {
            self.after_cr = false;
            if *first == b'\n' {
                bytes = bytes.get(1..).unwrap_or_default();
            }
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) {
            let (head, tail) = bytes.split_at(end);
            let is_cr = tail.first() == Some(&b'\r');
            bytes = tail.get(1..).unwrap_or_default();
            if is_cr {
                match bytes.first() {
                    Some(b'\n') => bytes = bytes.get(1..).unwrap_or_default(),
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            self.end_line(head, on_event);
        }
        self.line.extend_from_slice(bytes);
    }

    /// Delivers the event that the body ended in, if there is one.
    pub(crate) fn finish(&mut self, on_event: &mut dyn FnMut(SseEvent<'_>)) {
        self.end_line(&[], on_event);
        self.dispatch(on_event);
    }

    /// The first line that is no field of the format, at most [`LONGEST_JUNK`] bytes of it.
    pub(crate) fn junk(&self) -> Option<&[u8]> {
        self.junk.as_deref()
    }

    fn end_line(&mut self, head: &[u8], on_event: &mut dyn FnMut(SseEvent<'_>)) {
        if self.line.is_empty() {
            self.take_line(head, on_event);
        } else {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(head);
            self.take_line(&line, on_event);
            line.clear();
            self.line = line;
        }
    }

    fn take_line(&mut self, mut line: &[u8], on_event: &mut dyn FnMut(SseEvent<'_>)) {
        if !self.started {
            self.started = true;
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            self.dispatch(on_event);
            return;
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (field, rest) = line.split_at(colon);
        let value = rest.get(1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            b"" | b"id" | b"retry" => {}
            _ if self.junk.is_none() => {
                self.junk = Some(line.get(..LONGEST_JUNK).unwrap_or(line).to_vec());
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, on_event: &mut dyn FnMut(SseEvent<'_>)) {
        if !self.data.is_empty() {
            on_event(SseEvent {
                name: &self.name,
                data: &self.data,
            });
        }
        self.data.clear();
        self.name.clear();
        self.has_data = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&[u8]], expected: &[(&str, &str)]) {
        let mut events = Vec::new();
        let mut parser = SseParser::default();
        let mut note = |event: SseEvent<'_>| {
            events.push((
                String::from_utf8_lossy(event.name).into_owned(),
                String::from_utf8_lossy(event.data).into_owned(),
            ));
        };
        for piece in pieces {
            parser.push(piece, &mut note);
        }
        parser.finish(&mut note);
        let found: Vec<_> = events
            .iter()
            .map(|(name, data)| (name.as_str(), data.as_str()))
            .collect();
        assert_eq!(found, expected, "{pieces:?}");
    }

    #[test]
    fn line_ends_may_be_any_of_three_and_cut_anywhere() {
        for text in [
            "data: a\n\ndata: b\n\n",
            "data: a\r\rdata: b\r\r",
            "data: a\r\n\r\ndata: b\r\n\r\n",
        ] {
            check(&[text.as_bytes()], &[("", "a"), ("", "b")]);
            for cut in 0..text.len() {
                let (left, right) = text.as_bytes().split_at(cut);
                check(&[left, right], &[("", "a"), ("", "b")]);
            }
            let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            check(&single, &[("", "a"), ("", "b")]);
        }
    }

    #[test]
    fn fields_follow_the_standard() {
        check(&[b"\xEF\xBB\xBFdata:x\n\n"], &[("", "x")]);
        check(&[b": comment\n\ndata: x\n\n"], &[("", "x")]);
        check(
            &[b"event: ping\ndata: x\n\ndata: y\n\n"],
            &[("ping", "x"), ("", "y")],
        );
        check(
            &[b"data: x\ndata:  y\nid: 3\nretry: 5\n\n"],
            &[("", "x\n y")],
        );
        check(&[b"data\n\ndata:\n\nevent: lonely\n\n"], &[]);
        check(
            &[b"data: last line without its end"],
            &[("", "last line without its end")],
        );
    }
}
