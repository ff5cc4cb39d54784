//! The budget of a run, calls of judges included, or of a load test: reserve before an attempt, settle
//! after it, stop before exceeding it. An attempt whose cost nobody knows counts as what was reserved
//! for it.

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
    assumed: NanoUsd,
    reserved: NanoUsd,
}

/// Money set aside for the next attempt of one call.
#[derive(Debug)]
pub struct Reservation {
    /// Most that an attempt may cost.
    most: NanoUsd,
    /// What is set aside now: that, or nothing.
    held: NanoUsd,
}

impl Budget {
    /// Makes a budget; `None` = no limit. `spent` is what earlier sessions have spent.
    #[must_use]
    pub fn new(limit: Option<NanoUsd>, spent: NanoUsd) -> Self {
        Self {
            limit,
            state: Mutex::new(State {
                spent,
                ..State::default()
            }),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts what calls of earlier sessions may have cost that nobody knows.
    pub fn assume(&self, most: NanoUsd) {
        self.with(|state| state.assumed = state.assumed.saturating_add(most));
    }

    /// Sets the most that an attempt may cost aside; `None` = that might exceed the limit.
    #[must_use]
    pub fn reserve(&self, most: NanoUsd) -> Option<Reservation> {
        self.with(|state| {
            let is_held = state.hold(most, self.limit);
            is_held.then_some(Reservation { most, held: most })
        })
    }

    /// Books an attempt that failed, and sets as much aside for another one; false = that might exceed
    /// the limit, so none may be made. `None` = its cost is unknown: what was set aside is counted.
    #[must_use]
    pub fn again(&self, reservation: &mut Reservation, cost: Option<NanoUsd>) -> bool {
        self.with(|state| {
            state.book(reservation.held, cost);
            let is_held = state.hold(reservation.most, self.limit);
            reservation.held = if is_held {
                reservation.most
            } else {
                NanoUsd::default()
            };
            is_held
        })
    }

    /// Replaces what is set aside by what the last attempt cost. `None` = its cost is unknown: what was
    /// set aside is counted.
    pub fn settle(&self, reservation: Reservation, cost: Option<NanoUsd>) {
        self.with(|state| state.book(reservation.held, cost));
    }

    /// What was spent so far, as far as known.
    #[must_use]
    pub fn spent(&self) -> NanoUsd {
        self.with(|state| state.spent)
    }

    /// The most that calls of unknown cost may have cost besides, such as answers that broke off.
    #[must_use]
    pub fn assumed(&self) -> NanoUsd {
        self.with(|state| state.assumed)
    }
}

impl State {
    fn hold(&mut self, most: NanoUsd, limit: Option<NanoUsd>) -> bool {
        let after = self
            .spent
            .saturating_add(self.assumed)
            .saturating_add(self.reserved)
            .saturating_add(most);
        let fits = limit.is_none_or(|limit| after <= limit);
        if fits {
            self.reserved = self.reserved.saturating_add(most);
        }
        fits
    }

    fn book(&mut self, held: NanoUsd, cost: Option<NanoUsd>) {
        self.reserved = NanoUsd(self.reserved.0.saturating_sub(held.0));
        match cost {
            Some(cost) => self.spent = self.spent.saturating_add(cost),
            None => self.assumed = self.assumed.saturating_add(held),
        }
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
        budget.settle(first, Some(NanoUsd(5)));
        let third = budget.reserve(NanoUsd(45)).unwrap();
        budget.settle(second, Some(NanoUsd(40)));
        budget.settle(third, Some(NanoUsd(45)));
        assert_eq!(budget.spent(), NanoUsd(100));
    }

    #[test]
    fn an_attempt_of_unknown_cost_counts_as_what_was_set_aside() {
        let budget = Budget::new(Some(NanoUsd(100)), NanoUsd(0));
        let mut call = budget.reserve(NanoUsd(40)).unwrap();
        // A refused attempt costs nothing, one that broke off may have cost all.
        assert!(budget.again(&mut call, Some(NanoUsd(0))));
        assert!(budget.again(&mut call, None));
        assert!(budget.reserve(NanoUsd(21)).is_none());
        assert!(
            !budget.again(&mut call, None),
            "a third might cost 120 in all"
        );
        budget.settle(call, None);
        assert_eq!(
            (budget.spent(), budget.assumed()),
            (NanoUsd(0), NanoUsd(80))
        );
        assert!(budget.reserve(NanoUsd(20)).is_some());
        // Earlier sessions left such, too.
        let later = Budget::new(Some(NanoUsd(100)), NanoUsd(10));
        later.assume(NanoUsd(80));
        assert!(later.reserve(NanoUsd(11)).is_none());
    }
}
