//! The step function, and a policy made ready to run.
//!
//! `ready` is what callers hold; `compile` checks a policy and builds its tree with regular expressions and extraction steps;
//! `walk` goes down the tree with what has been observed so far; `test` decides conditions, `tiers`
//! is the design document's router, `poll` compares answers, `why` puts decisions in words, `explain` says what would change them, with `flips`; `caught` counts which
//! requests meet its rules.

mod caught;
mod compile;
mod explain;
mod flips;
mod node;
mod poll;
mod ready;
mod test;
mod tiers;
mod walk;
mod why;

pub use caught::RuleMet;
pub use compile::normal;
pub use explain::{Case, Explanation, Flip};
pub(crate) use poll::{Asked, evidence, gist};
pub use ready::Router;
pub use tiers::{Tier, classify_complexity};
pub use walk::{Call, Decision, Step, Use};
pub use why::{NoLabel, NoVector, Why};

#[cfg(test)]
mod tests;
