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
#[error("read the project: {} problem{}", problems.len(), if problems.len() == 1 { "" } else { "s" })]
pub struct ProjectErrors {
    /// The problems, in file order.
    pub problems: Vec<Problem>,
}

/// Collects problems while a file is read, and turns byte offsets into places.
pub(crate) struct Sink<'t> {
    text: &'t str,
    found: RefCell<Vec<(Option<usize>, Problem)>>,
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
        let problem = Problem {
            severity: note.severity,
            position: None,
            key: key.into(),
            message: note.message,
            hint: note.hint,
        };
        let offset = span.map(|span| span.start);
        self.found.borrow_mut().push((offset, problem));
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.found
            .borrow()
            .iter()
            .any(|(_, problem)| problem.severity == Severity::Error)
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|(offset, _)| *offset);
        let mut walk = Walk::new(self.text);
        let mut problems: Vec<Problem> = found
            .into_iter()
            .map(|(offset, problem)| Problem {
                position: offset.map(|offset| walk.to(offset)),
                ..problem
            })
            .collect();
        // Variants of one sweep share a table, and so its problems.
        problems.dedup();
        problems
    }
}

/// Goes through a text once and tells places on the way, however many they are.
struct Walk<'t> {
    rest: &'t str,
    at: usize,
    position: Position,
}

impl<'t> Walk<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            rest: text,
            at: 0,
            position: Position { line: 1, column: 1 },
        }
    }

    /// Gives the place of a byte offset that is not before the last one.
    fn to(&mut self, offset: usize) -> Position {
        let mut n_bytes = offset.saturating_sub(self.at).min(self.rest.len());
        while !self.rest.is_char_boundary(n_bytes) {
            n_bytes -= 1;
        }
        let (passed, rest) = self.rest.split_at(n_bytes);
        for c in passed.chars() {
            if c == '\n' {
                self.position.line += 1;
                self.position.column = 1;
            } else {
                self.position.column += 1;
            }
        }
        self.at += n_bytes;
        self.rest = rest;
        self.position
    }
}

/// Longer names are no slips of the pen, and comparing them costs time and memory.
const MAX_TYPED_BYTES: usize = 100;

/// The allowed name closest to a mistyped one, if any is close enough to be meant.
pub(crate) fn nearest<'a>(
    typed: &str,
    allowed: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if typed.len() > MAX_TYPED_BYTES {
        return None;
    }
    allowed
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
