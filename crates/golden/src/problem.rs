//! What is wrong with a file, all of it at once.
//!
//! In: findings of the readers, one at a time. Out: a bounded list with a total, printed with line,
//! column, field and the fix. It does not decide what is wrong; readers do.

use std::fmt;

/// At most this many problems are kept in full; the rest is only counted.
pub const MAX_PROBLEMS: usize = 100;

/// At most this many characters of a foreign text are quoted in a message.
const MAX_QUOTE_CHARS: usize = 60;

/// One thing that is wrong, or worth a warning, in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line in the file, from 1; for Parquet the row, from 1; `None` where it concerns the whole file.
    pub line: Option<u64>,
    /// Column in that line, in bytes from 1; `None` where only the line is known.
    pub column: Option<u64>,
    /// Field or column of the item, with the path inside it, such as `input[2].content`.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// Whether bytes are in another encoding, which one change of the whole file mends.
    is_of_encoding: bool,
}

impl Problem {
    /// Makes a problem of the whole file.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            field: None,
            message: message.into(),
            hint: None,
            is_of_encoding: false,
        }
    }

    /// Says that the encoding is to blame.
    pub(crate) fn of_encoding(mut self) -> Self {
        self.is_of_encoding = true;
        self
    }

    /// Says on which line.
    #[must_use]
    pub fn at(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// Says in which column of the line.
    #[must_use]
    pub fn column(mut self, column: u64) -> Self {
        self.column = Some(column);
        self
    }

    /// Says in which field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            f.write_str(": ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "`{field}`: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n    hint: {hint}")?;
        }
        Ok(())
    }
}

/// Everything that kept a file from being read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct GoldenErrors {
    /// The file, as it was named.
    pub source_name: String,
    /// The first [`MAX_PROBLEMS`] problems, in the order of the file.
    pub problems: Vec<Problem>,
    /// How many there are in all.
    pub total: usize,
}

impl GoldenErrors {
    /// Wraps a single problem.
    #[must_use]
    pub fn one(source_name: impl Into<String>, problem: Problem) -> Self {
        Self {
            source_name: source_name.into(),
            problems: vec![problem],
            total: 1,
        }
    }
}

impl fmt::Display for GoldenErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.total == 1 { "" } else { "s" };
        write!(
            f,
            "read `{}`: {} problem{plural}",
            self.source_name, self.total
        )?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        match self.total.saturating_sub(self.problems.len()) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// Keeps the first problems and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    problems: Vec<Problem>,
    total: usize,
    /// Places that are in another encoding, after the first.
    n_more_of_encoding: usize,
}

impl Collector {
    /// Takes the next problem. Of those of the encoding only the first is kept: all have one cause.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.total += 1;
        if problem.is_of_encoding && self.problems.iter().any(|known| known.is_of_encoding) {
            self.n_more_of_encoding += 1;
            return;
        }
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// Drops all problems but the first, which says what has become of the others.
    pub(crate) fn keep_first(&mut self, others: &str) {
        self.problems.truncate(1);
        self.total = self.problems.len();
        self.n_more_of_encoding = 0;
        if let Some(first) = self.problems.first_mut() {
            first.message.push_str(others);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many were taken.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        let more = self.n_more_of_encoding;
        let first = self.problems.iter_mut().find(|known| known.is_of_encoding);
        if let (Some(first), 1..) = (first, more) {
            let plural = if more == 1 { "" } else { "s" };
            let rest = format!("; so it is in {more} more place{plural}");
            first.message.push_str(&rest);
        }
        self.problems
    }

    pub(crate) fn into_errors(self, source_name: &str) -> GoldenErrors {
        GoldenErrors {
            source_name: source_name.to_owned(),
            total: self.total - self.n_more_of_encoding,
            problems: self.into_problems(),
        }
    }
}

/// Quotes a foreign text in backticks: one line, control characters escaped, shortened.
pub(crate) fn quote(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(MAX_QUOTE_CHARS)
        .flat_map(|c| {
            let escaped: Vec<char> = if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            };
            escaped
        })
        .collect();
    if text.chars().nth(MAX_QUOTE_CHARS).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_beyond_the_cap() {
        let mut collector = Collector::default();
        for line in 1..=250 {
            collector.push(Problem::new("is wrong").at(line));
        }
        let errors = collector.into_errors("a.jsonl");
        assert_eq!((errors.problems.len(), errors.total), (MAX_PROBLEMS, 250));
        let text = errors.to_string();
        assert!(text.starts_with("read `a.jsonl`: 250 problems\n  line 1: is wrong\n"));
        assert!(text.ends_with("and 150 more"), "{text}");
    }

    #[test]
    fn one_wrong_encoding_is_one_problem() {
        let mut collector = Collector::default();
        collector.push(Problem::new("is wrong").at(1));
        for line in 2..=40 {
            collector.push(Problem::new("is odd").of_encoding().at(line));
        }
        assert_eq!(collector.total(), 40);
        let errors = collector.into_errors("a.jsonl");
        assert_eq!(errors.total, 2);
        assert_eq!(
            errors.to_string(),
            "read `a.jsonl`: 2 problems\n  line 1: is wrong\n  line 2: is odd; so it is in 38 more places"
        );
    }

    #[test]
    fn quotes_are_short_and_on_one_line() {
        assert_eq!(quote("a\nb\u{1b}[1m"), "`a\\nb\\u{1b}[1m`");
        assert!(quote(&"x".repeat(10_000)).len() < 100);
    }
}
