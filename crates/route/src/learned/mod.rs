//! Learned parts of a policy: their form in the file, and what they say of a query.
//!
//! `query` estimates each candidate's quality and cost from the query alone, with `embedding` from its vector as well; `judge` says whether a
//! cheap answer is good enough from how those asked agree, and from the `signs` in it. How they are fitted is `train`'s.

mod embedding;
mod judge;
mod query;
mod signs;

pub(crate) use embedding::unit;
pub use embedding::{Embedding, EmbeddingWeights, embedded_text};
pub use judge::Judge;
pub(crate) use judge::{Evidence, N_LENGTHS, ReadyJudge, Signals};
pub use query::{CostModel, Estimate, QualityModel, QueryModel, TreeModel, UnseenTask};
pub(crate) use query::{Query, Sight, columns, standard_row};
pub(crate) use signs::{Look, logprob, standard, text, votes};
pub use signs::{Reader, Sign};

/// Cuts a number to seven significant digits, so that a file stays readable and reads back the same.
pub(crate) fn brief(number: f64) -> f64 {
    format!("{number:.6e}").parse().unwrap_or(0.0)
}
