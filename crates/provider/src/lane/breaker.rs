//! When an endpoint is given up on, and how it comes back.
//!
//! In: outcomes of attempts. Out: whether the next attempt may go, must wait, or fails at once.
//!
//! `Closed` until enough different trials have failed without a success in between; then calls
//! wait (`Open`), one of them probes (`Probing`), and a success lets all go on, so that nothing is
//! lost when an endpoint restarts. After the last failed probe calls fail at once (`GivenUp`),
//! each naming the cause; now and then one still probes. Refused keys and unknown names give up
//! at once, because waiting does not cure them.

use std::time::Duration;

use tokio::time::Instant;
use trilemma_domain::{Failure, FailureKind, FaultSource, Retry};

use super::config::BreakerConfig;

/// Whether an attempt may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It may.
    Go,
    /// It may, and decides for all.
    Probe,
    /// Ask again then.
    WaitUntil(Instant),
    /// Ask again when the probe is back.
    WaitForProbe,
    /// It fails with this.
    GivenUp(Failure),
}

/// Where the breaker stands.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// Calls go.
    Closed,
    /// Calls wait until then.
    Open { until: Instant, n_probes: u32 },
    /// One call probes.
    Probing { n_probes: u32 },
    /// Calls fail; one may probe after `revisit`.
    GivenUp { revisit: Instant },
}

/// The breaker of a lane.
#[derive(Debug)]
pub(crate) struct Breaker {
    config: BreakerConfig,
    stage: Stage,
    cause: Option<Failure>,
    /// Changes at each success, so that a trial counts once between two.
    streak: u64,
    n_trials: u32,
    n_refusals: u32,
    has_succeeded: bool,
}

/// What a trial remembers of its failures: the streak that it was last counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted(Option<u64>);

impl Breaker {
    pub(crate) fn new(config: BreakerConfig) -> Self {
        Self {
            config,
            stage: Stage::Closed,
            cause: None,
            streak: 0,
            n_trials: 0,
            n_refusals: 0,
            has_succeeded: false,
        }
    }

    /// The failure with which calls end at once at present; `None` = they need not.
    pub(crate) fn refusal(&self, now: Instant) -> Option<Failure> {
        match self.stage {
            Stage::GivenUp { revisit } if now < revisit => Some(self.failure()),
            Stage::GivenUp { .. } | Stage::Closed | Stage::Open { .. } | Stage::Probing { .. } => {
                None
            }
        }
    }

    /// Asks for leave; whoever gets `Probe` must report its outcome.
    pub(crate) fn leave(&mut self, now: Instant) -> Leave {
        match self.stage {
            Stage::Closed => Leave::Go,
            Stage::Open { until, .. } if now < until => Leave::WaitUntil(until),
            Stage::Open { n_probes, .. } => {
                self.stage = Stage::Probing { n_probes };
                Leave::Probe
            }
            Stage::Probing { .. } => Leave::WaitForProbe,
            Stage::GivenUp { revisit } if now < revisit => Leave::GivenUp(self.failure()),
            Stage::GivenUp { .. } => {
                self.stage = Stage::GivenUp {
                    revisit: now + self.config.revisit,
                };
                Leave::Probe
            }
        }
    }

    pub(crate) fn success(&mut self) {
        self.stage = Stage::Closed;
        self.cause = None;
        self.streak = self.streak.wrapping_add(1);
        self.n_trials = 0;
        self.n_refusals = 0;
        self.has_succeeded = true;
    }

    /// Takes in a failure that is not a matter of load.
    pub(crate) fn failure_of(
        &mut self,
        failure: &Failure,
        counted: &mut Counted,
        is_probe: bool,
        now: Instant,
    ) {
        if self.has_succeeded && is_of_the_request(failure) {
            // The endpoint works and refuses this one request: that is an answer, too.
            if is_probe {
                self.success();
            }
            return;
        }
        self.cause = Some(failure.clone());
        if counted.0 != Some(self.streak) {
            counted.0 = Some(self.streak);
            self.n_trials = self.n_trials.saturating_add(1);
        }
        if is_incurable(failure) {
            self.n_refusals = self.n_refusals.saturating_add(1);
        }
        if self.n_refusals >= self.config.refusals.max(1) {
            self.give_up(now);
        } else if is_probe {
            self.probe_failed(now);
        } else if matches!(self.stage, Stage::Closed) && self.n_trials >= self.config.trials.max(1)
        {
            self.stage = Stage::Open {
                until: now + self.config.cool_down,
                n_probes: 0,
            };
        }
    }

    /// A probe ended without saying anything: it was dropped, or refused for load.
    pub(crate) fn probe_lost(&mut self, now: Instant) {
        if let Stage::Probing { n_probes } = self.stage {
            self.stage = Stage::Open {
                until: now,
                n_probes,
            };
        }
    }

    /// Nothing but refusals for load came for longer than a trial may take.
    pub(crate) fn never_served(&mut self, cause: &Failure, now: Instant) {
        self.cause = Some(cause.clone());
        self.give_up(now);
    }

    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }

    pub(crate) fn cause(&self) -> Option<&Failure> {
        self.cause.as_ref()
    }

    fn probe_failed(&mut self, now: Instant) {
        let Stage::Probing { n_probes } = self.stage else {
            return;
        };
        let n_probes = n_probes.saturating_add(1);
        let n_allowed = if self.has_succeeded {
            self.config.probes
        } else {
            self.config.probes.min(1)
        };
        if n_probes >= n_allowed {
            self.give_up(now);
            return;
        }
        let factor = 1u32.checked_shl(n_probes).unwrap_or(u32::MAX);
        let wait = self.config.cool_down.saturating_mul(factor);
        self.stage = Stage::Open {
            until: now + wait.min(LONGEST_COOL_DOWN),
            n_probes,
        };
    }

    fn give_up(&mut self, now: Instant) {
        self.stage = Stage::GivenUp {
            revisit: now + self.config.revisit,
        };
    }

    /// The failure with which a call ends that does not wait for an open breaker; `None` = it may go, or probe.
    pub(crate) fn held_back(&self, now: Instant) -> Option<Failure> {
        let wait = match self.stage {
            Stage::Open { until, .. } if now < until => until - now,
            Stage::Probing { .. } => PROBE_TIME,
            Stage::Closed | Stage::Open { .. } | Stage::GivenUp { .. } => return None,
        };
        Some(self.broken("left this endpoint alone", Retry::After(wait)))
    }

    fn failure(&self) -> Failure {
        self.broken("gave up on this endpoint", Retry::No)
    }

    fn broken(&self, what: &str, retry: Retry) -> Failure {
        let (cause, status) = match &self.cause {
            Some(cause) => (
                format!("{}: {}", cause.kind.name(), cause.message),
                cause.status,
            ),
            None => ("unknown".to_owned(), None),
        };
        let text = format!("{what} after repeated failures; last was {cause}");
        let mut failure = Failure::new(FailureKind::BreakerOpen, FaultSource::Us, retry, &text);
        failure.status = status;
        failure
    }
}

/// Longest wait between two probes.
const LONGEST_COOL_DOWN: Duration = Duration::from_secs(60);

/// When a call that does not wait for a probe had better be tried again.
const PROBE_TIME: Duration = Duration::from_secs(1);

/// Failures that no waiting cures: key, name, an empty account.
fn is_incurable(failure: &Failure) -> bool {
    match failure.kind {
        FailureKind::Auth | FailureKind::NotFound => true,
        FailureKind::RateLimited | FailureKind::Overloaded => failure.retry == Retry::No,
        _ => false,
    }
}

/// Failures that say something about the request and nothing about the endpoint.
fn is_of_the_request(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::BadRequest | FailureKind::TooLarge
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(kind: FailureKind) -> Failure {
        Failure::new(kind, FaultSource::Vendor, Retry::Backoff, "it broke")
    }

    fn at(start: Instant, s: u64) -> Instant {
        start + Duration::from_secs(s)
    }

    /// Fails `n` trials, one attempt each.
    fn fail(breaker: &mut Breaker, n: u32, kind: FailureKind, now: Instant) {
        for _ in 0..n {
            breaker.failure_of(&broken(kind), &mut Counted::default(), false, now);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_holds_calls_back_probes_and_goes_on() {
        let start = Instant::now();
        let mut breaker = Breaker::new(BreakerConfig::default());
        breaker.success();
        fail(&mut breaker, 9, FailureKind::ServerError, start);
        assert_eq!(breaker.leave(start), Leave::Go);
        fail(&mut breaker, 1, FailureKind::Cut, start);
        assert_eq!(breaker.leave(start), Leave::WaitUntil(at(start, 5)));
        assert_eq!(breaker.leave(at(start, 5)), Leave::Probe);
        assert_eq!(breaker.leave(at(start, 5)), Leave::WaitForProbe);
        breaker.failure_of(
            &broken(FailureKind::Cut),
            &mut Counted::default(),
            true,
            at(start, 6),
        );
        assert_eq!(breaker.leave(at(start, 6)), Leave::WaitUntil(at(start, 16)));
        assert_eq!(breaker.leave(at(start, 16)), Leave::Probe);
        breaker.success();
        assert_eq!(breaker.leave(at(start, 16)), Leave::Go);
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_wait_is_told_when_to_come_back() {
        let start = Instant::now();
        let mut breaker = Breaker::new(BreakerConfig::default());
        breaker.success();
        assert_eq!(breaker.held_back(start), None);
        fail(&mut breaker, 10, FailureKind::ServerError, start);
        let told = breaker.held_back(at(start, 2)).unwrap();
        assert_eq!(told.kind, FailureKind::BreakerOpen);
        assert_eq!(told.retry, Retry::After(Duration::from_secs(3)));
        assert!(told.message.contains("it broke"), "{}", told.message);
        // The first after that may probe; the others need not wait for it.
        assert_eq!(breaker.held_back(at(start, 5)), None);
        assert_eq!(breaker.leave(at(start, 5)), Leave::Probe);
        let told = breaker.held_back(at(start, 5)).unwrap();
        assert_eq!(told.retry, Retry::After(PROBE_TIME));
        breaker.success();
        assert_eq!(breaker.held_back(at(start, 6)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_names_the_cause_and_still_revisits() {
        let start = Instant::now();
        let mut breaker = Breaker::new(BreakerConfig::default());
        breaker.success();
        fail(&mut breaker, 10, FailureKind::Stalled, start);
        for s in [5, 15, 35] {
            assert_eq!(breaker.leave(at(start, s)), Leave::Probe);
            let mut counted = Counted::default();
            breaker.failure_of(
                &broken(FailureKind::Stalled),
                &mut counted,
                true,
                at(start, s),
            );
        }
        let Leave::GivenUp(failure) = breaker.leave(at(start, 36)) else {
            panic!("{:?}", breaker.stage());
        };
        assert_eq!(failure.kind, FailureKind::BreakerOpen);
        assert!(
            failure.message.contains("stalled: it broke"),
            "{}",
            failure.message
        );
        assert_eq!(breaker.leave(at(start, 65)), Leave::Probe);
        assert!(matches!(breaker.leave(at(start, 65)), Leave::GivenUp(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_never_answered_gets_one_probe() {
        let start = Instant::now();
        let mut breaker = Breaker::new(BreakerConfig::default());
        fail(&mut breaker, 10, FailureKind::Connect, start);
        assert_eq!(breaker.leave(at(start, 5)), Leave::Probe);
        breaker.failure_of(
            &broken(FailureKind::Connect),
            &mut Counted::default(),
            true,
            at(start, 5),
        );
        assert!(matches!(breaker.leave(at(start, 5)), Leave::GivenUp(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_trial_counts_once_between_two_successes() {
        let start = Instant::now();
        let mut breaker = Breaker::new(BreakerConfig::default());
        let mut counted = Counted::default();
        for _ in 0..50 {
            breaker.failure_of(
                &broken(FailureKind::ServerError),
                &mut counted,
                false,
                start,
            );
        }
        assert_eq!(breaker.leave(start), Leave::Go);
    }

    #[tokio::test(start_paused = true)]
    async fn refused_keys_and_unknown_names_give_up_at_the_third() {
        let start = Instant::now();
        for kind in [FailureKind::Auth, FailureKind::NotFound] {
            let mut breaker = Breaker::new(BreakerConfig::default());
            fail(&mut breaker, 2, kind, start);
            assert_eq!(breaker.leave(start), Leave::Go);
            fail(&mut breaker, 1, kind, start);
            assert!(matches!(breaker.leave(start), Leave::GivenUp(_)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refused_requests_do_not_break_an_endpoint_that_works() {
        let start = Instant::now();
        let mut breaker = Breaker::new(BreakerConfig::default());
        breaker.success();
        fail(&mut breaker, 100, FailureKind::BadRequest, start);
        assert_eq!(breaker.leave(start), Leave::Go);
        // One that never worked may be called wrongly altogether.
        let mut breaker = Breaker::new(BreakerConfig::default());
        fail(&mut breaker, 10, FailureKind::BadRequest, start);
        assert!(matches!(breaker.leave(start), Leave::WaitUntil(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_probe_is_followed_by_another() {
        let start = Instant::now();
        let mut breaker = Breaker::new(BreakerConfig::default());
        fail(&mut breaker, 10, FailureKind::Cut, start);
        assert_eq!(breaker.leave(at(start, 5)), Leave::Probe);
        breaker.probe_lost(at(start, 7));
        assert_eq!(breaker.leave(at(start, 7)), Leave::Probe);
    }
}
