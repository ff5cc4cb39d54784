//! One file per scorer.
//!
//! In: options, then cases. Out: a table row and a rule each. `best` is the loop over alternative
//! expected texts that many of them share.

mod best;
pub(crate) mod exact;
pub(crate) mod numeric;

pub(crate) use best::{best_of, mismatch};
