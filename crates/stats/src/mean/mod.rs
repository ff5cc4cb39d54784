//! Means: with a t interval, with dependent items, and of values in a known range.
//!
//! In: slices of finite numbers. Out: estimates with interval. For skewed or few graded scores prefer
//! the BCa bootstrap of `resample`.

mod bounded;
mod clustered;
mod running;
mod student_t;

pub use bounded::bounded_mean;
pub(crate) use clustered::group;
pub use clustered::{ClusteredSpread, clustered_mean, clustered_standard_error, design_effect};
pub use running::Running;
pub(crate) use student_t::mean;
pub use student_t::{independent_standard_error, mean_t, standard_error};

#[cfg(test)]
mod tests;
