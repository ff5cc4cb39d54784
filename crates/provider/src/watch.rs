//! The clock of one attempt: when silence is too long, and when everything is.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::stamped::Stamps;

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expired {
    /// No byte for the stall timeout.
    Stalled,
    /// The attempt's deadline.
    Deadline,
    /// The body did not end although the answer is known.
    Settled,
}

/// One timer for all limits of an attempt; it is moved only when it fires.
pub(crate) struct Watch {
    sleep: Pin<Box<Sleep>>,
    start: Instant,
    stall: Duration,
    deadline: Instant,
    settle: Option<Instant>,
}

impl Watch {
    pub(crate) fn new(stall: Duration, deadline: Instant) -> Self {
        let start = Instant::now();
        Self {
            sleep: Box::pin(sleep_until(deadline.min(start + stall))),
            start,
            stall,
            deadline,
            settle: None,
        }
    }

    /// The answer is known: give the body's end this long from now, and no more.
    pub(crate) fn settle_within(&mut self, limit: Duration) {
        if self.settle.is_none() {
            let end = Instant::now() + limit;
            self.settle = Some(end);
            if end < self.sleep.deadline() {
                self.sleep.as_mut().reset(end);
            }
        }
    }

    /// How long silence may last.
    pub(crate) fn stall(&self) -> Duration {
        self.stall
    }

    /// From now on silence may last this long.
    pub(crate) fn stall_after(&mut self, stall: Duration) {
        self.stall = stall;
        let end = Instant::now() + stall;
        if end < self.sleep.deadline() {
            self.sleep.as_mut().reset(end);
        }
    }

    /// From now on all of it may last until then.
    pub(crate) fn last_until(&mut self, deadline: Instant) {
        self.deadline = deadline;
        if deadline < self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
    }

    /// Ready when a limit is reached.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, stamps: &Stamps) -> Poll<Expired> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let quiet_until = stamps.latest().unwrap_or(self.start) + self.stall;
            let settled = self.settle.unwrap_or(self.deadline);
            let next = quiet_until.min(self.deadline).min(settled);
            if next > Instant::now() {
                self.sleep.as_mut().reset(next);
            } else if self.settle == Some(next) {
                return Poll::Ready(Expired::Settled);
            } else if next == self.deadline {
                return Poll::Ready(Expired::Deadline);
            } else {
                return Poll::Ready(Expired::Stalled);
            }
        }
    }
}
