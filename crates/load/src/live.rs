//! What a running stage has come to so far, read by whoever draws it and by searches that may stop early.
//!
//! In: requests as they begin and end. Out: counters, percentiles of the latest requests, and which requests
//! were good. It never holds more than a byte per request and the latest times.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use trilemma_domain::{LoadSample, LoadStage, Slo};

use crate::analysis::{Kept, Point, keeps};

/// Requests whose times the view's percentiles are taken of.
const N_LATEST: usize = 512;

/// Counters of a running test.
#[derive(Debug)]
pub struct Live {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stage: Option<(u32, LoadStage, Instant)>,
    candidates: Vec<Counters>,
    board: Option<Board>,
}

#[derive(Debug, Default, Clone)]
struct Counters {
    begun: u64,
    answered: u64,
    failed: u64,
    failures: BTreeMap<&'static str, u64>,
    latest: VecDeque<(Option<f64>, f64)>,
    ended_at: Option<Instant>,
}

/// One candidate at one moment of a stage.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LiveCandidate {
    /// Requests begun in this stage, warm-up included.
    pub n_begun: u64,
    /// Of these, answered.
    pub n_answered: u64,
    /// Of these, failed.
    pub n_failed: u64,
    /// Requests in flight.
    pub n_in_flight: u64,
    /// How long its requests have run: from the stage's begin to now, or to the end of the last one while none is in
    /// flight.
    pub elapsed: Duration,
    /// The commonest failure so far and its number.
    pub worst: Option<(&'static str, u64)>,
    /// Median and p95 of TTFT from schedule over the latest answers, in milliseconds.
    pub ttft_ms: Option<(f64, f64)>,
    /// Median and p95 of the whole answer from schedule over the latest answers, in milliseconds.
    pub e2e_ms: Option<(f64, f64)>,
}

/// A stage at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveView {
    /// Which stage of the test, from 0.
    pub stage_idx: u32,
    /// What it is.
    pub stage: LoadStage,
    /// How long it has run.
    pub elapsed: Duration,
    /// By candidate of the test.
    pub candidates: Vec<LiveCandidate>,
}

/// Which requests of a search kept to which SLOs, by number.
#[derive(Debug)]
struct Board {
    slos: Vec<Slo>,
    reading_tokens_per_s: f64,
    first: u64,
    /// Bit k of an entry = SLO k broken; [`OPEN`] = not known yet.
    outcomes: Vec<u8>,
}

const OPEN: u8 = u8::MAX;
/// Most SLOs of a search.
pub const MAX_SLOS: usize = 7;

impl Live {
    /// Makes counters for so many candidates.
    #[must_use]
    pub fn new(n_candidates: usize) -> Self {
        let candidates = vec![Counters::default(); n_candidates];
        Self {
            state: Mutex::new(State {
                candidates,
                ..State::default()
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a stage; with SLOs it keeps a board of them for requests from the first measured one on.
    pub(crate) fn begin(&self, stage_idx: u32, stage: &LoadStage, board: Option<(&[Slo], f64)>) {
        let mut state = self.lock();
        state.stage = Some((stage_idx, stage.clone(), Instant::now()));
        for one in &mut state.candidates {
            *one = Counters::default();
        }
        state.board = board.map(|(slos, reading_tokens_per_s)| Board {
            slos: slos.iter().take(MAX_SLOS).copied().collect(),
            reading_tokens_per_s,
            first: stage.warmup_requests,
            outcomes: Vec::new(),
        });
    }

    pub(crate) fn begun(&self, candidate_idx: u32, number: u64) {
        let mut state = self.lock();
        if let Some(one) = state.candidates.get_mut(candidate_idx as usize) {
            one.begun += 1;
        }
        if let Some(board) = &mut state.board
            && let Some(place) = board.place(number)
        {
            let n = board.outcomes.len().max(place + 1);
            board.outcomes.resize(n, OPEN);
        }
    }

    pub(crate) fn ended(&self, sample: &LoadSample) {
        let mut state = self.lock();
        if let Some(board) = &mut state.board {
            board.note(sample);
        }
        if let Some(one) = state.candidates.get_mut(sample.candidate_idx as usize) {
            one.note(sample);
        }
    }

    /// How the first `n` measured requests keep to each SLO; `None` = fewer have begun.
    pub(crate) fn kept(&self, n: usize) -> Option<Vec<Kept>> {
        let state = self.lock();
        let board = state.board.as_ref()?;
        let first = board.outcomes.get(..n)?;
        let of = |bit: usize| {
            first.iter().fold(Kept::default(), |mut kept, outcome| {
                if *outcome == OPEN {
                    kept.open += 1;
                } else if outcome >> bit & 1 == 1 {
                    kept.bad += 1;
                } else {
                    kept.good += 1;
                }
                kept
            })
        };
        Some((0..board.slos.len()).map(of).collect())
    }

    /// Reads everything; `None` = no stage has begun.
    #[must_use]
    pub fn view(&self) -> Option<LiveView> {
        let state = self.lock();
        let (stage_idx, stage, start) = state.stage.clone()?;
        let candidates: Vec<Counters> = state.candidates.clone();
        drop(state);
        Some(LiveView {
            stage_idx,
            stage,
            elapsed: start.elapsed(),
            candidates: candidates.into_iter().map(|one| one.view(start)).collect(),
        })
    }
}

impl Board {
    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    fn note(&mut self, sample: &LoadSample) {
        let Some(place) = self.place(sample.number) else {
            return;
        };
        let point = Point::of(sample, self.reading_tokens_per_s);
        let broken = self.slos.iter().enumerate().fold(0, |bits, (bit, slo)| {
            let is_kept = keeps(&point, slo);
            bits | u8::from(!is_kept) << bit
        });
        if let Some(slot) = self.outcomes.get_mut(place) {
            *slot = broken;
        }
    }
}

impl Counters {
    fn note(&mut self, sample: &LoadSample) {
        self.ended_at = Some(Instant::now());
        match &sample.attempt.failure {
            None => self.answered += 1,
            Some(failure) => {
                self.failed += 1;
                *self.failures.entry(failure.kind.name()).or_default() += 1;
            }
        }
        let timing = &sample.attempt.timing;
        if let (None, Some(end)) = (&sample.attempt.failure, sample.from_schedule(timing.end)) {
            let ttft = sample.from_schedule(timing.first_visible);
            let ms = |span: Duration| span.as_secs_f64() * 1e3;
            self.latest.push_back((ttft.map(ms), ms(end)));
            if self.latest.len() > N_LATEST {
                self.latest.pop_front();
            }
        }
    }

    fn view(self, began: Instant) -> LiveCandidate {
        let ended = self.answered + self.failed;
        let until = self.ended_at.filter(|_| self.begun <= ended);
        LiveCandidate {
            n_begun: self.begun,
            n_answered: self.answered,
            n_failed: self.failed,
            n_in_flight: self.begun.saturating_sub(ended),
            elapsed: until.unwrap_or_else(Instant::now).duration_since(began),
            worst: self.failures.into_iter().max_by_key(|(_, n)| *n),
            ttft_ms: middle_and_tail(self.latest.iter().filter_map(|(ttft, _)| *ttft)),
            e2e_ms: middle_and_tail(self.latest.iter().map(|(_, e2e)| *e2e)),
        }
    }
}

fn middle_and_tail(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    use trilemma_stats::quantile::{Sorted, interpolated};
    let sorted = Sorted::new(values.collect()).ok()?;
    Some((
        interpolated(&sorted, 0.5).ok()?,
        interpolated(&sorted, 0.95).ok()?,
    ))
}
