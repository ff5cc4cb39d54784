//! Small learners: ridge regression on sparse rows, trees grown at random, and a Bayesian
//! linear model.
//!
//! In: numbers and a seed. Out: weights. They know nothing of queries or candidates, and give the
//! same weights on every run.

mod bayes;
mod folds;
mod ridge;
mod trees;

pub(crate) use bayes::{Bayes, Posterior, dot};
pub(crate) use folds::folds;
pub(crate) use ridge::{Row, predict, ridge};
pub(crate) use trees::{Bins, Tree, Trees, forest};

#[cfg(test)]
mod tests;
