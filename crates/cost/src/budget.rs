//! The budget of a run, calls of judges included, or of a load test: reserve before a call, settle after
//! it, stop before exceeding it.

use std::sync::Mutex;
use std::sync::PoisonError;

use trilemma_domain::NanoUsd;

/// Money of one run; shared by all calls.
#[derive(Debug)]
pub struct Budget {
    limit: Option<NanoUsd>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    spent: NanoUsd,
    reserved: NanoUsd,
}

/// Money set aside for one call.
#[derive(Debug, Clone, Copy)]
pub struct Reservation(NanoUsd);

impl Budget {
    /// Makes a budget; `None` = no limit. `spent` is what earlier sessions have spent.
    #[must_use]
    pub fn new(limit: Option<NanoUsd>, spent: NanoUsd) -> Self {
        Self {
            limit,
            state: Mutex::new(State {
                spent,
                reserved: NanoUsd::default(),
            }),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets the most that a call may cost aside; `None` = that might exceed the limit.
    #[must_use]
    pub fn reserve(&self, most: NanoUsd) -> Option<Reservation> {
        self.with(|state| {
            let after = state
                .spent
                .saturating_add(state.reserved)
                .saturating_add(most);
            if self.limit.is_some_and(|limit| after > limit) {
                return None;
            }
            state.reserved = state.reserved.saturating_add(most);
            Some(Reservation(most))
        })
    }

    /// Replaces a reservation by what the call cost, as far as known.
    pub fn settle(&self, reservation: Reservation, cost: NanoUsd) {
        self.with(|state| {
            state.reserved = NanoUsd(state.reserved.0 - reservation.0.0);
            state.spent = state.spent.saturating_add(cost);
        });
    }

    /// What was spent so far, reservations apart.
    #[must_use]
    pub fn spent(&self) -> NanoUsd {
        self.with(|state| state.spent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_exceeds_the_limit_while_calls_cost_at_most_what_was_reserved() {
        let budget = Budget::new(Some(NanoUsd(100)), NanoUsd(10));
        let first = budget.reserve(NanoUsd(50)).unwrap();
        let second = budget.reserve(NanoUsd(40)).unwrap();
        assert!(budget.reserve(NanoUsd(1)).is_none());
        budget.settle(first, NanoUsd(5));
        let third = budget.reserve(NanoUsd(45)).unwrap();
        budget.settle(second, NanoUsd(40));
        budget.settle(third, NanoUsd(45));
        assert_eq!(budget.spent(), NanoUsd(100));
    }
}
