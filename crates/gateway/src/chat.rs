//! One request from its plan to its last byte: which upstreams are tried, in which order, how often.
//!
//! In: a request, read. Out: the head and body of its answer, through an outlet, and its record. The
//! calls of upstreams never exceed the settings' `max_attempts`. A failure that is the request's own
//! fault ends it; any other leads to the next attempt, while nothing has gone out and there is time.
//! Where a canary's challenger has failed, whoever is in use answers (see `trial`).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use trilemma_domain::{ChatRequest, Retry};
use trilemma_provider::LaneMemory;

use crate::answer;
use crate::ask::Ask;
use crate::attempt::{Went, attempt};
use crate::blocks::Arm;
use crate::canary::Target;
use crate::gateway::Gateway;
use crate::job::{Job, Told, Trial, is_the_requests_fault};
use crate::outlet::{Ending, Outlet};
use crate::policy::Active;
use crate::prepare::decode;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::unrecorded;
use crate::upstream::Named;

/// First pause before the same upstream is called again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause that an upstream may ask for within a request.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Answers a request.
pub(crate) async fn run(gateway: Arc<Gateway>, ask: Ask, outlet: Outlet) -> Ending {
    let (dialect, place) = (ask.dialect, ask.service.place(ask.dialect));
    let (refused, house) = (outlet.clone(), Arc::clone(&gateway));
    match open(gateway, ask, outlet) {
        Ok((mut job, plan)) => {
            let told = job.answer_for_sure(plan).await;
            job.conclude(told)
        }
        Err(refusal) => {
            house.metrics.refused();
            refused.head(unrecorded::refuse(&house, (dialect, place), &refusal));
            Ending::Clean
        }
    }
}

/// Finds out who answers a request, and opens its record.
pub(crate) fn open(
    gateway: Arc<Gateway>,
    ask: Ask,
    outlet: Outlet,
) -> Result<(Job, Plan), Refusal> {
    let called = gateway.called_policy(&ask);
    let canary = gateway.canary();
    let split = canary.and_then(|canary| Some((canary, canary.arm(&ask, called.is_some())?)));
    let plan = match &split {
        Some((canary, Arm::Challenger)) => match &canary.target {
            Target::Candidate(named) => Plan::Named(named.clone()),
            Target::Policy(active) => Plan::policy(Arc::clone(active), &ask)?,
        },
        Some((_, Arm::Control)) | None => Plan::in_use(&gateway, &ask, called.clone())?,
    };
    let split = split.map(|(canary, arm)| (arm, canary.propensity(arm)));
    let mut job = begin(gateway, ask, outlet);
    if let Some((arm, propensity)) = split {
        job.record.split(arm, propensity, &job.ask);
        job.trial = (arm == Arm::Challenger).then_some(Trial { in_use: called });
    }
    Ok((job, plan))
}

/// Opens the record of a request.
pub(crate) fn begin(gateway: Arc<Gateway>, ask: Ask, outlet: Outlet) -> Job {
    Job {
        record: Record::new(Arc::clone(&gateway), &ask),
        deadline: ask.began + gateway.settings.request_timeout,
        gateway,
        ask,
        outlet,
        has_others: false,
        lanes: LaneMemory::default(),
        trial: None,
    }
}

/// Who answers a request.
pub(crate) enum Plan {
    /// The candidate that the client names.
    Named(Named),
    /// Whom a policy chooses.
    Policy(Arc<Active>, Box<ChatRequest>),
}

impl Plan {
    fn policy(active: Arc<Active>, ask: &Ask) -> Result<Self, Refusal> {
        Ok(Self::Policy(active, Box::new(decode(ask)?.chat)))
    }

    /// Who answers without a canary; `called` is the policy that the client asks for.
    pub(crate) fn in_use(
        gateway: &Gateway,
        ask: &Ask,
        called: Option<Arc<Active>>,
    ) -> Result<Self, Refusal> {
        match called {
            Some(active) => Self::policy(active, ask),
            None => Ok(Self::Named(gateway.named(ask)?)),
        }
    }
}

impl Job {
    /// Answers as planned.
    pub(crate) async fn answer(&mut self, plan: Plan) -> Told {
        match plan {
            Plan::Named(named) => {
                self.compare_named(&named);
                self.tries(&named).await
            }
            Plan::Policy(active, chat) => self.follow(active, &chat).await,
        }
    }

    /// Tries an upstream as long as attempts are left.
    async fn tries(&mut self, named: &Named) -> Told {
        let mut pause = FIRST_PAUSE;
        loop {
            let (failure, refusal) = match attempt(self, named).await {
                Went::Answered => return Told::Answer,
                Went::Broken(failure) => return Told::Part(failure),
                Went::Refused(refusal) => return Told::Error(refusal),
                Went::Failed(failure, refusal) => (failure, refusal),
            };
            self.record.n_failed += 1;
            if !self.has_attempts_left() || is_the_requests_fault(&failure) {
                return Told::Error(refusal);
            }
            let wait = match failure.retry {
                Retry::No => return Told::Error(refusal),
                Retry::Backoff => pause,
                Retry::After(wait) if wait > LONGEST_PAUSE => return Told::Error(refusal),
                Retry::After(wait) => wait.max(FIRST_PAUSE),
            };
            let until = Instant::now() + wait;
            if until >= self.deadline {
                return Told::Error(refusal);
            }
            sleep_until(until).await;
            pause *= 2;
        }
    }

    /// Tells the client how it ended, and closes the record.
    pub(crate) fn conclude(self, told: Told) -> Ending {
        match told {
            Told::Answer => {
                self.record.finish(200, None);
                Ending::Clean
            }
            Told::Part(failure) => {
                let mut record = self.record;
                record.evidence.truncated = true;
                record.finish(200, Some(failure.kind.name()));
                Ending::Aborted
            }
            Told::Error(refusal) => {
                let mut head = refusal.head(self.ask.dialect, &self.record.id().to_string());
                answer::named(&mut head.headers, &self.record, self.ask.dialect);
                self.record
                    .finish(refusal.reply.status, Some(refusal.word()));
                self.outlet.head(head);
                Ending::Clean
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a request holds while it waits for its upstream is moved and cleared for each one, and held for each open
    /// stream.
    #[test]
    fn a_request_is_small_while_it_waits() {
        fn n_bytes<F>(_: impl Fn(Arc<Gateway>, Ask, Outlet) -> F) -> usize {
            size_of::<F>()
        }
        let n = n_bytes(run);
        assert!(n <= 8 << 10, "{n} bytes");
    }
}
