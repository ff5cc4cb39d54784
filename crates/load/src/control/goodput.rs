//! Rate after rate, until the highest one that keeps to every SLO is known; the rules are `analysis`'.
//!
//! A rate is given up as soon as a look decides it, but not before its least time has passed. A request that is
//! still under way counts as bad before a rate may hold, and as good before it may break.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use trilemma_domain::{Arrivals, LoadStage, Slo};
use trilemma_provider::Connect;

use super::session::Bench;
use crate::analysis::{Finding, LOOKS, Search, conclude, finding};
use crate::error::LoadError;
use crate::ground::Halt;
use crate::live::Live;

/// Time between two glances at the counters.
const GLANCE: Duration = Duration::from_millis(50);

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct GoodputSpec {
    /// What every rate shares: candidates, warm-up. Arrivals and ends are replaced.
    pub stage: LoadStage,
    /// What must hold; at most seven.
    pub slos: Vec<Slo>,
    /// The first rate; above 0.
    pub from_per_s: f64,
    /// No rate beyond this is tried.
    pub most_per_s: f64,
    /// Ends are close enough when their ratio is at most this; above 1.
    pub tolerance: f64,
    /// No verdict on a rate before so much time: queues need time to grow.
    pub least: Duration,
    /// Most rates tried.
    pub most_rates: u32,
}

/// Runs the searches, one candidate after the other.
pub(crate) async fn search<C: Connect>(
    bench: &mut Bench<C>,
    spec: &GoodputSpec,
) -> Result<(), LoadError> {
    for candidate in &spec.stage.candidates {
        let mut search = Search::new(spec.from_per_s, spec.most_per_s, spec.tolerance);
        for _ in 0..spec.most_rates {
            let Some(per_s) = search.next() else {
                break;
            };
            let stage = at_rate(spec, per_s, *candidate);
            let halt = Arc::new(Halt::default());
            let watching = tokio::spawn(watch(
                Arc::clone(&bench.ground.live),
                spec.clone(),
                Arc::clone(&halt),
            ));
            let done = bench.stage(&stage, Some((spec, halt))).await;
            watching.abort();
            let done = done?;
            if done.is_last() {
                return Ok(());
            }
            if let Some(own) = done.samples.get(*candidate as usize) {
                search.note(per_s, finding(own, &spec.slos));
            }
        }
    }
    Ok(())
}

fn at_rate(spec: &GoodputSpec, per_s: f64, candidate: u32) -> LoadStage {
    let most = LOOKS.last().copied().unwrap_or(0) as u64;
    // Enough for the last look and for the least time, whichever is more.
    let in_time = requests_in(per_s, spec.least);
    LoadStage {
        arrivals: Arrivals::Poisson { per_s },
        candidates: vec![candidate],
        duration: None,
        requests: Some(spec.stage.warmup_requests + most.max(in_time)),
        ..spec.stage.clone()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of requests; a float that does not fit saturates"
)]
fn requests_in(per_s: f64, time: Duration) -> u64 {
    (per_s * time.as_secs_f64()).ceil() as u64
}

/// Ends a stage as soon as a look decides it.
async fn watch(live: Arc<Live>, spec: GoodputSpec, halt: Arc<Halt>) {
    let start = Instant::now();
    loop {
        sleep(GLANCE).await;
        let found = conclude(&spec.slos, |n| live.kept(n));
        if start.elapsed() >= spec.least && found != Finding::Undecided {
            halt.enough();
            return;
        }
    }
}
