//! What a lane knows, behind one lock that is never held across a wait.
//!
//! In: questions before attempts, outcomes after them. Out: leave to go or how long to wait, and
//! what to do about a failure.

use std::time::Duration;

use tokio::time::Instant;
use trilemma_domain::{Failure, FailureKind, Retry};
use trilemma_wire::client::RateLimits;

use super::breaker::{Breaker, Counted, Leave, Stage};
use super::config::{LaneConfig, RetryPolicy};
use super::jitter::{Jitter, ceiling};
use super::pace::{Load, Pace};
use super::pause::Pause;
use super::rates::Rates;

/// Most retries that a quiet lane saves up.
const MAX_BUDGET: f64 = 100.0;
/// A vendor's "come back in" below this is no time: the back-off counts instead.
const SHORTEST_TOLD: Duration = Duration::from_millis(50);

/// A lane's state.
#[derive(Debug)]
pub(crate) struct State {
    policy: RetryPolicy,
    pub(crate) pace: Pace,
    pub(crate) pause: Pause,
    pub(crate) rates: Rates,
    pub(crate) breaker: Breaker,
    has_slow_start: bool,
    jitter: Jitter,
    budget: f64,
    /// Since when every outcome was a refusal for load, and the first of them.
    throttled_since: Option<Instant>,
}

/// Whether an attempt may start.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It may.
    Go(Admitted),
    /// Ask again then, or when something changes.
    WaitUntil { until: Instant, is_advice: bool },
    /// Ask again when something changes.
    WaitForChange,
    /// It must not.
    Refused(Failure),
}

/// What a trial carries from attempt to attempt.
#[derive(Debug, Default)]
pub(crate) struct TrialState {
    /// Attempts that count towards the most.
    pub(crate) n_tries: u32,
    /// Attempts refused for load.
    pub(crate) n_throttled: u32,
    pub(crate) counted: Counted,
    /// Whether its key was read anew.
    pub(crate) has_renewed: bool,
}

/// An attempt that was admitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admitted {
    pub(crate) started: Instant,
    pub(crate) is_probe: bool,
    pub(crate) is_against_advice: bool,
    pub(crate) n_tokens: u64,
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The trial has failed.
    Stop,
    /// Another attempt, not before then.
    Again(Instant),
}

impl State {
    pub(crate) fn new(config: &LaneConfig, now: Instant) -> Self {
        Self {
            policy: config.retry.clone(),
            pace: Pace::new(config.max_concurrency, now),
            pause: Pause::default(),
            rates: Rates::new(config, now),
            has_slow_start: config.breaker.slow_start,
            breaker: Breaker::new(config.breaker.clone()),
            jitter: Jitter::new(config.seed),
            budget: f64::from(config.retry.budget_burst),
            throttled_since: None,
        }
    }

    /// A trial begins: it earns its share of retries.
    pub(crate) fn earn(&mut self) {
        let earned = self.budget + self.policy.budget_per_call.clamp(0.0, 1.0);
        self.budget = earned.min(MAX_BUDGET.max(f64::from(self.policy.budget_burst)));
    }

    /// Asks for leave to start an attempt of about `n_tokens`; `advised` = how long it has waited
    /// on headers' advice already.
    pub(crate) fn admit(
        &mut self,
        n_tokens: u64,
        advised: Duration,
        waits_for_breaker: bool,
        now: Instant,
    ) -> Admission {
        let held_back = || self.breaker.held_back(now).filter(|_| !waits_for_breaker);
        if let Some(failure) = self.breaker.refusal(now).or_else(held_back) {
            return Admission::Refused(failure);
        }
        if let Some(until) = self.pause.until(now) {
            return Admission::WaitUntil {
                until,
                is_advice: false,
            };
        }
        let rate = self.rates.wait(n_tokens, advised, now);
        if !rate.wait.is_zero() {
            return Admission::WaitUntil {
                until: now + rate.wait,
                is_advice: true,
            };
        }
        let admitted = Admitted {
            started: now,
            is_probe: false,
            is_against_advice: rate.is_against_advice,
            n_tokens,
        };
        match self.breaker.leave(now) {
            Leave::Go => self.go(admitted),
            Leave::Probe => self.go(Admitted {
                is_probe: true,
                ..admitted
            }),
            Leave::WaitUntil(until) => Admission::WaitUntil {
                until,
                is_advice: false,
            },
            Leave::WaitForProbe => Admission::WaitForChange,
            Leave::GivenUp(failure) => Admission::Refused(failure),
        }
    }

    /// Takes in an answer; true = waiting calls should ask again.
    pub(crate) fn served(&mut self, admitted: &Admitted, now: Instant) -> bool {
        self.pace.note(Load::Served, admitted.started, now);
        self.throttled_since = None;
        if admitted.is_against_advice {
            self.rates.distrust();
        }
        let was_closed = matches!(self.breaker.stage(), Stage::Closed);
        self.breaker.success();
        if self.has_slow_start && !was_closed {
            self.pace.restart(now);
        }
        let share = self.pace.throttled_share();
        self.pause.served(admitted.started, share) || !was_closed
    }

    /// Takes in a failure and says what follows.
    pub(crate) fn failed(
        &mut self,
        failure: &Failure,
        admitted: &Admitted,
        trial: &mut TrialState,
        now: Instant,
    ) -> Next {
        if is_for_load(failure) {
            self.throttled(failure, admitted, trial, now)
        } else {
            let is_probe = admitted.is_probe;
            self.breaker
                .failure_of(failure, &mut trial.counted, is_probe, now);
            self.broken(failure, trial, now)
        }
    }

    /// Takes in what the attempt really used, and what the head said about limits.
    pub(crate) fn settle(
        &mut self,
        admitted: &Admitted,
        n_used: Option<u64>,
        limits: &RateLimits,
        now: Instant,
    ) {
        if let Some(n_used) = n_used {
            self.rates.settle(admitted.n_tokens, n_used);
        }
        self.rates.learn(limits, now);
    }

    fn go(&mut self, admitted: Admitted) -> Admission {
        self.rates.take(admitted.n_tokens);
        Admission::Go(admitted)
    }

    fn throttled(
        &mut self,
        failure: &Failure,
        admitted: &Admitted,
        trial: &mut TrialState,
        now: Instant,
    ) -> Next {
        self.pace.note(Load::Throttled, admitted.started, now);
        trial.n_throttled = trial.n_throttled.saturating_add(1);
        let told = match failure.retry {
            Retry::After(told) if told >= SHORTEST_TOLD => Some(told.min(LONGEST_TOLD)),
            Retry::After(_) | Retry::Backoff | Retry::No => None,
        };
        let since = *self.throttled_since.get_or_insert(now);
        if let Some(told) = told.filter(|told| *told >= self.policy.trial_deadline) {
            // Waiting is no use. One such answer may be a whim; several in a row are the endpoint's word.
            let is_probe = admitted.is_probe;
            let refusal = sent_away(failure, told);
            self.breaker
                .failure_of(&refusal, &mut trial.counted, is_probe, now);
            return Next::Again(now + told);
        }
        if now.saturating_duration_since(since) > self.policy.trial_deadline {
            self.breaker.never_served(failure, now);
        } else if told.is_none() && failure.kind == FailureKind::Overloaded {
            // Overloaded without a word of when to come back looks like any other outage.
            let is_probe = admitted.is_probe;
            self.breaker
                .failure_of(failure, &mut trial.counted, is_probe, now);
        } else if admitted.is_probe {
            self.breaker.probe_lost(now);
        }
        let wait = match told {
            Some(told) => {
                self.pause.refuse(admitted.started, now + told);
                told
            }
            None => self.back_off(trial.n_throttled),
        };
        Next::Again(now + wait)
    }

    fn broken(&mut self, failure: &Failure, trial: &mut TrialState, now: Instant) -> Next {
        trial.n_tries = trial.n_tries.saturating_add(1);
        let told = match failure.retry {
            Retry::No => return Next::Stop,
            Retry::Backoff => Duration::ZERO,
            Retry::After(told) => told.min(LONGEST_TOLD),
        };
        if trial.n_tries >= self.policy.max_attempts.max(1) {
            return Next::Stop;
        }
        // An open breaker limits retries by itself: what it holds back must not be lost.
        if matches!(self.breaker.stage(), Stage::Closed) {
            if self.budget < 1.0 {
                return Next::Stop;
            }
            self.budget -= 1.0;
        }
        let wait = self.back_off(trial.n_tries);
        Next::Again(now + wait.max(told))
    }

    fn back_off(&mut self, n_failures: u32) -> Duration {
        let longest = ceiling(self.policy.base, self.policy.cap, n_failures);
        self.jitter.up_to(longest.min(LONGEST_TOLD))
    }
}

/// A refusal with the wait that it asks for, which is longer than a trial may take.
pub(crate) fn sent_away(failure: &Failure, told: Duration) -> Failure {
    let wait = wait_text(told);
    let said = &failure.message;
    let text = format!("the endpoint asks to wait {wait}, longer than a call may take: {said}");
    let text = text.trim_end_matches(": ");
    Failure {
        status: failure.status,
        ..Failure::new(failure.kind, failure.source, Retry::No, text)
    }
}

/// A wait in its largest whole unit, rounded up.
fn wait_text(wait: Duration) -> String {
    match wait.as_secs_f64().ceil() {
        s if s < 120.0 => format!("{s} s"),
        s if s < 7_200.0 => format!("{} min", (s / 60.0).ceil()),
        s if s < 172_800.0 => format!("{} h", (s / 3_600.0).ceil()),
        s => format!("{} days", (s / 86_400.0).ceil()),
    }
}

/// Longest wait that a vendor can ask for; beyond any trial's deadline.
const LONGEST_TOLD: Duration = Duration::from_secs(7 * 86_400);

/// Refusals for load: they slow the lane down and do not count as attempts.
fn is_for_load(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::RateLimited | FailureKind::Overloaded
    ) && failure.retry != Retry::No
}
