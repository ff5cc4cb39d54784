//! How one number moves with another.
//!
//! In: pairs of numbers in groups. Out: a slope with its interval. It says nothing of causes.

mod within;

pub use within::within_slope;

#[cfg(test)]
mod tests;
