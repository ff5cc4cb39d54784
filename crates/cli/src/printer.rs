//! The only place that writes to the terminal: data to stdout, talk to stderr.

use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;

/// Why data were lost on their way to standard output.
static LOST: OnceLock<String> = OnceLock::new();

/// Writes what commands have to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    json: bool,
    colour: bool,
    quiet: bool,
}

impl Printer {
    pub(crate) fn new(json: bool, quiet: bool, no_color: bool) -> Self {
        Self {
            json,
            colour: !no_color && io::stdout().is_terminal(),
            quiet,
        }
    }

    /// Whether data are asked for as JSON.
    pub(crate) fn json(self) -> bool {
        self.json
    }

    /// Whether colours may be used on stdout.
    pub(crate) fn colour(self) -> bool {
        self.colour
    }

    /// Whether progress may be drawn.
    pub(crate) fn draws(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Writes text, free of what would drive a terminal.
    pub(crate) fn data(self, text: &str) {
        self.document(&printable(text));
    }

    /// Writes data as JSON.
    pub(crate) fn value(self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        self.document(&plain_json(&serde_json::to_string_pretty(value)?));
        Ok(())
    }

    /// Writes a document as it is: its maker has cleaned it. See [`lost`] for what goes wrong.
    pub(crate) fn document(self, text: &str) {
        let mut out = io::stdout().lock();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let written = out
            .write_all(text.as_bytes())
            .and_then(|()| out.write_all(end.as_bytes()))
            .and_then(|()| out.flush());
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            // The first reason is the one that counts.
            let _ = LOST.set(error.to_string());
        }
    }

    /// Says something to the person at the terminal.
    pub(crate) fn say(self, text: &str) {
        if !self.quiet {
            self.tell(text);
        }
    }

    /// Says something that must be heard, such as an error.
    pub(crate) fn tell(self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = writeln!(err, "{}", printable(text));
    }

    /// Names the one next command that makes sense.
    pub(crate) fn next(self, command: &str) {
        self.say(&format!("\nNext: {command}"));
    }
}

/// Why data did not reach standard output; `None` = all did. A reader that hung up is no loss.
pub(crate) fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// Replaces control characters, so that no text from elsewhere can drive the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if drives_terminal(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Writes control characters in JSON as escapes, without changing its meaning.
pub(crate) fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // White space between values; inside strings JSON has these escaped already.
            '\n' | '\t' => plain.push(c),
            c if drives_terminal(c) => plain.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => plain.push(c),
        }
    }
    plain
}

/// Whether a terminal obeys a character, or shows text in another order because of it.
fn drives_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A way out for JSON lines that remembers why it was closed.
#[derive(Debug)]
pub(crate) struct JsonOutlet<W> {
    inner: W,
    failure: Option<io::Error>,
}

impl<W: Write> JsonOutlet<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self {
            inner,
            failure: None,
        }
    }

    /// Writes what is left and tells what went wrong. A reader that hung up is no error.
    ///
    /// # Errors
    /// The first error of what is behind it.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let flushed = self.inner.flush();
        match self.failure.map_or(flushed, Err) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done,
        }
    }

    /// Whether something went wrong.
    pub(crate) fn is_closed(&self) -> bool {
        self.failure.is_some()
    }
}

impl<W: Write> Write for JsonOutlet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Lines come whole, so that no character is cut in two.
        let written = match std::str::from_utf8(bytes) {
            Ok(json) => self.inner.write_all(plain_json(json).as_bytes()),
            Err(_) => self.inner.write_all(bytes),
        };
        written.map(|()| bytes.len()).map_err(|error| {
            let told = io::Error::new(error.kind(), error.to_string());
            self.failure.get_or_insert(error);
            told
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_without_control_characters_means_the_same() {
        let text = "a\u{1b}[31m\u{9b}\u{7f}\u{202e}\u{61c}é\u{1f600}\n\t\"\\";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let plain = plain_json(&json);
        assert!(plain.chars().all(|c| c == '\n' || !drives_terminal(c)));
        assert_eq!(serde_json::from_str::<Vec<String>>(&plain).unwrap(), [text]);
    }
}
