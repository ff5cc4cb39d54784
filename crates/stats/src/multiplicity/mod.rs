//! Several alternatives at once: the more are compared, the more often one looks good by luck.
//!
//! In: p values, or the scores of all alternatives on the same items. Out: corrected p values;
//! simultaneous intervals of all pairwise differences, ranks, the set that holds the best, and the
//! probability that each is the best. A gate that demands "better than every other" needs no correction.

mod adjust;
mod family;

pub use adjust::{benjamini_hochberg, benjamini_yekutieli, holm};
pub use family::{Family, Items, Member, PairDifference, Tail, compare_family, compare_family_of};

#[cfg(test)]
mod tests;
