//! From recorded outcomes to a policy.
//!
//! In: items with each candidate's answer, quality and cost ([`Examples`]), and what the policy is to
//! reach ([`Target`]). Out: a [`Policy`]. `query` fits estimates from queries, `cascade` judges of
//! cheap answers; `choose` takes the cheapest that reaches the target by its own cautious estimate;
//! `frame` puts around it what people wrote.
//! No call is made, and equal inputs give equal bytes.

mod cascade;
mod choose;
mod examples;
mod frame;
mod query;
mod reading;
mod target;

pub(crate) use choose::train_reading;
pub use choose::{Options, Trained, train, train_all};
pub use examples::{About, Example, Examples, Recorded};
pub use frame::Frame;
pub(crate) use query::{Prepared, fit_query};
pub use target::Target;

#[cfg(test)]
mod tests;
