//! `xtask route DATA [SPLITS] [SECTION]`: what routing is worth on recorded outcomes.
//!
//! In: the folder of recorded outcomes (`routing/*.csv`). Out: a Markdown table for docs/methods.md:
//! each figure with its spread over seeded splits. Thresholds and hyper-parameters come from the
//! fit split of each replicate; nothing is chosen on the items that it is judged on.

mod data;
mod figures;

pub(crate) use figures::print;

#[cfg(test)]
mod tests;
