//! From recorded outcomes to a policy.
//!
//! In: items with each candidate's answer, quality and cost ([`Examples`]), and what the policy is to
//! reach ([`Target`]). Out: a [`Policy`]. `query` fits estimates from queries, `vectors` makes columns of their vectors, `cascade` compares
//! and reads cheap answers (`weighing` says when one is enough, `tally` what that came to), `labels` what follows a classifier's labels; `choose` takes the cheapest that reaches the target by its own cautious estimate;
//! `frame` puts around it what people wrote.
//! `order` makes the order of items irrelevant.
//! No call is made, and equal inputs give equal bytes.

mod agreed;
mod cascade;
mod choose;
mod cost;
mod examples;
mod frame;
mod labels;
mod order;
mod prepared;
mod query;
mod reading;
mod tally;
mod target;
mod vectors;
mod weighing;

pub(crate) use choose::{Found, train_reading, train_ways};
pub use choose::{Options, Trained, Way, train, train_all};
pub use examples::{About, Embedded, Embedder, Example, Examples, Recorded};
pub use frame::Frame;
pub use labels::Labels;
pub(crate) use prepared::Prepared;
pub(crate) use query::fit_best;
pub use target::Target;

#[cfg(test)]
pub(crate) mod tests;
