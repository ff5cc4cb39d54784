//! One request from its plan to its last byte: which upstreams are tried, in which order, how often.
//!
//! In: a request, read. Out: the head and body of its answer, through an outlet, and its record. The
//! calls of upstreams never exceed the settings' `max_attempts`. A failure that is the request's own
//! fault ends it; any other leads to the next attempt, while nothing has gone out and there is time.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, sleep_until};
use trilemma_domain::{ChatRequest, Retry};
use trilemma_wire::server::ErrorKind;

use crate::answer;
use crate::ask::Ask;
use crate::attempt::{Went, attempt};
use crate::gateway::Gateway;
use crate::job::{Job, Told, is_the_requests_fault};
use crate::outlet::{Ending, Outlet};
use crate::policy::Active;
use crate::prepare::decode;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::upstream::Named;

/// First pause before the same upstream is called again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause that an upstream may ask for within a request.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Answers a request.
pub(crate) async fn run(gateway: Arc<Gateway>, ask: Ask, outlet: Outlet) -> Ending {
    let active = gateway.called_policy(&ask);
    let plan = match &active {
        Some(active) => {
            decode(&ask).map(|decoded| Plan::Policy(Arc::clone(active), Box::new(decoded.chat)))
        }
        None => gateway.named(&ask).map(Plan::Named),
    };
    let plan = match plan {
        Ok(plan) => plan,
        Err(refusal) => {
            gateway.metrics.refused();
            outlet.head(refusal.head(ask.dialect));
            return Ending::Clean;
        }
    };
    let record = Record::new(Arc::clone(&gateway), &ask);
    let deadline = ask.began + gateway.settings.request_timeout;
    let mut job = Job {
        gateway,
        ask,
        outlet,
        record,
        deadline,
    };
    let told = match plan {
        Plan::Named(named) => job.tries(&named).await,
        Plan::Policy(active, chat) => job.follow(active, &chat).await,
    };
    job.conclude(told)
}

/// Who answers a request.
enum Plan {
    /// The candidate that the client names.
    Named(Named),
    /// Whom a policy chooses.
    Policy(Arc<Active>, Box<ChatRequest>),
}

impl Job {
    /// Tries an upstream as long as attempts are left.
    async fn tries(&mut self, named: &Named) -> Told {
        let max_attempts = self.gateway.settings.max_attempts;
        let mut pause = FIRST_PAUSE;
        for n_tried in 1.. {
            let (failure, refusal) = match attempt(self, named).await {
                Went::Answered => return Told::Answer,
                Went::Broken(failure) => return Told::Part(failure),
                Went::Refused(refusal) => return Told::Error(refusal),
                Went::Failed(failure, refusal) => (failure, refusal),
            };
            if n_tried >= max_attempts || is_the_requests_fault(&failure) {
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
        Told::Error(Refusal::new(
            StatusCode::BAD_GATEWAY,
            ErrorKind::Server,
            "the upstream does not answer",
        ))
    }

    fn conclude(self, told: Told) -> Ending {
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
                let mut head = refusal.head(self.ask.dialect);
                answer::named(&mut head.headers, &self.record);
                self.record
                    .finish(refusal.reply.status, Some(refusal.word()));
                self.outlet.head(head);
                Ending::Clean
            }
        }
    }
}
