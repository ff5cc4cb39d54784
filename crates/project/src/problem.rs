//! Problems of a project file: all of them at once, each with its place and the fix.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The project cannot be used as it is.
    Error,
    /// It can, but the user should know.
    Warning,
}

/// A place in the file, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is; `None` = the file as a whole.
    pub position: Option<Position>,
    /// The key, such as `requirements.pass_rate.min`; empty for syntax errors.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { line, column }) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "`{}`: ", self.key)?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "; hint: {hint}")?;
        }
        Ok(())
    }
}

/// All problems that make a project unusable, warnings included, in file order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("read the project: {} problem(s)", problems.len())]
pub struct ProjectErrors {
    /// The problems, in file order.
    pub problems: Vec<Problem>,
}

/// Collects problems while a file is read, and turns byte offsets into places.
pub(crate) struct Sink<'t> {
    text: &'t str,
    found: RefCell<Vec<Problem>>,
}

/// What to say of a problem besides its place.
pub(crate) struct Note {
    severity: Severity,
    message: String,
    hint: Option<String>,
}

impl Note {
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl<'t> Sink<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            found: RefCell::default(),
        }
    }

    pub(crate) fn report(&self, key: impl Into<String>, span: Option<Range<usize>>, note: Note) {
        self.found.borrow_mut().push(Problem {
            severity: note.severity,
            position: span.map(|span| position_of(self.text, span.start)),
            key: key.into(),
            message: note.message,
            hint: note.hint,
        });
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.found
            .borrow()
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|problem| problem.position);
        // Variants of one sweep share a table, and so its problems.
        found.dedup();
        found
    }
}

fn position_of(text: &str, offset: usize) -> Position {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
    }
}

/// The allowed name closest to a mistyped one, if any is close enough to be meant.
pub(crate) fn nearest<'a>(
    typed: &str,
    allowed: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    allowed
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
