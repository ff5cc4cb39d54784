//! Pass rates and paired differences as counts that exact methods can take.
//!
//! In: values per item. Out: binomial counts and the four cells of paired comparisons. For plain
//! samples they are the data themselves. With repeats, clusters or weights they are scaled to the
//! effective number of items: that which would give the measured standard error (Korn and Graubard 1998
//! for one proportion; the same idea for pairs), rounded against the claim.

mod paired;
mod ratio;
mod share;

pub(crate) use paired::Paired;
pub(crate) use share::Share;

#[cfg(test)]
mod tests;
