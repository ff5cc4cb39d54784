//! Codes of what a scorer said; part of the file format.

/// A score.
pub(crate) const SCORED: i64 = 0;
/// The scorer does not apply to the item.
pub(crate) const NOT_APPLICABLE: i64 = 1;
/// The scorer could not run.
pub(crate) const COULD_NOT_RUN: i64 = 2;
