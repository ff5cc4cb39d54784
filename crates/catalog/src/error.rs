//! What can go wrong with the catalog, by what the caller can do about it.

/// Says why the catalog could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// A file is not TOML, or a key or value in it is not one that the catalog knows.
    #[error("read catalog file `{file}`: {problem}")]
    Syntax {
        /// The file, as the caller named it.
        file: String,
        /// What the parser says, with line and column.
        problem: String,
    },
    /// A row is well-formed but says something impossible.
    #[error("accept catalog file `{file}`, {row}: {problem}; hint: {hint}")]
    Row {
        /// The file, as the caller named it.
        file: String,
        /// The row, such as "model `openai/gpt-4o`, price 2".
        row: String,
        /// What is wrong with it.
        problem: String,
        /// How to put it right.
        hint: String,
    },
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
