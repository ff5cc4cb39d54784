//! Special functions and distributions that the methods need, in plain `f64`.
//!
//! Written here instead of taken from a library because the interval ends must be right to about 1e-13
//! relative also in far tails and for counts of 100,000, and because every figure must stay the same
//! when a dependency is updated. Checked against SciPy in each file.

pub(crate) mod beta;
pub(crate) mod binomial;
pub(crate) mod gamma;
pub mod normal;
pub(crate) mod student;
