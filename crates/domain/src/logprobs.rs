//! What a model thought of the tokens it began its answer with: their log-probabilities.
//!
//! Part of an answer of a vendor that was asked for them and gives them. Only the beginning is kept: it
//! tells models apart, and an answer's later tokens hang on its earlier ones. `domain` computes nothing with
//! them.

use serde::{Deserialize, Serialize};

/// One possible token at a place of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LikelyToken {
    /// The token as text.
    pub token: String,
    /// Natural logarithm of its probability; at most 0, finite.
    pub logprob: f64,
}

/// One place of an answer, counted in tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenPlace {
    /// The token that stands there.
    pub taken: LikelyToken,
    /// What else might have stood there, as the vendor lists it: likeliest first, often with `taken` among
    /// them; empty where it lists none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub likely: Vec<LikelyToken>,
}

impl TokenPlace {
    /// Most places that are kept of an answer, from its beginning.
    pub const MOST_PLACES: usize = 8;
    /// Most tokens that are kept of a place's list.
    pub const MOST_LIKELY: usize = 5;
}
