//! Quantiles: what latency percentile was seen, and how far it can be trusted.
//!
//! In: a [`Sorted`] sample, or times of which some were not waited for. Out: Harrell-Davis points with distribution-free intervals; where n cannot
//! support an interval, [`crate::TooFew`] says how many values would. It assumes independent values:
//! latencies drift with load, so a run of a few minutes supports a statement about those minutes.

mod censored;
mod harrell_davis;
mod interpolated;
mod order_statistics;
mod sorted;

pub use censored::quantile_of_censored;
pub(crate) use harrell_davis::Weights;
pub use harrell_davis::harrell_davis;
pub use interpolated::interpolated;
pub(crate) use interpolated::of_sorted as interpolated_of;
pub use order_statistics::{
    needed_for_bound, needed_for_interval, quantile, quantile_bound, quantile_of_dependent,
};
pub use sorted::Sorted;

#[cfg(test)]
mod tests;
