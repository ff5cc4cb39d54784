//! One stage: requests to every candidate under one pattern of arrivals.
//!
//! In: lines, a stage. Out: a sample per request, and how the stage ended. Every candidate gets the same
//! arrivals and the same prompts at the same moments, so that whatever happens outside happens to all.
//! Each request is a single attempt: a failure is a result here, not something to repeat.
//!
//! A request that is due waits inside the client only where `max_in_flight` says so. It keeps the moment at
//! which it was meant to start, and waits in order; nothing waits in memory, because the schedule can be
//! asked again for what was due.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use trilemma_cost::Reservation;
use trilemma_domain::{LoadStage, StageEnd, StageStop};
use trilemma_provider::Connect;

use crate::error::LoadError;
use crate::flight::fly;
use crate::ground::{Course, Ground, Halt};
use crate::schedule::Schedule;

/// How long a user of a closed loop rests after a failure; doubled after each further one.
const FIRST_REST: Duration = Duration::from_millis(100);
/// Longest rest.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// How a candidate's part of a stage ended.
#[derive(Debug, Clone, Copy, Default)]
struct Ended {
    last_intended: Duration,
    ended: Duration,
    n_unstarted: u64,
}

/// Runs a stage to its end.
///
/// # Errors
/// [`LoadError::Defect`]; failed requests are samples.
pub async fn run_stage<C: Connect>(
    ground: &Arc<Ground<C>>,
    stage: &LoadStage,
    stage_idx: u32,
) -> Result<StageEnd, LoadError> {
    run_until(ground, stage, stage_idx, Arc::default()).await
}

/// Runs a stage to its end, or until `halt` is asked for.
pub(crate) async fn run_until<C: Connect>(
    ground: &Arc<Ground<C>>,
    stage: &LoadStage,
    stage_idx: u32,
    halt: Arc<Halt>,
) -> Result<StageEnd, LoadError> {
    let started_us = ground.clock.now_us();
    let start = Instant::now();
    let shared = Arc::new(stage.clone());
    let mut courses = JoinSet::new();
    for (place, candidate_idx) in stage.candidates.iter().enumerate() {
        let course = Arc::new(Course {
            ground: Arc::clone(ground),
            stage: Arc::clone(&shared),
            stage_idx,
            candidate_idx: *candidate_idx,
            start,
            halt: Arc::clone(&halt),
        });
        courses.spawn(async move { (place, course.run().await) });
    }
    let mut end = StageEnd {
        started_us,
        last_intended: Duration::ZERO,
        ended: Duration::ZERO,
        n_unstarted: vec![0; stage.candidates.len()],
        stop: StageStop::Complete,
    };
    while let Some(done) = courses.join_next().await {
        let (place, one) = done.map_err(|error| LoadError::Defect(error.to_string()))?;
        end.last_intended = end.last_intended.max(one.last_intended);
        end.ended = end.ended.max(one.ended);
        if let Some(slot) = end.n_unstarted.get_mut(place) {
            *slot = one.n_unstarted;
        }
    }
    if halt.is_lost.load(Ordering::Relaxed) {
        return Err(LoadError::Defect(
            "samples could not be recorded".to_owned(),
        ));
    }
    if halt.is_out_of_money.load(Ordering::Relaxed) {
        end.stop = StageStop::Budget;
    } else if ground.cancel.is_cancelled() {
        end.stop = StageStop::Interrupted;
    }
    Ok(end)
}

impl<C: Connect> Course<C> {
    async fn run(self: Arc<Self>) -> Ended {
        match self.stage.arrivals.concurrency() {
            Some(concurrency) => self.closed(concurrency).await,
            None => self.open().await,
        }
    }

    /// Each user sends its next request when its last one is over; after a failure it rests first.
    async fn closed(self: Arc<Self>, concurrency: u32) -> Ended {
        let next = Arc::new(AtomicU64::new(0));
        let mut users = JoinSet::new();
        for _ in 0..concurrency {
            let (course, next) = (Arc::clone(&self), Arc::clone(&next));
            users.spawn(async move { course.user(&next).await });
        }
        let mut ended = Ended::default();
        while let Some(done) = users.join_next().await {
            let last_intended = done.unwrap_or_default();
            ended.last_intended = ended.last_intended.max(last_intended);
        }
        ended.ended = self.start.elapsed();
        ended
    }

    async fn user(self: &Arc<Self>, next: &AtomicU64) -> Duration {
        let mut last_intended = Duration::ZERO;
        let mut n_failures = 0_u32;
        loop {
            if n_failures > 0 {
                // Users who are refused at once do not come back at once.
                let factor = 1_u32.checked_shl(n_failures - 1).unwrap_or(u32::MAX);
                let rest = FIRST_REST.saturating_mul(factor).min(LONGEST_REST);
                tokio::select! {
                    () = self.halted() => return last_intended,
                    () = sleep_until(Instant::now() + rest) => {}
                }
            }
            let intended = self.start.elapsed();
            let is_over = self
                .stage
                .duration
                .is_some_and(|duration| intended >= duration);
            if is_over || self.is_halted() {
                return last_intended;
            }
            let number = next.fetch_add(1, Ordering::Relaxed);
            let is_last = self
                .stage
                .requests
                .is_some_and(|requests| number >= requests);
            let reservation = if is_last { None } else { self.reserve(number) };
            let Some(reservation) = reservation else {
                return last_intended;
            };
            last_intended = intended;
            let is_answered = fly(self, number, intended, reservation).await;
            n_failures = if is_answered { 0 } else { n_failures + 1 };
        }
    }

    /// Requests start when they are due, whatever comes back.
    async fn open(self: Arc<Self>) -> Ended {
        let slots = self.stage.max_in_flight;
        let slots = slots.map(|n| Arc::new(Semaphore::new(n.max(1) as usize)));
        let mut schedule = Schedule::new(&self.stage, &self.ground.trace, self.ground.seed);
        let last = schedule.last_offset();
        let give_up = last.map(|last| self.start + last + self.stage.drain);
        let mut ended = Ended::default();
        let mut flights = JoinSet::new();
        while let Some((number, intended)) = schedule.next() {
            let Some(permit) = self.turn(intended, slots.as_ref(), give_up).await else {
                let now = self.start.elapsed();
                let due = schedule.take_while(|(_, at)| *at <= now).count();
                ended.n_unstarted = due as u64 + u64::from(intended <= now);
                break;
            };
            let Some(reservation) = self.reserve(number) else {
                break;
            };
            ended.last_intended = intended;
            let course = Arc::clone(&self);
            flights.spawn(async move {
                fly(&course, number, intended, reservation).await;
                drop(permit);
            });
            // What is over is forgotten, so that memory follows what is in flight.
            while flights.try_join_next().is_some() {}
        }
        while flights.join_next().await.is_some() {}
        ended.ended = self.start.elapsed();
        ended
    }

    /// Waits until a request is due and a slot is free; `None` = it must not start any more.
    async fn turn(
        &self,
        intended: Duration,
        slots: Option<&Arc<Semaphore>>,
        give_up: Option<Instant>,
    ) -> Option<Option<OwnedSemaphorePermit>> {
        tokio::select! {
            biased;
            () = self.halted() => return None,
            () = sleep_until(self.start + intended) => {}
        }
        let Some(slots) = slots else {
            return Some(None);
        };
        let patience = async {
            match give_up {
                Some(give_up) => sleep_until(give_up).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.halted() => None,
            permit = Arc::clone(slots).acquire_owned() => permit.ok().map(Some),
            () = patience => None,
        }
    }

    fn reserve(&self, number: u64) -> Option<Reservation> {
        let line = self.ground.lines.get(self.candidate_idx as usize)?;
        let reservation = self.ground.budget.reserve(line.most_cost(number));
        if reservation.is_none() {
            self.halt.run_out_of_money();
        }
        reservation
    }

    fn is_halted(&self) -> bool {
        self.ground.cancel.is_cancelled() || self.halt.early.is_cancelled()
    }

    async fn halted(&self) {
        tokio::select! {
            () = self.ground.cancel.cancelled() => {}
            () = self.halt.early.cancelled() => {}
        }
    }
}
