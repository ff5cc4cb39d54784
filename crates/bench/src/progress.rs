//! Counters of a running benchmark, read by whoever draws them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use trilemma_domain::NanoUsd;
use trilemma_provider::Lane;

/// Counters; all monotone but `n_in_flight`.
#[derive(Debug)]
pub struct Progress {
    n_trials: u64,
    candidates: Vec<Counters>,
    lanes: OnceLock<Vec<Arc<Lane>>>,
    judges_nanos: AtomicU64,
}

#[derive(Debug, Default)]
struct Counters {
    answered: AtomicU64,
    failed: AtomicU64,
    replayed: AtomicU64,
    repeated: AtomicU64,
    resumed: AtomicU64,
    attempts: AtomicU64,
    cost_nanos: AtomicU64,
    in_flight: AtomicU64,
}

/// One candidate at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CandidateProgress {
    /// Trials settled with an answer in this session, replays included.
    pub n_answered: u64,
    /// Trials settled without one in this session.
    pub n_failed: u64,
    /// Of the answered ones, replays.
    pub n_replayed: u64,
    /// Trials that an interrupted session may have called before.
    pub n_repeated: u64,
    /// Trials answered before this session.
    pub n_resumed: u64,
    /// HTTP calls.
    pub n_attempts: u64,
    /// Trials being called.
    pub n_in_flight: u64,
    /// How long its endpoint asks to wait; `None` = it does not, or some of its calls are under way.
    pub paused_for: Option<Duration>,
    /// Cost of this session's calls as far as known.
    pub cost: NanoUsd,
}

/// All candidates at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Trials that the run consists of.
    pub n_trials: u64,
    /// By candidate, in manifest order.
    pub candidates: Vec<CandidateProgress>,
    /// Cost of the judges' calls in this session as far as known.
    pub judges: NanoUsd,
}

impl Snapshot {
    /// Trials settled, earlier sessions included.
    #[must_use]
    pub fn n_settled(&self) -> u64 {
        self.candidates
            .iter()
            .map(|one| one.n_answered + one.n_failed + one.n_resumed)
            .sum()
    }

    /// Cost of this session as far as known, judges included.
    #[must_use]
    pub fn cost(&self) -> NanoUsd {
        let candidates: NanoUsd = self.candidates.iter().map(|one| one.cost).sum();
        candidates.saturating_add(self.judges)
    }
}

/// How a trial of this session was settled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SettledCall {
    pub(crate) is_answered: bool,
    pub(crate) is_replay: bool,
    pub(crate) is_repeat: bool,
    pub(crate) n_attempts: u64,
    pub(crate) cost: NanoUsd,
}

impl Progress {
    /// Makes counters at zero.
    #[must_use]
    pub fn new(n_trials: u64, n_candidates: usize) -> Self {
        Self {
            n_trials,
            candidates: std::iter::repeat_with(Counters::default)
                .take(n_candidates)
                .collect(),
            lanes: OnceLock::new(),
            judges_nanos: AtomicU64::new(0),
        }
    }

    /// Reads all counters.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            n_trials: self.n_trials,
            candidates: (0..)
                .zip(&self.candidates)
                .map(|(idx, one)| one.read(self.pause(idx)))
                .collect(),
            judges: NanoUsd(
                self.judges_nanos
                    .load(Ordering::Relaxed)
                    .try_into()
                    .unwrap_or(i64::MAX),
            ),
        }
    }

    /// Takes the candidates' lanes, which tell of pauses.
    pub(crate) fn follow(&self, lanes: Vec<Arc<Lane>>) {
        // A run that goes on with the same counters keeps the lanes that it has.
        let _ = self.lanes.set(lanes);
    }

    fn pause(&self, candidate_idx: usize) -> Option<Duration> {
        let status = self.lanes.get()?.get(candidate_idx)?.status();
        status.paused_for.filter(|_| status.n_in_flight == 0)
    }

    /// Notes what judges have cost in this session so far.
    pub(crate) fn judged(&self, cost: NanoUsd) {
        let nanos = u64::try_from(cost.0).unwrap_or(0);
        self.judges_nanos.fetch_max(nanos, Ordering::Relaxed);
    }

    fn add(&self, candidate_idx: u32, work: impl FnOnce(&Counters)) {
        if let Some(counters) = self.candidates.get(candidate_idx as usize) {
            work(counters);
        }
    }

    pub(crate) fn resumed(&self, candidate_idx: u32) {
        self.add(candidate_idx, |one| bump(&one.resumed, 1));
    }

    pub(crate) fn started(&self, candidate_idx: u32) {
        self.add(candidate_idx, |one| bump(&one.in_flight, 1));
    }

    pub(crate) fn ended(&self, candidate_idx: u32) {
        self.add(candidate_idx, |one| {
            one.in_flight.fetch_sub(1, Ordering::Relaxed);
        });
    }

    pub(crate) fn settled(&self, candidate_idx: u32, call: SettledCall) {
        self.add(candidate_idx, |one| {
            let outcome = if call.is_answered {
                &one.answered
            } else {
                &one.failed
            };
            bump(outcome, 1);
            bump(&one.replayed, u64::from(call.is_replay));
            bump(&one.repeated, u64::from(call.is_repeat));
            bump(&one.attempts, call.n_attempts);
            bump(&one.cost_nanos, u64::try_from(call.cost.0).unwrap_or(0));
        });
    }
}

fn bump(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Counters {
    fn read(&self, paused_for: Option<Duration>) -> CandidateProgress {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CandidateProgress {
            n_answered: get(&self.answered),
            n_failed: get(&self.failed),
            n_replayed: get(&self.replayed),
            n_repeated: get(&self.repeated),
            n_resumed: get(&self.resumed),
            n_attempts: get(&self.attempts),
            n_in_flight: get(&self.in_flight),
            paused_for,
            cost: NanoUsd(i64::try_from(get(&self.cost_nanos)).unwrap_or(i64::MAX)),
        }
    }
}
