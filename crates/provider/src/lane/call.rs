//! One trial through a lane: wait for leave, attempt, decide, repeat.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep_until};
use trilemma_domain::{Attempt, Failure, FailureKind, FaultSource, Reply, Retry, Timing};

use crate::call::{Attempted, Call};
use crate::cancel::Cancel;
use crate::client::Client;
use crate::connect::Connect;
use crate::encoded::EncodedRequest;
use crate::secret::Secret;

use super::config::LaneConfig;
use super::gate::{Gate, Permit};
use super::state::{Admission, Admitted, Next, State, TrialState, sent_away};
use super::ticket::Ticket;

/// The lane to one endpoint and model; share it by reference or `Arc`.
#[derive(Debug)]
pub struct Lane {
    /// Held by a trial from its first attempt to its end, so that a retry queues behind few others
    /// however many trials wait to begin.
    begun: Semaphore,
    gate: Gate,
    /// Held while waiting for leave, so that calls start in the order in which they came.
    turn: Semaphore,
    /// Wakes the call whose turn it is.
    changed: Notify,
    state: Mutex<State>,
    trial_deadline: Duration,
}

/// One trial to be answered.
#[derive(Debug, Clone, Copy)]
pub struct LaneCall<'a> {
    /// What is sent; encoded once, repeated as often as needed.
    pub request: &'a EncodedRequest,
    /// The key.
    pub secret: Option<&'a Secret>,
    /// About how many tokens it will use, input and output together, for the tokens-per-minute
    /// limit; corrected by true usage afterwards.
    pub estimated_tokens: u64,
    /// Ends all waiting when asked to.
    pub cancel: &'a Cancel,
}

/// What an attempt needs leave for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) estimated_tokens: u64,
    pub(super) cancel: &'a Cancel,
    /// When waiting is no use any more; `None` = the trial has not begun.
    pub(super) deadline: Option<Instant>,
    /// Whether it waits for an endpoint that is left alone, or fails at once.
    pub(super) waits_for_breaker: bool,
}

/// How a trial went.
#[derive(Debug)]
pub struct CallOutcome {
    /// Every attempt, in order; empty when none was started.
    pub attempts: Vec<Attempt>,
    /// The answer with the stamps of its attempt, or the failure that stands.
    pub result: Result<(Box<Reply>, Timing), Failure>,
}

/// Trials begun and not ended, for each attempt that may be in flight.
const BEGUN_PER_PERMIT: usize = 4;
/// A probe is asked after this often at least; its end is announced.
const LONGEST_PROBE_WAIT: Duration = Duration::from_secs(60);
/// Longest wait of any kind, far beyond all deadlines.
const LONGEST_TRIAL: Duration = Duration::from_secs(30 * 86_400);

impl Lane {
    /// Makes a lane; it starts at full concurrency with full allowances.
    #[must_use]
    pub fn new(config: &LaneConfig) -> Self {
        let n_begun = config.max_concurrency.saturating_mul(BEGUN_PER_PERMIT);
        Self {
            begun: Semaphore::new(n_begun.clamp(1, Semaphore::MAX_PERMITS)),
            gate: Gate::new(config.max_concurrency),
            turn: Semaphore::new(1),
            changed: Notify::new(),
            state: Mutex::new(State::new(config, Instant::now())),
            trial_deadline: config.retry.trial_deadline.min(LONGEST_TRIAL),
        }
    }

    /// Gets one trial answered; `sink` sees each attempt as soon as it is over, and says whether another
    /// may follow: after `Break` the trial ends, as `Interrupted` where another would have followed.
    ///
    /// Waits for its turn, for the vendor's pauses and for rate limits; repeats what can be
    /// repeated. Attempts in flight are finished when `cancel` is asked for; waiting ends at once
    /// with `Interrupted`. Dropping the future breaks the attempt in flight off.
    pub async fn call<C: Connect>(
        &self,
        client: &Client<C>,
        call: LaneCall<'_>,
        sink: &mut (dyn FnMut(&Attempt) -> ControlFlow<()> + Send),
    ) -> CallOutcome {
        let mut attempts: Vec<Attempt> = Vec::with_capacity(1);
        let mut trial = TrialState::default();
        let mut deadline = None;
        let mut waiting_since = Instant::now();
        let begun = tokio::select! {
            biased;
            begun = self.begun.acquire() => begun,
            () = call.cancel.cancelled() => {
                let result = Err(interrupted());
                return CallOutcome { attempts, result };
            }
        };
        self.with_state(State::earn);
        let result = loop {
            let wish = Wish {
                estimated_tokens: call.estimated_tokens,
                cancel: call.cancel,
                deadline,
                waits_for_breaker: true,
            };
            let (permit, ticket) = match self.admitted(&wish).await {
                Ok(leave) => leave,
                Err(failure) => break Err(last_word(failure, &attempts)),
            };
            let started = Instant::now();
            let deadline = *deadline.get_or_insert(started + self.trial_deadline);
            let secret = call.secret.map(Secret::now);
            let attempted = client
                .attempt(&Call {
                    request: call.request,
                    secret: secret.as_ref(),
                    number: u32::try_from(attempts.len() + 1).unwrap_or(u32::MAX),
                    queued: started.saturating_duration_since(waiting_since),
                    deadline: Some(deadline),
                })
                .await;
            let is_renewed = !trial.has_renewed
                && is_expired(&attempted)
                && renewed(secret.as_ref(), call.cancel).await;
            waiting_since = Instant::now();
            let next = if is_renewed {
                trial.has_renewed = true;
                self.take_back(&attempted, ticket.settle())
            } else {
                self.take_in(&attempted, ticket.settle(), &mut trial)
            };
            drop(permit);
            let onward = sink(&attempted.attempt);
            let Attempted { attempt, reply, .. } = attempted;
            let timing = reply.is_some().then(|| attempt.timing.clone());
            let failure = attempt.failure.clone();
            attempts.push(attempt);
            match (reply, timing, failure) {
                (Some(reply), Some(timing), _) => break Ok((reply, timing)),
                (_, _, Some(failure)) => match next {
                    Next::Again(at) if at < deadline => {
                        if onward.is_break() || self.rest(at, call.cancel).await.is_err() {
                            break Err(interrupted());
                        }
                    }
                    Next::Again(_) => break Err(told_off(failure)),
                    Next::Stop => break Err(failure),
                },
                (_, _, None) => break Err(silent()),
            }
        };
        drop(begun);
        CallOutcome { attempts, result }
    }

    /// Waits for a permit and for leave.
    pub(super) async fn admitted(
        &self,
        wish: &Wish<'_>,
    ) -> Result<(Permit<'_>, Ticket<'_>), Failure> {
        let Wish {
            cancel, deadline, ..
        } = *wish;
        if cancel.is_cancelled() {
            return Err(interrupted());
        }
        let permit = tokio::select! {
            biased;
            permit = self.gate.enter() => permit,
            () = cancel.cancelled() => return Err(interrupted()),
        };
        // Held until this call goes: those behind it wait here. It is never closed.
        let _turn = tokio::select! {
            biased;
            turn = self.turn.acquire() => turn,
            () = cancel.cancelled() => return Err(interrupted()),
        };
        let mut advised = Duration::ZERO;
        loop {
            let now = Instant::now();
            if cancel.is_cancelled() {
                return Err(interrupted());
            }
            if deadline.is_some_and(|deadline| now >= deadline) {
                return Err(too_late());
            }
            let admission = self.with_state(|state| {
                state.admit(wish.estimated_tokens, advised, wish.waits_for_breaker, now)
            });
            let (until, is_advice) = match admission {
                Admission::Go(admitted) => return Ok((permit, Ticket::new(self, admitted))),
                Admission::Refused(failure) => return Err(failure),
                Admission::WaitUntil { until, is_advice } => (until, is_advice),
                Admission::WaitForChange => (now + LONGEST_PROBE_WAIT, false),
            };
            // Waiting in vain would keep those behind it waiting, too.
            if deadline.is_some_and(|deadline| until >= deadline) {
                return Err(too_late());
            }
            tokio::select! {
                () = sleep_until(until) => {}
                () = self.changed.notified() => {}
                () = cancel.cancelled() => {}
            }
            if is_advice {
                advised += now.elapsed();
            }
        }
    }

    pub(super) fn take_in(
        &self,
        attempted: &Attempted,
        admitted: Admitted,
        trial: &mut TrialState,
    ) -> Next {
        let now = Instant::now();
        let attempt = &attempted.attempt;
        let n_used = match (attempt.usage, attempt.status) {
            (Some(usage), _) => Some(usage.input_total().saturating_add(usage.output)),
            // A refused call used nothing; a broken one may have used all it asked for.
            (None, Some(400..)) => Some(0),
            (None, _) => None,
        };
        let (next, is_changed, limit) = self.with_state(|state| {
            state.settle(&admitted, n_used, &attempted.limits, now);
            let (next, is_changed) = match &attempt.failure {
                None => (Next::Stop, state.served(&admitted, now)),
                Some(failure) => {
                    let next = state.failed(failure, &admitted, trial, now);
                    (next, admitted.is_probe)
                }
            };
            (next, is_changed, state.pace.limit())
        });
        if self.gate.in_use().1 != limit {
            self.gate.resize(limit);
        }
        if is_changed {
            self.announce_change();
        }
        next
    }

    /// Takes in a refusal of a key that has been replaced since: it says nothing of the endpoint.
    fn take_back(&self, attempted: &Attempted, admitted: Admitted) -> Next {
        let now = Instant::now();
        self.with_state(|state| {
            state.settle(&admitted, Some(0), &attempted.limits, now);
            if admitted.is_probe {
                state.breaker.probe_lost(now);
            }
        });
        if admitted.is_probe {
            self.announce_change();
        }
        Next::Again(now)
    }

    async fn rest(&self, until: Instant, cancel: &Cancel) -> Result<(), ()> {
        tokio::select! {
            () = sleep_until(until) => Ok(()),
            () = cancel.cancelled() => Err(()),
        }
    }

    pub(crate) fn with_state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut state)
    }

    pub(crate) fn announce_change(&self) {
        self.changed.notify_one();
    }

    pub(crate) fn in_use(&self) -> (usize, usize) {
        self.gate.in_use()
    }
}

/// Whether the endpoint does not take the key (any more).
fn is_expired(attempted: &Attempted) -> bool {
    attempted.attempt.status == Some(401) && attempted.attempt.failure.is_some()
}

/// Whether there is another key now. Nobody waits for it but the calls that were refused the old one.
async fn renewed(secret: Option<&Secret>, cancel: &Cancel) -> bool {
    let Some(secret) = secret else {
        return false;
    };
    tokio::select! {
        is_renewed = secret.renew() => is_renewed,
        () = cancel.cancelled() => false,
    }
}

/// A failure that can be repeated, but not within the trial's time, with the wait that it asks for.
fn told_off(failure: Failure) -> Failure {
    match failure.retry {
        Retry::After(told) => sent_away(&failure, told),
        Retry::Backoff | Retry::No => failure,
    }
}

/// Why a trial that already failed gets no further attempt: its own failure says more than the
/// end of its time does.
fn last_word(failure: Failure, attempts: &[Attempt]) -> Failure {
    if failure.kind != FailureKind::Deadline {
        return failure;
    }
    let last = attempts.last().and_then(|attempt| attempt.failure.clone());
    last.unwrap_or(failure)
}

fn interrupted() -> Failure {
    let text = "the run was stopped before this call";
    Failure::new(FailureKind::Interrupted, FaultSource::Us, Retry::No, text)
}

pub(super) fn too_late() -> Failure {
    let text = "no leave to call before the trial's deadline";
    Failure::new(FailureKind::Deadline, FaultSource::Us, Retry::No, text)
}

fn silent() -> Failure {
    let text = "the attempt brought neither an answer nor a failure";
    Failure::new(FailureKind::Malformed, FaultSource::Us, Retry::No, text)
}
