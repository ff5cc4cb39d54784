//! Learned parts of a policy: their form in the file, and what they say of a query.
//!
//! `query` estimates each candidate's quality and cost from the query alone, with `embedding` from its vector as well; `judge` says whether a
//! cheap answer is good enough from how those asked agree, and from the `signs` in it. How they are fitted is `train`'s.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

mod embedding;
mod judge;
mod query;
mod signs;
mod weighing;

pub(crate) use embedding::unit;
pub use embedding::{Embedding, EmbeddingWeights, embedded_text};
pub use judge::Judge;
pub(crate) use judge::{Evidence, N_LENGTHS, ReadyJudge, Signals, packed_covariance};
pub use query::{CostModel, Estimate, QualityModel, QueryModel, TreeModel, UnseenTask};
pub(crate) use query::{Query, Sight, standard_row};
pub(crate) use signs::{Look, logprob, standard, text, votes};
pub use signs::{Reader, Sign};
pub use weighing::Weighing;

/// Weights as one signed byte each, with what a weight of 1 is worth.
pub(crate) fn in_bytes(weights: &[f64]) -> (f64, Vec<i8>) {
    let largest = (weights.iter()).fold(1e-9_f64, |most, weight| most.max(weight.abs()));
    let scale = brief(largest / 127.0);
    let byte = |weight: &f64| (weight / scale).round().clamp(-127.0, 127.0) as i8;
    (scale, weights.iter().map(byte).collect())
}

/// Bytes of weights as they stand in a file.
pub(crate) fn in_base64(weights: &[i8]) -> String {
    let bytes = weights.iter().map(|weight| weight.cast_unsigned());
    STANDARD.encode(bytes.collect::<Vec<u8>>())
}

/// Cuts a number to seven significant digits, so that a file stays readable and reads back the same.
pub(crate) fn brief(number: f64) -> f64 {
    format!("{number:.6e}").parse().unwrap_or(0.0)
}
