//! Runs a test: stage after stage, each recorded before the next is chosen.
//!
//! In: a plan, lines, a program of stages. Out: the test in the store. What a stage showed is read back from
//! the store, so that a later look at the record comes to the same figures.

use std::sync::Arc;
use std::time::Duration;

use trilemma_cost::Budget;
use trilemma_domain::{LoadPlan, LoadStage, LoadTestId, NanoUsd, StageEnd, StageStop};
use trilemma_provider::{Cancel, Clock, Connect, TcpConnector};
use trilemma_store::Store;

use super::goodput::{GoodputSpec, search};
use super::sweep::{SweepSpec, sweep};
use crate::analysis::StageSamples;
use crate::engine::run_until;
use crate::error::LoadError;
use crate::ground::{Ground, Halt};
use crate::line::Line;
use crate::live::Live;
use crate::recorder::Recorder;

/// What a test is made of.
pub struct TestParts<C: Connect = TcpConnector> {
    /// Where everything is recorded.
    pub store: Store,
    /// What is asked.
    pub plan: LoadPlan,
    /// The candidates, in the order of the plan.
    pub lines: Vec<Line<C>>,
    /// Recorded arrivals, ascending; empty without.
    pub trace: Arc<[Duration]>,
    /// Most that the test may cost; `None` = no limit.
    pub budget: Option<NanoUsd>,
    /// Stops handing out requests when asked to; those in flight are finished.
    pub cancel: Cancel,
    /// Tells when stages began.
    pub clock: Clock,
    /// Counters to keep.
    pub live: Arc<Live>,
    /// Which stages.
    pub program: Program,
}

/// Which stages a test consists of.
#[derive(Debug, Clone, PartialEq)]
pub enum Program {
    /// This one.
    Single(LoadStage),
    /// The levels of a sweep.
    Sweep(SweepSpec),
    /// Whatever a search asks for, one candidate after the other.
    Goodput(GoodputSpec),
}

/// A test under way: what runs stages and reads them back.
pub(crate) struct Bench<C: Connect> {
    pub(crate) store: Store,
    pub(crate) plan: LoadPlan,
    pub(crate) ground: Arc<Ground<C>>,
    recorder: Recorder,
    n_stages: u32,
}

/// A stage that has come to its end.
pub(crate) struct Done {
    pub(crate) end: StageEnd,
    pub(crate) samples: Vec<StageSamples>,
}

impl Done {
    /// Whether nothing more is to be sent.
    pub(crate) fn is_last(&self) -> bool {
        self.end.stop != StageStop::Complete
    }
}

/// Runs a test to its end; gives the name under which it stands in the store.
///
/// # Errors
/// [`LoadError`]; what was recorded before is kept.
pub async fn run_test<C: Connect>(parts: TestParts<C>) -> Result<LoadTestId, LoadError> {
    let mut plan = parts.plan;
    plan.test = parts.store.begin_load_test(&plan)?;
    let recorder = Recorder::start(parts.store.clone(), plan.test.clone())?;
    let ground = Arc::new(Ground {
        lines: parts.lines,
        trace: parts.trace,
        seed: plan.seed,
        timeout: plan.timeout,
        budget: Budget::new(parts.budget, NanoUsd(0)),
        cancel: parts.cancel,
        clock: parts.clock,
        live: parts.live,
        sink: recorder.sink(),
    });
    let mut bench = Bench {
        store: parts.store,
        plan,
        ground,
        recorder,
        n_stages: 0,
    };
    match parts.program {
        Program::Single(stage) => {
            bench.stage(&stage, None).await?;
        }
        Program::Sweep(spec) => sweep(&mut bench, &spec).await?,
        Program::Goodput(spec) => search(&mut bench, &spec).await?,
    }
    Ok(bench.plan.test)
}

impl<C: Connect> Bench<C> {
    /// Runs a stage, records it, and reads it back.
    pub(crate) async fn stage(
        &mut self,
        stage: &LoadStage,
        watched: Option<(&GoodputSpec, Arc<Halt>)>,
    ) -> Result<Done, LoadError> {
        let stage_idx = self.n_stages;
        self.n_stages += 1;
        self.store
            .begin_load_stage(&self.plan.test, stage_idx, stage)?;
        let board = watched
            .as_ref()
            .map(|(spec, _)| (spec.slos.as_slice(), self.plan.reading_tokens_per_s));
        self.ground.live.begin(stage_idx, stage, board);
        let halt = watched.map(|(_, halt)| halt).unwrap_or_default();
        let end = run_until(&self.ground, stage, stage_idx, halt).await?;
        self.recorder.flush()?;
        self.store
            .end_load_stage(&self.plan.test, stage_idx, &end)?;
        let samples = read_stage(&self.store, &self.plan, stage_idx)?;
        Ok(Done { end, samples })
    }
}

/// Reads the samples of a stage back, by candidate of the test, in the order of their numbers.
///
/// # Errors
/// As the store gives them.
pub fn read_stage(
    store: &Store,
    plan: &LoadPlan,
    stage_idx: u32,
) -> Result<Vec<StageSamples>, LoadError> {
    let mut all = vec![StageSamples::default(); plan.candidates.len()];
    store.load_samples(&plan.test, stage_idx, |sample| {
        if let Some(own) = all.get_mut(sample.candidate_idx as usize) {
            own.add(&sample, plan.reading_tokens_per_s);
        }
    })?;
    for own in &mut all {
        own.sort();
    }
    Ok(all)
}
