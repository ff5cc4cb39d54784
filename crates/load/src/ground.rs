//! What the requests of a stage share: whom they go to, what they cost, what ends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use trilemma_cost::Budget;
use trilemma_domain::LoadStage;
use trilemma_provider::{Cancel, Clock, Connect, TcpConnector};

use crate::line::Line;
use crate::live::Live;
use crate::recorder::Sink;

/// What all stages of a test share.
pub struct Ground<C: Connect = TcpConnector> {
    /// The candidates, in the order of the plan.
    pub lines: Vec<Line<C>>,
    /// Recorded arrivals, ascending; empty where the test has none.
    pub trace: Arc<[Duration]>,
    /// Seed of the arrivals.
    pub seed: u64,
    /// Longest time of one request.
    pub timeout: Duration,
    /// Money.
    pub budget: Budget,
    /// Ends the handing out of requests; those in flight are finished.
    pub cancel: Cancel,
    /// Tells when stages began.
    pub clock: Clock,
    /// Counters to keep.
    pub live: Arc<Live>,
    /// Where samples go.
    pub sink: Sink,
}

/// A stage being run; one per candidate.
pub(crate) struct Course<C: Connect> {
    pub(crate) ground: Arc<Ground<C>>,
    pub(crate) stage: Arc<LoadStage>,
    pub(crate) stage_idx: u32,
    pub(crate) candidate_idx: u32,
    pub(crate) start: Instant,
    pub(crate) halt: Arc<Halt>,
}

/// What ends a stage before its plan does.
#[derive(Debug, Default)]
pub(crate) struct Halt {
    /// Asked for by a search that has seen enough.
    pub(crate) early: Cancel,
    pub(crate) is_out_of_money: AtomicBool,
    pub(crate) is_lost: AtomicBool,
}

impl Halt {
    /// Ends the handing out of requests: enough was seen.
    pub(crate) fn enough(&self) {
        self.early.cancel();
    }

    pub(crate) fn lose_samples(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
        self.early.cancel();
    }

    pub(crate) fn run_out_of_money(&self) {
        self.is_out_of_money.store(true, Ordering::Relaxed);
        self.early.cancel();
    }
}
