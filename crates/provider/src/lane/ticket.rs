//! Leave for one attempt, which cannot get lost.
//!
//! A call whose future is dropped in mid-attempt gives its ticket back by itself, so that a lane
//! never waits for a probe that is gone.

use tokio::time::Instant;

use super::call::Lane;
use super::state::Admitted;

/// Leave for one attempt.
#[derive(Debug)]
pub(crate) struct Ticket<'a> {
    lane: &'a Lane,
    admitted: Admitted,
    is_settled: bool,
}

impl<'a> Ticket<'a> {
    pub(crate) fn new(lane: &'a Lane, admitted: Admitted) -> Self {
        Self {
            lane,
            admitted,
            is_settled: false,
        }
    }

    /// The attempt is over and its outcome will be taken in.
    pub(crate) fn settle(mut self) -> Admitted {
        self.is_settled = true;
        self.admitted
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.is_settled && self.admitted.is_probe {
            let now = Instant::now();
            self.lane.with_state(|state| state.breaker.probe_lost(now));
            self.lane.announce_change();
        }
    }
}
