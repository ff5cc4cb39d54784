//! The only place that writes to the terminal: data to stdout, talk to stderr.

use std::io::{self, IsTerminal as _, Write as _};

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

    /// Columns of the terminal; 100 where there is none.
    pub(crate) fn width(self) -> usize {
        terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0))
    }

    /// Whether progress may be drawn.
    pub(crate) fn draws(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Writes data. A reader that hung up is no error.
    pub(crate) fn data(self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
        let _ = out.flush();
    }

    /// Writes data as JSON.
    pub(crate) fn value(self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        self.data(&serde_json::to_string_pretty(value)?);
        Ok(())
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

/// Replaces control characters, so that no text from elsewhere can drive the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() => '\u{fffd}',
            // Marks that reorder text would make it read as something else.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c => c,
        })
        .collect()
}
