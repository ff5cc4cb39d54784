//! One proportion: how many of n passed, and how sure that is.
//!
//! In: a [`Count`]. Out: two-sided intervals for display and one-sided bounds for gates. Wald's interval
//! is missing on purpose: at a true rate of 99 % and 100 items it covers 63 % where 95 % is claimed.

mod agresti_coull;
mod clopper_pearson;
mod count;
mod korn_graubard;
mod posterior;
mod wilson;

pub use agresti_coull::agresti_coull;
pub use clopper_pearson::{clopper_pearson, clopper_pearson_bound};
pub use count::Count;
pub use korn_graubard::{korn_graubard, korn_graubard_bound};
pub use posterior::{jeffreys, uniform_prior};
pub use wilson::wilson;

#[cfg(test)]
mod tests;
