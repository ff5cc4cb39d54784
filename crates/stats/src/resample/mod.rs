//! Resampling: intervals and tests where no formula fits.
//!
//! In: slices of finite numbers and a [`Resampling`] (seed, number of resamples, pinned generator). Out:
//! estimates and p values that are the same on every run. For graded scores, ratios such as cost per
//! accepted answer, and differences of quantiles. Not for pass rates, which have better methods in
//! `proportion` and `paired`; not below ten values, where it would only pretend.

mod bootstrap;
mod cluster;
mod figures;
mod mean_difference;
mod quantile_difference;
mod ratio;
mod sign_flip;
mod stream;
mod sums;

pub use bootstrap::{Bootstrap, MIN_VALUES, bootstrap_mean, bootstrap_statistic};
pub use cluster::cluster_bootstrap_mean;
pub use figures::{Interval, NoInterval, bootstrap_figures};
pub use mean_difference::{differences, paired_mean_difference};
pub use quantile_difference::paired_quantile_difference;
pub use ratio::ratio_of_means;
pub use sign_flip::{Flips, SignFlip, sign_flip};
pub(crate) use stream::Stream;
pub use stream::{ChaChaStream, Generator, IndexStream, Resampling, SplitMix64};
pub use sums::bootstrap_sums;

#[cfg(test)]
mod tests;
