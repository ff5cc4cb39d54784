//! Where whole events end in a stream of bytes, and the one event that a client did not ask for.
//!
//! In: the bytes of a stream as they come. Out: as many of them as end with an event. What follows
//! is kept until it is whole, so that whatever has to be said in between, such as an error, stands
//! between two events.

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Keeps back what is no whole event yet.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    rest: BytesMut,
}

impl Cutter {
    /// Takes the next bytes and gives all that end with a whole event; empty = none yet.
    pub(crate) fn push(&mut self, bytes: Bytes) -> Bytes {
        if self.rest.is_empty() {
            // Vendors write whole events: mostly nothing is copied.
            let end = last_boundary(&bytes);
            self.rest
                .extend_from_slice(bytes.get(end..).unwrap_or_default());
            return bytes.slice(..end.min(bytes.len()));
        }
        self.rest.extend_from_slice(&bytes);
        let end = last_boundary(&self.rest);
        self.rest.split_to(end).freeze()
    }

    /// Gives what is left when the body has ended in order: an event without its empty line.
    pub(crate) fn rest(&mut self) -> Bytes {
        self.rest.split().freeze()
    }

    /// How much is kept back, in bytes.
    pub(crate) fn n_kept(&self) -> usize {
        self.rest.len()
    }
}

/// The place after the last empty line; 0 = there is none.
fn last_boundary(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    while let Some(at) = bytes
        .get(..end)
        .and_then(|head| memchr::memrchr2(b'\n', b'\r', head))
    {
        let head = bytes.get(..at).unwrap_or_default();
        let is_lf = bytes.get(at) == Some(&b'\n');
        let before = if is_lf {
            head.strip_suffix(b"\r").unwrap_or(head)
        } else {
            head
        };
        if matches!(before.last(), Some(b'\n' | b'\r')) {
            return at + 1;
        }
        end = at;
    }
    0
}

#[derive(Deserialize)]
struct UsageOnly {
    #[serde(default)]
    choices: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    usage: Option<IgnoredAny>,
}

/// Leaves OpenAI's usage event out of whole events; the client did not ask for it.
pub(crate) fn without_usage_event(events: Bytes) -> Bytes {
    if !mentions_usage(&events) {
        return events;
    }
    let mut kept = BytesMut::with_capacity(events.len());
    let mut rest = events.as_ref();
    while !rest.is_empty() {
        let end = first_boundary(rest);
        let (event, after) = rest.split_at(end);
        if !is_usage_only(event) {
            kept.extend_from_slice(event);
        }
        rest = after;
    }
    kept.freeze()
}

/// Whether `"usage"` stands there with something else than null.
fn mentions_usage(events: &[u8]) -> bool {
    memchr::memmem::find_iter(events, b"\"usage\"").any(|at| {
        let after = events.get(at + 7..).unwrap_or_default();
        let value = after.trim_ascii_start().strip_prefix(b":");
        value.is_some_and(|value| value.trim_ascii_start().first() == Some(&b'{'))
    })
}

/// The place after the first empty line, or the end.
fn first_boundary(bytes: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = bytes
        .get(from..)
        .and_then(|tail| memchr::memchr2(b'\n', b'\r', tail))
    {
        let at = from + at;
        let end = last_of_line_end(bytes, at);
        match bytes.get(end) {
            Some(b'\n' | b'\r') => return last_of_line_end(bytes, end),
            Some(_) => from = end,
            None => break,
        }
    }
    bytes.len()
}

/// The place after the line end that begins at `at`.
fn last_of_line_end(bytes: &[u8], at: usize) -> usize {
    let is_pair = bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
    at + if is_pair { 2 } else { 1 }
}

fn is_usage_only(event: &[u8]) -> bool {
    event
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .filter_map(|line| line.strip_prefix(b"data:"))
        .any(|data| {
            serde_json::from_slice::<UsageOnly>(data.trim_ascii()).is_ok_and(|chunk| {
                chunk.usage.is_some() && chunk.choices.is_some_and(|choices| choices.is_empty())
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_events_pass_and_the_rest_waits() {
        for (text, n_whole) in [
            ("data: a\n\ndata: b\n\nda", 18),
            ("data: a\r\n\r\ndata: b\r\n", 11),
            ("data: a\r\rx", 9),
            ("data: a\n", 0),
            ("", 0),
        ] {
            let bytes = Bytes::copy_from_slice(text.as_bytes());
            let mut cutter = Cutter::default();
            let whole = cutter.push(bytes.clone());
            assert_eq!(whole.len(), n_whole, "{text:?}");
            assert_eq!([whole, cutter.rest()].concat(), text.as_bytes());
            let mut cutter = Cutter::default();
            let mut out = Vec::new();
            for byte in text.as_bytes() {
                out.extend_from_slice(&cutter.push(Bytes::copy_from_slice(&[*byte])));
            }
            out.extend_from_slice(&cutter.rest());
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn only_the_usage_event_is_left_out() {
        let content = "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":{\"}}],\"usage\":null}\n\n";
        let both = "data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1}}\n\n";
        let usage = "data: {\"choices\":[],\"usage\": {\"prompt_tokens\":1}}\r\n\r\n";
        let all = [content, usage, both, usage, "data: [DONE]\n\n"].concat();
        let kept = without_usage_event(Bytes::from(all));
        assert_eq!(
            std::str::from_utf8(&kept).unwrap(),
            [content, both, "data: [DONE]\n\n"].concat()
        );
    }
}
