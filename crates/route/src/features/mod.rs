//! What can be seen in a query without any model: hashed pieces of its text, and about fifty counts.
//!
//! In: text. Out: numbers, the same for the same text on every machine. Linear time; only the first
//! 8,000 characters are looked at in detail, lengths count everything.

mod cues;
mod hashed;
mod head;
mod letters;
mod surface;

/// Which features these are; goes up whenever a text is seen otherwise, for weights belong to features.
pub(crate) const FEATURES: u32 = 2;

pub(crate) use hashed::{Hashed, N_CHAR_BUCKETS, N_HASH};
pub(crate) use head::head;
pub(crate) use surface::{N_SURFACE, surface};

#[cfg(test)]
mod tests;
