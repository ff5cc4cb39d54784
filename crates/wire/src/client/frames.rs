//! JSON values one after the other: a list, lines, or a single object.
//!
//! Gemini without `alt=sse` streams one JSON list; some servers ignore that a stream was asked
//! for and send one object. In: the bytes of a body, cut anywhere. Out: one call per complete
//! object. It does not check the JSON: the reader of each object does.

/// Cuts objects out of bytes that arrive in pieces. Each byte is looked at once.
#[derive(Debug, Default)]
pub(crate) struct ObjectCutter {
    object: Vec<u8>,
    depth: u64,
    in_text: bool,
    after_backslash: bool,
    junk: bool,
}

impl ObjectCutter {
    /// Reads the next bytes and reports each object that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8], on_object: &mut dyn FnMut(&[u8])) {
        let mut start = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_text {
                self.step_in_text(*byte);
                continue;
            }
            match byte {
                b'{' if self.depth == 0 => {
                    self.depth = 1;
                    start = at;
                }
                b'{' | b'[' if self.depth > 0 => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' if self.depth == 1 => {
                    self.depth = 0;
                    let tail = bytes.get(start..=at).unwrap_or_default();
                    if self.object.is_empty() {
                        on_object(tail);
                    } else {
                        self.object.extend_from_slice(tail);
                        on_object(&self.object);
                        self.object.clear();
                    }
                }
                b'"' if self.depth > 0 => self.in_text = true,
                b'[' | b']' | b',' => {}
                byte if self.depth > 0 || byte.is_ascii_whitespace() => {}
                _ => self.junk = true,
            }
        }
        if self.depth > 0 {
            self.object
                .extend_from_slice(bytes.get(start..).unwrap_or_default());
        }
    }

    /// Whether the body ended inside an object.
    pub(crate) fn is_open(&self) -> bool {
        self.depth > 0
    }

    /// Whether something else than objects was met.
    pub(crate) fn saw_junk(&self) -> bool {
        self.junk
    }

    fn step_in_text(&mut self, byte: u8) {
        if self.after_backslash {
            self.after_backslash = false;
        } else if byte == b'\\' {
            self.after_backslash = true;
        } else if byte == b'"' {
            self.in_text = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> (Vec<String>, bool, bool) {
        let mut objects = Vec::new();
        let mut cutter = ObjectCutter::default();
        for piece in pieces {
            cutter.push(piece, &mut |object| {
                objects.push(String::from_utf8_lossy(object).into_owned());
            });
        }
        (objects, cutter.is_open(), cutter.saw_junk())
    }

    #[test]
    fn objects_are_cut_out_wherever_the_bytes_are_split() {
        let text = br#"[{"a":"}\"]{"},
            {"b":{"c":[1,2]}}] {"d":1}"#;
        let expected = (
            vec![
                r#"{"a":"}\"]{"}"#.to_owned(),
                r#"{"b":{"c":[1,2]}}"#.to_owned(),
                r#"{"d":1}"#.to_owned(),
            ],
            false,
            false,
        );
        assert_eq!(cut(&[text]), expected);
        for at in 0..text.len() {
            let (left, right) = text.split_at(at);
            assert_eq!(cut(&[left, right]), expected, "{at}");
        }
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(cut(&single), expected);
    }

    #[test]
    fn open_ends_and_junk_are_noticed() {
        assert_eq!(cut(&[b"{\"a\":1"]), (Vec::new(), true, false));
        assert_eq!(cut(&[b"x {}"]), (vec!["{}".to_owned()], false, true));
    }
}
