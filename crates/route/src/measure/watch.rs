//! Who watches an evaluation: it takes minutes where there are many items and tasks.
//!
//! In: what is evaluated. Out: how many trainings that takes, and a word after each. Trainings are done on several cores, so
//! words come from several threads.

use super::unseen::N_FOLDS;
use crate::train::Examples;

/// Somebody who is told of each training.
pub trait Watch: Sync {
    /// One more training is done.
    fn trained(&self);
}

/// Nobody.
impl Watch for () {
    fn trained(&self) {}
}

/// Trainings of a whole evaluation: one per fold, and one without each task.
#[must_use]
pub fn n_trainings(examples: &Examples) -> usize {
    N_FOLDS + examples.tasks().len()
}
