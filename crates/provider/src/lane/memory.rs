//! What a request remembers of the lanes that it has asked.
//!
//! In: how its attempts went, by lane. Out: for each lane what a trial carries from attempt to attempt, so
//! that a request which fails several times counts once towards its breaker. One request has few lanes.

use std::sync::{Mutex, PoisonError};

use super::call::Lane;
use super::state::TrialState;

/// What one request remembers of its lanes; attempts that are made together share it.
#[derive(Debug, Default)]
pub struct LaneMemory {
    trials: Mutex<Vec<(usize, TrialState)>>,
}

impl LaneMemory {
    /// Works with what is remembered of a lane.
    pub(super) fn of<T>(&self, lane: &Lane, work: impl FnOnce(&mut TrialState) -> T) -> T {
        // A lane outlives the requests that ask it, so its address tells it from others.
        let name = std::ptr::from_ref(lane).addr();
        let mut trials = self.trials.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, trial)) = trials.iter_mut().find(|(other, _)| *other == name) {
            return work(trial);
        }
        let mut trial = TrialState::default();
        let result = work(&mut trial);
        trials.push((name, trial));
        result
    }
}
