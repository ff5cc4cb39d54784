//! Leave for one attempt that somebody else makes.
//!
//! In: a wish to call, with the moment until which waiting makes sense. Out: a [`Leave`], which
//! holds its place in the lane until it is settled or dropped. Retries are the holder's business:
//! the lane learns how the attempt went and keeps its limits, pauses and breaker by it.

use tokio::time::Instant;
use trilemma_domain::Failure;

use crate::call::Attempted;
use crate::cancel::Cancel;

use super::call::{Lane, Wish};
use super::gate::Permit;
use super::memory::LaneMemory;
use super::ticket::Ticket;

/// Leave to make one attempt; its place is free again when it is settled or dropped.
#[derive(Debug)]
pub struct Leave<'a> {
    lane: &'a Lane,
    ticket: Ticket<'a>,
    _permit: Permit<'a>,
}

impl Lane {
    /// Waits for leave to make one attempt of about so many tokens, at most until `deadline`.
    ///
    /// It waits for concurrency and rates, not for an endpoint that fails: whoever has somebody else to
    /// ask does so at once.
    ///
    /// # Errors
    /// `BreakerOpen` for an endpoint that is left alone (with the wait until it is tried again) or was given
    /// up on, `Deadline` when there is no leave in
    /// time, `Interrupted` when `cancel` was asked for.
    pub async fn enter(
        &self,
        estimated_tokens: u64,
        cancel: &Cancel,
        deadline: Instant,
    ) -> Result<Leave<'_>, Failure> {
        let wish = Wish {
            estimated_tokens,
            cancel,
            deadline: Some(deadline),
            waits_for_breaker: false,
        };
        let entering = tokio::time::timeout_at(deadline, self.admitted(&wish));
        let (permit, ticket) = entering.await.map_err(|_| super::call::too_late())??;
        Ok(Leave {
            lane: self,
            ticket,
            _permit: permit,
        })
    }
}

impl Leave<'_> {
    /// Tells the lane how the attempt went; `memory` is that of the request which made it.
    pub fn settle(self, attempted: &Attempted, memory: &LaneMemory) {
        let admitted = self.ticket.settle();
        let _next = memory.of(self.lane, |trial| {
            self.lane.take_in(attempted, admitted, trial)
        });
    }
}
