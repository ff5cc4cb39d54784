//! Commands to type next: with the options of this call that the next one needs too.
//!
//! In: what was typed, and the words of the next command. Out: a line that a POSIX shell reads as meant.

use std::path::Path;

use crate::args::Common;

impl Common {
    /// Gives `trilemma WORDS` with the project, date and catalogs of this call. The words are taken
    /// as they are; see [`path`] and [`word`] for those that come from elsewhere.
    pub(crate) fn command(&self, words: &str) -> String {
        let mut line = format!("trilemma {words}");
        if let Some(file) = &self.project {
            line.push_str(&format!(" -p {}", path(file)));
        }
        for file in &self.catalog {
            line.push_str(&format!(" --catalog {}", path(file)));
        }
        if let Some(day) = self.as_of {
            line.push_str(&format!(" --as-of {day}"));
        }
        line
    }
}

/// A path as a shell takes it.
pub(crate) fn path(path: &Path) -> String {
    word(&path.display().to_string())
}

/// A text as one word of a shell.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_./:=@%+,-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_next_command_keeps_what_this_one_was_told() {
        let mut common = Common {
            project: None,
            as_of: None,
            catalog: Vec::new(),
        };
        assert_eq!(common.command("report"), "trilemma report");
        common.project = Some(PathBuf::from("a b/it's.toml"));
        common.catalog = vec![PathBuf::from("own.toml")];
        common.as_of = Some(jiff::civil::date(2026, 11, 23));
        assert_eq!(
            common.command("report"),
            r"trilemma report -p 'a b/it'\''s.toml' --catalog own.toml --as-of 2026-11-23"
        );
    }

    #[test]
    fn words_that_a_shell_would_change_are_quoted() {
        for plain in ["run-1", "../x/y.toml", "größe.jsonl"] {
            assert_eq!(word(plain), plain);
        }
        assert_eq!(word(""), "''");
        assert_eq!(word("$HOME; rm *"), "'$HOME; rm *'");
    }
}
