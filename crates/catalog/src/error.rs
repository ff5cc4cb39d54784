//! What can go wrong with the catalog, by what the caller can do about it.

/// Says why the catalog could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// A file is not TOML, or a key or value in it is not one that the catalog knows.
    #[error("read catalog file `{file}`, line {line}, column {column}: {problem}")]
    Syntax {
        /// The file, as the caller named it.
        file: String,
        /// Where, counted from 1.
        line: usize,
        /// Where in the line, in bytes counted from 1.
        column: usize,
        /// What the parser says, and the line.
        problem: String,
    },
    /// A row is well-formed but says something impossible.
    #[error("accept catalog file `{file}`, line {line}, {row}: {problem}; hint: {hint}")]
    Row {
        /// The file, as the caller named it.
        file: String,
        /// Where the row begins, counted from 1.
        line: usize,
        /// The row, such as "model `openai/gpt-4o`, price 2".
        row: String,
        /// What is wrong with it.
        problem: String,
        /// How to put it right.
        hint: String,
    },
    /// A file has several of these.
    #[error("accept a catalog file: {} problems\n{}", .0.len(), listed(.0))]
    Several(
        /// All of them, in the order of the file.
        Vec<CatalogError>,
    ),
    /// No model has this name.
    #[error("find model `{name}` in the catalog; hint: {hint}")]
    UnknownModel {
        /// The name as asked for.
        name: String,
        /// The nearest names, or how to add a model.
        hint: String,
    },
    /// A bare name is used by several providers.
    #[error("choose among models called `{name}`; hint: write one of {}", ids.join(", "))]
    Ambiguous {
        /// The name as asked for.
        name: String,
        /// The full ids that it could mean, sorted.
        ids: Vec<String>,
    },
    /// No GPU has this name.
    #[error("find GPU `{name}` in the catalog; hint: one of {}, or add a [[gpu]] row to your own catalog file", known.join(", "))]
    UnknownGpu {
        /// The name as asked for.
        name: String,
        /// The names that are known.
        known: Vec<String>,
    },
}

/// Problems that are listed before the rest is counted.
const MAX_LISTED: usize = 50;

impl CatalogError {
    /// One error of all that are wrong with a file, in the order of its lines; `None` = nothing is.
    pub(crate) fn all(problems: Vec<Self>) -> Option<Self> {
        let mut flat = Vec::with_capacity(problems.len());
        for problem in problems {
            match problem {
                Self::Several(inner) => flat.extend(inner),
                one => flat.push(one),
            }
        }
        flat.sort_by_key(Self::line);
        match flat.len() {
            0 | 1 => flat.pop(),
            _ => Some(Self::Several(flat)),
        }
    }

    fn line(&self) -> usize {
        match self {
            Self::Syntax { line, .. } | Self::Row { line, .. } => *line,
            Self::Several(_)
            | Self::UnknownModel { .. }
            | Self::Ambiguous { .. }
            | Self::UnknownGpu { .. } => 0,
        }
    }
}

fn listed(problems: &[CatalogError]) -> String {
    let mut lines: Vec<String> = problems
        .iter()
        .take(MAX_LISTED)
        .map(|problem| format!("  failed to {problem}"))
        .collect();
    if let Some(n_more) = problems.len().checked_sub(MAX_LISTED + 1) {
        lines.push(format!("  and {} more", n_more + 1));
    }
    lines.join("\n")
}
