//! Which arm recent requests went to, for what clients say of them.
//!
//! In: requests that are over, with who asked. Out: the arm, once, to the client whose request it was: names of
//! requests can be guessed, and nobody speaks for another. What is remembered is bounded; the oldest go first.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use trilemma_store::ledger::RequestId;

use crate::blocks::Arm;

/// Requests of which clients may still say what they think.
const MAX_REMEMBERED: usize = 65_536;

/// The arms of recent requests.
#[derive(Default)]
pub(crate) struct Arms {
    by_id: HashMap<RequestId, (Arm, u64)>,
    order: VecDeque<RequestId>,
    clients: RandomState,
}

impl Arms {
    /// Remembers a client's request.
    pub(crate) fn remember(&mut self, id: RequestId, arm: Arm, client: &str) {
        if self.order.len() >= MAX_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        self.order.push_back(id);
        self.by_id.insert(id, (arm, self.clients.hash_one(client)));
    }

    /// The arm of a request of this client, once; `None` = unknown, too old, told before, or another's.
    pub(crate) fn take(&mut self, id: RequestId, client: &str) -> Option<Arm> {
        let (arm, whose) = *self.by_id.get(&id)?;
        if whose != self.clients.hash_one(client) {
            return None;
        }
        self.by_id.remove(&id);
        Some(arm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> RequestId {
        RequestId { session: 1, number }
    }

    #[test]
    fn nobody_speaks_for_another_and_nobody_twice() {
        let mut arms = Arms::default();
        arms.remember(id(1), Arm::Challenger, "team-a");
        assert_eq!(arms.take(id(1), "team-b"), None);
        assert_eq!(arms.take(id(1), ""), None);
        assert_eq!(arms.take(id(1), "team-a"), Some(Arm::Challenger));
        assert_eq!(arms.take(id(1), "team-a"), None);
    }

    #[test]
    fn the_oldest_go_first() {
        let mut arms = Arms::default();
        for number in 0..=MAX_REMEMBERED as i64 {
            arms.remember(id(number), Arm::Control, "a");
        }
        assert_eq!(arms.by_id.len(), MAX_REMEMBERED);
        assert_eq!(arms.take(id(0), "a"), None);
        assert_eq!(arms.take(id(1), "a"), Some(Arm::Control));
    }
}
