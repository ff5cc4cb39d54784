//! Text preparation and comparison that several scorers share.
//!
//! In: texts. Out: normal forms, tokens, n-gram counts, distances, compiled expressions. Each
//! module names the package or paper whose behaviour it follows.

mod bits;
mod excerpt;
mod expression;
mod ngrams;
mod normal;
mod porter;
mod tokens;

pub(crate) use bits::{common_subsequence, levenshtein};
pub(crate) use excerpt::excerpt;
pub(crate) use expression::{build_regex, compile};
pub(crate) use ngrams::{Counts, Vocabulary};
pub(crate) use normal::{Normaliser, squad_tokens};
pub(crate) use tokens::{is_python_space, rouge, thirteen_a};
