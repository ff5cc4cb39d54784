//! One request while it is being answered: what it works with, and what its client was told.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use trilemma_domain::{Failure, FailureKind, FaultSource, Retry};
use trilemma_provider::{Attempted, LaneMemory};

use crate::ask::Ask;
use crate::canary::most_failures;
use crate::gateway::Gateway;
use crate::outlet::Outlet;
use crate::policy::Active;
use crate::record::Record;
use crate::refusal::Refusal;

/// Everything that one request works with.
pub(crate) struct Job {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) ask: Ask,
    pub(crate) outlet: Outlet,
    pub(crate) record: Record,
    /// When the request must be over.
    pub(crate) deadline: Instant,
    /// Whether somebody else can answer if the next call fails.
    pub(crate) has_others: bool,
    /// What the request remembers of the lanes that it has asked.
    pub(crate) lanes: LaneMemory,
    /// While a canary's challenger is asked.
    pub(crate) trial: Option<Trial>,
}

/// While a canary's challenger is asked.
pub(crate) struct Trial {
    /// The policy that the client asked for, as it was then; `None` = it names a candidate.
    pub(crate) in_use: Option<Arc<Active>>,
}

impl Job {
    /// Until when a call may be waited for that gives nothing before it is over, or has given nothing so far:
    /// where somebody else can be asked, at most `patience` and half of the time left, so that time is left
    /// for them.
    pub(crate) fn wait_until(&self, patience: Duration) -> Instant {
        let now = Instant::now();
        if !self.has_others && self.trial.is_none() {
            return self.deadline;
        }
        let left = self.deadline.saturating_duration_since(now);
        now + patience.min(left / 2)
    }

    /// A call that was given up although the request still had time has stalled: it was ended so that others can
    /// be asked.
    pub(crate) fn name_impatience(&self, attempted: &mut Attempted) {
        let failure = attempted.attempt.failure.as_mut();
        if let Some(failure) = failure.filter(|one| one.kind == FailureKind::Deadline)
            && Instant::now() < self.deadline
        {
            let text = "no answer came in the time that leaves some for others";
            *failure = Failure::new(
                FailureKind::Stalled,
                FaultSource::Vendor,
                Retry::Backoff,
                text,
            );
        }
    }

    /// Calls that may still fail.
    pub(crate) fn n_attempts_left(&self) -> usize {
        let most = self.gateway.settings.max_attempts;
        let most = match self.trial {
            Some(_) => most_failures(most),
            None => most,
        };
        most.saturating_sub(self.record.n_failed) as usize
    }

    /// Whether another call may be tried.
    pub(crate) fn has_attempts_left(&self) -> bool {
        self.n_attempts_left() > 0
    }
}

/// What the client was told in the end.
pub(crate) enum Told {
    /// The whole answer.
    Answer,
    /// An error instead of an answer.
    Error(Refusal),
    /// A part of an answer, then an error.
    Part(Failure),
}

/// Whether the same upstream would answer so again.
pub(crate) fn is_the_requests_fault(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::BadRequest | FailureKind::Unsendable
    ) && failure.retry == Retry::No
}
