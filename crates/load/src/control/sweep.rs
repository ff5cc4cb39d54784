//! Level after level, until throughput stops growing.

use trilemma_domain::{Arrivals, LoadStage, LoadStageFigures};
use trilemma_provider::Connect;

use super::session::Bench;
use crate::analysis::{FLAT_LEVELS, GROWTH, figures, is_overloaded};
use crate::error::LoadError;

/// A sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepSpec {
    /// What every level shares: candidates, warm-up, length. Its arrivals are replaced.
    pub stage: LoadStage,
    /// Which levels.
    pub levels: Levels,
}

/// The levels of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub enum Levels {
    /// 1, 2, 4, … users at once, until saturation, at most so many.
    Doubling {
        /// Most users.
        most: u32,
    },
    /// These, in order, all of them.
    Given(Vec<Arrivals>),
}

impl Levels {
    fn level(&self, idx: usize) -> Option<Arrivals> {
        match self {
            Self::Given(levels) => levels.get(idx).copied(),
            Self::Doubling { most } => {
                let concurrency = 1_u32.checked_shl(u32::try_from(idx).ok()?)?;
                (concurrency <= *most).then_some(Arrivals::Closed { concurrency })
            }
        }
    }
}

/// What a candidate has shown so far.
#[derive(Debug, Clone, Copy, Default)]
struct Climb {
    best: f64,
    n_flat: usize,
    is_over: bool,
}

impl Climb {
    fn note(&mut self, stage: &LoadStage, figures: &LoadStageFigures) {
        let rate = figures.requests_per_s.map_or(0.0, |rate| rate.per_s);
        if rate > self.best * GROWTH {
            self.n_flat = 0;
        } else {
            self.n_flat += 1;
        }
        self.best = self.best.max(rate);
        self.is_over = self.n_flat >= FLAT_LEVELS || is_overloaded(stage, figures).is_some();
    }
}

/// Runs the levels; a candidate that is saturated takes no part in further ones that nobody asked for by name.
pub(crate) async fn sweep<C: Connect>(
    bench: &mut Bench<C>,
    spec: &SweepSpec,
) -> Result<(), LoadError> {
    let mut climbs = vec![Climb::default(); bench.plan.candidates.len()];
    for idx in 0.. {
        let Some(arrivals) = spec.levels.level(idx) else {
            break;
        };
        let is_climbing = |candidate: &u32| {
            let climb = climbs.get(*candidate as usize);
            matches!(spec.levels, Levels::Given(_)) || climb.is_some_and(|climb| !climb.is_over)
        };
        let candidates: Vec<u32> = spec
            .stage
            .candidates
            .iter()
            .copied()
            .filter(is_climbing)
            .collect();
        if candidates.is_empty() {
            break;
        }
        let stage = at_level(spec, arrivals, candidates);
        let done = bench.stage(&stage, None).await?;
        if done.is_last() {
            break;
        }
        let reading = bench.plan.reading_tokens_per_s;
        for (place, candidate) in stage.candidates.iter().enumerate() {
            let own = done.samples.get(*candidate as usize);
            if let (Some(own), Some(climb)) = (own, climbs.get_mut(*candidate as usize)) {
                climb.note(&stage, &figures(own, (&stage, &done.end, place), reading));
            }
        }
    }
    Ok(())
}

/// Counted stages grow with the level, so that every user sends its share.
fn at_level(spec: &SweepSpec, arrivals: Arrivals, candidates: Vec<u32>) -> LoadStage {
    let users = u64::from(arrivals.concurrency().unwrap_or(1));
    let scaled = |n: u64| n.max(users.saturating_mul(n).div_ceil(8));
    LoadStage {
        arrivals,
        candidates,
        requests: spec.stage.requests.map(scaled),
        warmup_requests: spec.stage.warmup_requests.max(match arrivals {
            Arrivals::Closed { .. } if spec.stage.warmup_requests > 0 => users,
            _ => 0,
        }),
        ..spec.stage.clone()
    }
}
