//! What a policy is worth, on items that it was not fitted on.
//!
//! In: recorded outcomes, and how to train. Out: an [`Evaluation`]: the quality-cost curve against
//! single candidates, their random mix and the oracle, realised figures at frozen thresholds, and
//! whether routing earns its place. `appraise` judges what a policy served, `wait` how long that took,
//! `beside` holds what it is set against. `replay` drives the step function that also serves; `standing` holds it to its target,
//! `gives` says what it saves and gains. `hull` and
//! `pair` hold the formulas of the literature, `crossed` scores pairs for them; `evaluate` puts them together.

mod appraise;
mod beside;
mod crossed;
mod draws;
mod evaluate;
mod gives;
mod grouped;
mod hull;
mod pair;
mod replay;
mod standing;
mod tasks;
mod unseen;
mod wait;
mod watch;

pub use appraise::{Appraisal, appraise, cross_appraise};
pub use beside::Point;
pub use crossed::{cross_pair, cross_pair_figures, cross_pair_read, held_out_pair};
pub use evaluate::MIN_ITEMS;
pub(crate) use evaluate::evaluate_to;
pub use evaluate::{Abstention, Depth, Evaluation, Held, Verdict, evaluate, evaluate_watched};
pub use gives::Gives;
pub use hull::{Frontier, aiq};
pub use pair::{Pair, PairFigures, pair, pair_figures};
pub use replay::{Served, replay};
pub use standing::Against;
pub use tasks::Task;
pub use unseen::N_FOLDS;
pub use wait::{Wait, WaitIntervals};
pub use watch::{Watch, n_trainings};

#[cfg(test)]
mod tests;
