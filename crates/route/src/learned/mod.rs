//! Learned parts of a policy: their form in the file, and what they say of a query.
//!
//! `query` estimates each candidate's quality and cost from the query alone; `judge` says whether a
//! cheap answer is good enough from how those asked agree. How they are fitted is `train`'s.

mod judge;
mod query;

pub use judge::Judge;
pub(crate) use judge::{Evidence, N_LENGTHS, Signals};
pub use query::{CostModel, Estimate, QualityModel, QueryModel, TreeModel, UnseenTask};
pub(crate) use query::{Query, columns, standard_row};

/// Cuts a number to seven significant digits, so that a file stays readable and reads back the same.
pub(crate) fn brief(number: f64) -> f64 {
    format!("{number:.6e}").parse().unwrap_or(0.0)
}
