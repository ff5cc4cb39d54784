//! One file per scorer.
//!
//! In: options, then cases. Out: a table row and a rule each. `best` is the loop over alternative
//! expected texts that many of them share, `compare` the comparisons of `json_fields`.

mod best;
pub(crate) mod bleu;
pub(crate) mod checks;
pub(crate) mod chrf;
pub(crate) mod command;
mod compare;
pub(crate) mod contains;
pub(crate) mod exact;
pub(crate) mod json_fields;
pub(crate) mod json_schema;
pub(crate) mod json_valid;
pub(crate) mod judge;
pub(crate) mod label_set;
pub(crate) mod levenshtein;
pub(crate) mod limits;
pub(crate) mod multiple_choice;
pub(crate) mod normalised;
pub(crate) mod numeric;
pub(crate) mod pattern;
pub(crate) mod refusal;
pub(crate) mod rouge;
pub(crate) mod token_f1;
pub(crate) mod tool_calls;

pub(crate) use best::{best_of, mismatch};
