//! A request on the way that a policy decides.
//!
//! In: a request and a policy. Out: calls of upstreams as the policy's step function asks for them,
//! and the answer that it names. An answer that the policy gives as it comes is streamed; one that it
//! judges first is kept until it has. A candidate that fails is told to the policy, which knows whom
//! to ask instead. So is one that does not take the request: it may be too long for a small model and not for a
//! large one. Only if the last one asked does not take it either was it the client's mistake.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, sleep_until};
use trilemma_domain::{ChatRequest, Failure, FailureKind, FaultSource, Retry};
use trilemma_route::{Call, Observation, Outcome, Step, Use};
use trilemma_wire::server::ErrorKind;

use crate::attempt::{Kept, Went, attempt};
use crate::job::{Job, Told};
use crate::judge::{Together, judge};
use crate::label::label;
use crate::policy::Active;
use crate::refusal::Refusal;
use crate::vector::vector;

/// First pause before a policy's candidates are all tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause that an upstream may ask for within a request.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// No plan asks so often; a step function that would not end is stopped.
const MAX_STEPS: usize = 64;

/// What is known of a request so far.
#[derive(Default)]
struct Known {
    seen: Vec<Observation>,
    /// Beside each observation, its answer.
    kept: Vec<Option<Kept>>,
    /// What the client is told if nobody answers.
    last: Option<(Failure, Refusal)>,
    /// Whether some calls of the latest step wait for their turn: the next step only makes them.
    is_cut: bool,
}

impl Job {
    /// Does what the policy decides.
    pub(crate) async fn follow(&mut self, active: Arc<Active>, chat: &ChatRequest) -> Told {
        let mut known = Known::default();
        let mut pause = FIRST_PAUSE;
        let record = &mut self.record;
        active.beyond(chat, &self.ask, &mut |what| record.unmeasured(what));
        for _ in 0..MAX_STEPS {
            let decision = active.step(chat, &self.ask, &known.seen);
            self.record.decided(&active, &decision);
            match decision.step {
                Step::Call(calls) => {
                    // Only where an answer was judged: what follows a vector, a label or a failure is no escalation.
                    let is_rest = std::mem::take(&mut known.is_cut);
                    let has_judged =
                        |seen: &Observation| seen.is_answered() && active.answers(&seen.candidate);
                    let is_later = !is_rest && known.seen.iter().any(has_judged);
                    self.record.stepped(is_later);
                    if let Some(told) = self.calls(&active, chat, calls, &mut known).await {
                        return told;
                    }
                }
                Step::Answer { seen_idx } => {
                    let kept = known.kept.get_mut(seen_idx).and_then(Option::take);
                    return match kept {
                        Some(kept) => {
                            self.give(kept);
                            Told::Answer
                        }
                        None => Told::Error(nobody()),
                    };
                }
                Step::Exhausted => match self.rest(&mut known, pause).await {
                    None => pause *= 2,
                    Some(told) => return told,
                },
            }
        }
        Told::Error(nobody())
    }

    /// Makes the calls of one step; `Some` = the client has been told.
    async fn calls(
        &mut self,
        active: &Active,
        chat: &ChatRequest,
        calls: Vec<Call>,
        known: &mut Known,
    ) -> Option<Told> {
        if let [call] = calls.as_slice()
            && call.purpose == Use::Given
        {
            return self.given(active, chat, call, known).await;
        }
        if let [call] = calls.as_slice()
            && call.purpose == Use::Embedded
        {
            Box::pin(self.embedded(active, chat, call, known)).await;
            return None;
        }
        if let [call] = calls.as_slice()
            && call.purpose == Use::Labelled
        {
            Box::pin(self.labelled(active, chat, call, known)).await;
            return None;
        }
        // No more at once than may fail; the policy asks for the rest when these have answered.
        let n_wanted = calls.len();
        let calls: Vec<_> = calls
            .iter()
            .filter_map(|call| Some((call, active.member(call.candidate.as_str())?)))
            .take(self.n_attempts_left().max(1))
            .collect();
        known.is_cut = calls.len() < n_wanted;
        let names: Vec<_> = calls.iter().map(|(_, named)| *named).collect();
        for (call, _) in &calls {
            self.deviates(active, chat, call);
        }
        // Whatever becomes of them, the policy decides on.
        self.has_others = true;
        let outcomes = match Box::pin(judge(self, &names)).await {
            Together::Made(outcomes) => outcomes,
            Together::Refused(refused) => {
                for (idx, refusal) in refused {
                    if let Some((call, _)) = calls.get(idx) {
                        self.went_without(known, call, refusal);
                    }
                }
                return None;
            }
        };
        for ((call, _), outcome) in calls.iter().zip(outcomes) {
            match outcome {
                Ok(kept) => {
                    let candidate = call.candidate.clone();
                    known
                        .seen
                        .push(Observation::of_reply(candidate, &kept.reply));
                    known.kept.push(Some(kept));
                }
                Err(went) => match *went {
                    Went::Refused(refusal) => self.went_without(known, call, refusal),
                    Went::Failed(failure, refusal) => {
                        self.record.n_failed += 1;
                        known.failed(call, failure, refusal);
                    }
                    // Nothing has gone out.
                    Went::Answered | Went::Broken(_) => {}
                },
            }
        }
        (!self.has_attempts_left()).then(|| known.told_last())
    }

    /// A candidate is not called, because no budget covers it or it cannot be told what the request
    /// says: the policy goes on with it as failed, and with what has been paid for.
    fn went_without(&mut self, known: &mut Known, call: &Call, refusal: Refusal) {
        self.record.unmeasured("refused");
        let failure = Failure::new(
            FailureKind::Budget,
            FaultSource::Us,
            Retry::No,
            refusal.word(),
        );
        known.failed(call, failure, refusal);
    }

    /// Asks for the vector of the request's text. A failure takes none of the attempts at an answer.
    async fn embedded(
        &mut self,
        active: &Active,
        chat: &ChatRequest,
        call: &Call,
        known: &mut Known,
    ) {
        let by = call.candidate.clone();
        let text = active.embedded_text(chat, &self.ask);
        let seen = match (active.member(by.as_str()), text) {
            (Some(named), Some(text)) => vector(self, (named, by), &text).await,
            _ => Observation::failed(by),
        };
        known.seen.push(seen);
        known.kept.push(None);
    }

    /// Asks for the label of the request's text. A failure takes none of the attempts at an answer.
    async fn labelled(
        &mut self,
        active: &Active,
        chat: &ChatRequest,
        call: &Call,
        known: &mut Known,
    ) {
        let by = call.candidate.clone();
        let record = &mut self.record;
        active.if_changed(by.as_str(), &mut |what| record.unmeasured(what));
        // Whatever becomes of it, the policy decides on.
        self.has_others = true;
        let asked = active.label_request(&by, (chat, &self.ask));
        let seen = match (active.member(by.as_str()), asked) {
            (Some(named), Some(asked)) => label(self, (named, by), &asked).await,
            _ => Observation::failed(by),
        };
        known.seen.push(seen);
        known.kept.push(None);
    }

    /// Notes in what a call differs from what was measured.
    fn deviates(&mut self, active: &Active, chat: &ChatRequest, call: &Call) {
        let record = &mut self.record;
        let measured = self.gateway.measured();
        let both = (&self.ask, chat);
        active.compare(call.candidate.as_str(), both, measured, &mut |what| {
            record.unmeasured(what);
        });
    }

    /// Calls a candidate whose answer is given as it comes.
    async fn given(
        &mut self,
        active: &Active,
        chat: &ChatRequest,
        call: &Call,
        known: &mut Known,
    ) -> Option<Told> {
        let Some(named) = active.member(call.candidate.as_str()) else {
            return Some(Told::Error(nobody()));
        };
        self.deviates(active, chat, call);
        self.has_others = active.has_others(&call.candidate, &known.seen);
        match attempt(self, named).await {
            Went::Answered => Some(Told::Answer),
            Went::Broken(failure) => Some(Told::Part(failure)),
            Went::Refused(refusal) => {
                self.went_without(known, call, refusal);
                None
            }
            Went::Failed(failure, refusal) => {
                self.record.n_failed += 1;
                known.failed(call, failure, refusal);
                (!self.has_attempts_left()).then(|| known.told_last())
            }
        }
    }

    /// Everybody has failed: waits and forgets it, or gives up.
    async fn rest(&mut self, known: &mut Known, pause: Duration) -> Option<Told> {
        let wait = match known.last.as_ref().map(|(failure, _)| failure.retry) {
            Some(Retry::Backoff) => pause,
            Some(Retry::After(wait)) if wait <= LONGEST_PAUSE => wait.max(FIRST_PAUSE),
            Some(Retry::After(_) | Retry::No) | None => return Some(known.told_last()),
        };
        let until = Instant::now() + wait;
        if until >= self.deadline {
            return Some(known.told_last());
        }
        sleep_until(until).await;
        let mut kept = std::mem::take(&mut known.kept).into_iter();
        known.seen.retain(|seen| {
            let one = kept.next().flatten();
            let has_come = seen.is_answered() || matches!(seen.outcome, Outcome::Embedded { .. });
            if has_come {
                known.kept.push(one);
            }
            has_come
        });
        None
    }
}

impl Known {
    fn failed(&mut self, call: &Call, failure: Failure, refusal: Refusal) {
        self.seen.push(Observation::failed(call.candidate.clone()));
        self.kept.push(None);
        self.last = Some((failure, refusal));
    }

    fn told_last(&mut self) -> Told {
        Told::Error(self.last.take().map_or_else(nobody, |(_, refusal)| refusal))
    }
}

fn nobody() -> Refusal {
    Refusal::new(
        StatusCode::BAD_GATEWAY,
        ErrorKind::Server,
        "nobody whom the policy names can answer",
    )
}
