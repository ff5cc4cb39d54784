//! Has a source changed since it was first sampled? Evidence that grows look by look.
//!
//! In: for each look, what came out of every item now and at all looks before. Out: a p value per look
//! that owes nothing to the looks before it, and from these an alarm whose false-alarm rate is known
//! for any number of looks. What differs between items is conditioned away: under "nothing has changed" the
//! answers to one item are exchangeable, however often they come out one way or the other, so a stored
//! sample is never mistaken for the truth. That is what daily tests against one frozen sample get wrong.
//! Source: V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", 2nd ed. (2022),
//! chapters 8 and 11 (conformal p values of online compression models are independent and uniform);
//! J. Shin, A. Ramdas, A. Rinaldo, "E-detectors", New England Journal of Statistics in Data Science 2
//! (2024), for the alarm.

mod binary;
mod detector;
mod pooling;
mod swap;

pub use binary::{BinaryItem, binary_p_value, pooled_p_value};
pub use detector::{Detector, FalseAlarms};
pub use pooling::{PooledWay, pooled_ways};
pub use swap::{
    SwapItem, Tail, scores_of_sums, similarity, similarity_scores, swap_p_value, unlikeness_scores,
};

#[cfg(test)]
mod tests;
