//! What a policy is worth, on items that it was not fitted on.
//!
//! In: recorded outcomes, and how to train. Out: an [`Evaluation`]: the quality-cost curve against
//! single candidates, their random mix and the oracle, realised figures at frozen thresholds, and
//! whether routing earns its place. `appraise` judges what a policy served, `beside` holds what it is set
//! against. `replay` drives the step function that also serves; `hull` and
//! `pair` hold the formulas of the literature; `evaluate` puts them together.

mod appraise;
mod beside;
mod draws;
mod evaluate;
mod grouped;
mod hull;
mod pair;
mod replay;

pub use appraise::{Appraisal, Wait, appraise, cross_appraise};
pub use beside::Point;
pub(crate) use evaluate::evaluate_to;
pub use evaluate::{
    Abstention, Depth, Evaluation, Held, Task, Verdict, cross_pair, cross_pair_read, evaluate,
    held_out_pair,
};
pub use evaluate::{MIN_ITEMS, N_FOLDS};
pub use hull::{Frontier, aiq};
pub use pair::{Pair, pair};
pub use replay::{Served, replay};

#[cfg(test)]
mod tests;
