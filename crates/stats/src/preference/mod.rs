//! Who wins when two answers are compared: strengths from battles, and win rates with length held equal.
//!
//! In: outcomes of pairwise comparisons. Out: strengths or a win rate with intervals. For judges and people
//! who say which of two answers is better; pass rates are compared by [`crate::paired`].
//!
//! - [`bradley_terry`]: one strength per contender, from battles of any pairs.
//! - [`length_controlled`]: how often one contender wins against another if their answers were equally long.

mod bradley_terry;
mod length;
mod logistic;
mod strong;

pub use bradley_terry::{Battle, Strength, Strengths, bradley_terry};
pub use length::{LengthControlled, length_controlled};

#[cfg(test)]
mod tests;
