//! One request while it is being answered: what it works with, and what its client was told.

use std::sync::Arc;

use tokio::time::Instant;
use trilemma_domain::{Failure, FailureKind, Retry};

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
    /// While a canary's challenger is asked.
    pub(crate) trial: Option<Trial>,
}

/// While a canary's challenger is asked.
pub(crate) struct Trial {
    /// The policy that the client asked for, as it was then; `None` = it names a candidate.
    pub(crate) in_use: Option<Arc<Active>>,
}

impl Job {
    /// Whether another call may be tried.
    pub(crate) fn has_attempts_left(&self) -> bool {
        let most = self.gateway.settings.max_attempts;
        let most = match self.trial {
            Some(_) => most_failures(most),
            None => most,
        };
        self.record.n_failed < most
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

/// Whether every upstream would answer so.
pub(crate) fn is_the_requests_fault(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::BadRequest | FailureKind::Unsendable
    ) && failure.retry == Retry::No
}
