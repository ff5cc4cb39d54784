//! One key per verdict: at a terminal without Enter, from a pipe one character at a time.

use std::io::{IsTerminal as _, Read as _};

use trilemma_domain::HumanWord;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A verdict.
    Word(HumanWord),
    /// Take the last verdict back.
    Undo,
    /// Stop here; the rest is for later.
    Quit,
    /// Anything else.
    Unknown,
}

impl Key {
    fn of(typed: char) -> Self {
        match typed.to_ascii_lowercase() {
            'p' | 'y' | '1' => Self::Word(HumanWord::Pass),
            'f' | 'n' | '0' => Self::Word(HumanWord::Fail),
            's' | '?' => Self::Word(HumanWord::Skipped),
            'u' | '\u{7f}' | '\u{8}' => Self::Undo,
            // Ctrl-C and Ctrl-D reach a terminal in raw mode as characters.
            'q' | '\u{1b}' | '\u{3}' | '\u{4}' => Self::Quit,
            _ => Self::Unknown,
        }
    }
}

/// Where keys come from.
pub(super) enum Keyboard {
    /// A person.
    Terminal(console::Term),
    /// A file or another program.
    Pipe(std::io::Stdin),
}

impl Keyboard {
    /// The terminal if there is one.
    pub(super) fn open() -> Self {
        if std::io::stdin().is_terminal() {
            Self::Terminal(console::Term::stderr())
        } else {
            Self::Pipe(std::io::stdin())
        }
    }

    /// Waits for the next key; the end of input asks to quit. Line ends of a pipe are no keys.
    pub(super) fn next(&mut self) -> anyhow::Result<Key> {
        match self {
            Self::Terminal(term) => match term.read_key_raw() {
                Ok(console::Key::Char(typed)) => Ok(Key::of(typed)),
                Ok(console::Key::Backspace) => Ok(Key::Undo),
                Ok(console::Key::Escape | console::Key::CtrlC) => Ok(Key::Quit),
                Ok(_) => Ok(Key::Unknown),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Ok(Key::Quit),
                Err(error) => Err(error.into()),
            },
            Self::Pipe(input) => {
                let mut byte = [0];
                loop {
                    if input.read(&mut byte)? == 0 {
                        return Ok(Key::Quit);
                    }
                    let typed = char::from(byte[0]);
                    if !typed.is_ascii_whitespace() {
                        return Ok(Key::of(typed));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_line_says() {
        for (typed, key) in [
            ('p', Key::Word(HumanWord::Pass)),
            ('F', Key::Word(HumanWord::Fail)),
            ('s', Key::Word(HumanWord::Skipped)),
            ('u', Key::Undo),
            ('q', Key::Quit),
            ('\u{4}', Key::Quit),
            ('x', Key::Unknown),
        ] {
            assert_eq!(Key::of(typed), key, "{typed}");
        }
    }
}
