//! A run being worked on: what all workers share.
//!
//! In: parts. Out: the next call, the stop, the first error, the summary. It awaits nothing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use trilemma_domain::{Fingerprint, Item, NanoUsd, RunId, TrialKey};
use trilemma_grade::{Budget, Docket, DocketParts, Grader, Unreadable};
use trilemma_project::Adaptive;
use trilemma_provider::{Cancel, Connect, LaneHealth, TcpConnector};
use trilemma_store::{Store, Writer};

use crate::entrant::Entrant;
use crate::error::BenchError;
use crate::progress::{CandidateProgress, Progress};
use crate::schedule::{Next, Schedule, Shape};
use crate::summary::{RaceSummary, Stop, Summary};

const STOP_NONE: u8 = 0;
const STOP_BUDGET: u8 = 1;

/// What a run is made of.
pub struct JobParts<C: Connect = TcpConnector> {
    /// Where everything is recorded.
    pub store: Store,
    /// Its writer.
    pub writer: Writer,
    /// The run, begun.
    pub run: RunId,
    /// Trials per candidate and item.
    pub repeats: u32,
    /// Seed of the order.
    pub seed: u64,
    /// Items in manifest order.
    pub items: Arc<Vec<Item>>,
    /// Candidates in manifest order.
    pub entrants: Vec<Entrant<C>>,
    /// Scorers.
    pub grader: Arc<Grader<C>>,
    /// The score set that they make up.
    pub score_set: Fingerprint,
    /// Position of the incumbent, for judges that compare with it.
    pub incumbent: Option<u32>,
    /// Most that the run may cost, judges included; `None` = no limit.
    pub budget: Option<NanoUsd>,
    /// Most calls in flight, at least 1.
    pub concurrency: usize,
    /// Whether earlier identical calls are replayed.
    pub cache: bool,
    /// Which race says whom to ask; `None` = everybody everything.
    pub adaptive: Option<Adaptive>,
    /// Candidates outside of any race, ascending: they are asked everything once it is over.
    pub aside: Vec<u32>,
    /// Only the first so many items and repeats of the order, for every candidate; `None` = all of it. What is
    /// left out stays open.
    pub beginning: Option<usize>,
    /// Stops handing out calls when asked to; calls in flight are finished.
    pub cancel: Cancel,
    /// Counters to keep.
    pub progress: Arc<Progress>,
}

impl<C: Connect> JobParts<C> {
    /// Candidates that take part in a race, ascending.
    pub(crate) fn racing(&self) -> Vec<u32> {
        let all = 0..self.shape().n_candidates;
        all.filter(|one| !self.aside.contains(one)).collect()
    }

    pub(crate) fn shape(&self) -> Shape {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Shape {
            n_candidates: count(self.entrants.len()),
            n_items: count(self.items.len()),
            repeats: self.repeats,
        }
    }
}

/// A run being worked on.
pub struct Job<C: Connect = TcpConnector> {
    pub(crate) parts: JobParts<C>,
    schedule: Mutex<Schedule>,
    pub(crate) maybe_sent: HashSet<TrialKey>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) docket: Arc<Docket>,
    pub(crate) freed: Notify,
    stop: AtomicU8,
    has_begun: AtomicBool,
    error: Mutex<Option<BenchError>>,
}

impl<C: Connect> Job<C> {
    pub(crate) fn new(
        parts: JobParts<C>,
        schedule: Schedule,
        maybe_sent: HashSet<TrialKey>,
        budget: Budget,
    ) -> Result<Self, BenchError> {
        let budget = Arc::new(budget);
        let docket = Docket::open(DocketParts {
            store: parts.store.clone(),
            writer: parts.writer.clone(),
            run: parts.run.clone(),
            set: parts.score_set,
            budget: budget.clone(),
            incumbent: parts.incumbent,
            unreadable: Unreadable::Stands,
        })?;
        Ok(Self {
            budget,
            docket: Arc::new(docket),
            schedule: Mutex::new(schedule),
            maybe_sent,
            freed: Notify::new(),
            stop: AtomicU8::new(STOP_NONE),
            has_begun: AtomicBool::new(false),
            error: Mutex::new(None),
            parts,
        })
    }

    /// Puts other calls in place of those not handed out yet.
    pub(crate) fn reschedule(&self, schedule: Schedule) {
        *self.schedule.lock().unwrap_or_else(PoisonError::into_inner) = schedule;
    }

    /// Whether this is its first session; true once.
    pub(crate) fn begins(&self) -> bool {
        !self.has_begun.swap(true, Ordering::Relaxed)
    }

    /// Whether calls are left to be handed out.
    pub(crate) fn has_calls(&self) -> bool {
        let schedule = self.schedule.lock().unwrap_or_else(PoisonError::into_inner);
        !self.is_stopping() && schedule.n_left() > 0
    }

    /// Whether nothing more is handed out.
    pub(crate) fn is_stopping(&self) -> bool {
        self.parts.cancel.is_cancelled() || self.stop.load(Ordering::Relaxed) != STOP_NONE
    }

    /// Hands out nothing more, because the next call might exceed the budget.
    pub(crate) fn stop_for_budget(&self) {
        self.stop.store(STOP_BUDGET, Ordering::Relaxed);
    }

    pub(crate) fn grader(&self) -> &Grader<C> {
        &self.parts.grader
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.parts.writer
    }

    pub(crate) fn run_id(&self) -> &RunId {
        &self.parts.run
    }

    pub(crate) fn score_set(&self) -> Fingerprint {
        self.parts.score_set
    }

    pub(crate) fn item(&self, item_idx: u32) -> Option<&Item> {
        self.parts.items.get(item_idx as usize)
    }

    pub(crate) fn cancel(&self) -> &Cancel {
        &self.parts.cancel
    }

    pub(crate) fn docket(&self) -> &Docket {
        &self.docket
    }

    /// Ends the run with an error; the first one stands.
    pub(crate) fn fail(&self, error: BenchError) {
        let mut slot = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(error);
        drop(slot);
        self.parts.cancel.cancel();
    }

    pub(crate) fn take_error(&self) -> Option<BenchError> {
        self.error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    pub(crate) fn summary(
        &self,
        n_resumed: u64,
        n_unscored: u64,
        race: Option<RaceSummary>,
    ) -> Summary {
        let snapshot = self.parts.progress.snapshot();
        let sum = |part: fn(&CandidateProgress) -> u64| snapshot.candidates.iter().map(part).sum();
        let n_replayed = sum(|one| one.n_replayed);
        // What a finished race did not ask for is not open.
        let is_raced = race.as_ref().is_some_and(|race| !race.completed.is_empty());
        let n_open = if is_raced {
            0
        } else {
            snapshot.n_trials.saturating_sub(snapshot.n_settled())
        };
        let stop = match (n_open, self.stop.load(Ordering::Relaxed)) {
            _ if self.docket.is_out_of_money() => Some(Stop::Budget),
            (0, _) if n_unscored > 0 && self.parts.cancel.is_cancelled() => Some(Stop::Interrupted),
            (0, _) => None,
            (_, STOP_BUDGET) => Some(Stop::Budget),
            (_, _) if self.parts.beginning.is_some() && !self.parts.cancel.is_cancelled() => None,
            (_, _) => Some(Stop::Interrupted),
        };
        Summary {
            run: self.parts.run.clone(),
            n_trials: snapshot.n_trials,
            n_resumed,
            n_answered: sum(|one| one.n_answered) - n_replayed,
            n_replayed,
            n_repeated: sum(|one| one.n_repeated),
            n_failed: sum(|one| one.n_failed),
            n_attempts: sum(|one| one.n_attempts),
            spent: self.budget.spent(),
            assumed: self.budget.assumed(),
            n_open,
            n_unscored,
            judges: self.docket.tally(),
            race,
            stop,
        }
    }

    pub(crate) fn next(&self) -> Next {
        if self.is_stopping() {
            return Next::Done;
        }
        let mut schedule = self.schedule.lock().unwrap_or_else(PoisonError::into_inner);
        schedule.next(|candidate_idx| self.may_call(candidate_idx))
    }

    /// Whether a candidate's lane would take a call at once (or fail it at once).
    fn may_call(&self, candidate_idx: u32) -> bool {
        let Some(entrant) = self.parts.entrants.get(candidate_idx as usize) else {
            return false;
        };
        let status = entrant.parts.lane.status();
        match status.health {
            LaneHealth::GivenUp { .. } => true,
            LaneHealth::Suspended { .. } => status.n_in_flight == 0,
            LaneHealth::Working => status.n_in_flight < status.limit && status.paused_for.is_none(),
        }
    }
}
