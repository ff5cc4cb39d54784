//! What one candidate's traffic asks of its provider's limits, with and without a fallback.

use trilemma_catalog::RateTier;
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_cost::limits::{Need, Peak, TierCheck, check, erlang_c, mean_wait};

use crate::commands::money::{Asked, Contender};
use crate::context::InputError;

/// A load on a provider, and how its tiers take it.
pub(crate) struct Load<'a> {
    pub(crate) need: Need,
    pub(super) tiers: Vec<(&'a RateTier, TierCheck)>,
    pub(super) waiting: Option<Waiting>,
}

/// Waiting for a slot at the stated cap of concurrent calls.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    /// Chance that a call waits.
    pub(super) chance: f64,
    /// Mean wait of all calls, in seconds; `None` = the queue grows without end.
    pub(super) mean_s: Option<f64>,
}

impl<'a> Load<'a> {
    /// The first tier that is not too small.
    pub(crate) fn first(&self) -> Option<&(&'a RateTier, TierCheck)> {
        let fits = |(_, taken): &&(&RateTier, TierCheck)| *taken != TierCheck::TooSmall;
        self.tiers.iter().find(fits)
    }
}

/// One contender's load in ordinary times, and what a fallback changes.
pub(crate) struct Row<'a> {
    pub(super) contender: &'a Contender,
    /// Without the share that a fallback takes.
    pub(crate) load: Load<'a>,
    /// `None` = no fallback is stated.
    pub(super) fallback: Option<Fallback<'a>>,
}

/// The same traffic, shared otherwise.
pub(super) struct Fallback<'a> {
    /// Share of the traffic that goes to the fallback, in (0, 1].
    pub(super) share: f64,
    /// The contender carries everything: there is no fallback, or the other one is down.
    pub(super) alone: Load<'a>,
    /// The contender is the fallback of another, in ordinary times.
    pub(super) helping: Load<'a>,
}

/// Works out what a contender's traffic needs, and how the tiers of its provider take it.
pub(crate) fn row<'a>(asked: &'a Asked, contender: &'a Contender) -> anyhow::Result<Row<'a>> {
    let share = asked.assumptions.float(Key::FallbackShare).unwrap_or(0.0);
    let tiers = match &contender.identity {
        None => Vec::new(),
        Some(id) => asked
            .catalog
            .rate_tiers_of(id)
            .map_err(|error| anyhow::anyhow!(InputError(format!("failed to {error}"))))?,
    };
    let peak = peak(contender, &asked.assumptions);
    let of = |share: f64| load(asked, &peak, share, &tiers);
    Ok(Row {
        contender,
        load: of(1.0 - share),
        fallback: (share > 0.0).then(|| Fallback {
            share,
            alone: of(1.0),
            helping: of(share),
        }),
    })
}

fn load<'a>(asked: &Asked, peak: &Peak, share: f64, tiers: &[&'a RateTier]) -> Load<'a> {
    let need = peak.need().share(share);
    let headroom = asked.assumptions.float(Key::Headroom).unwrap_or(1.0);
    let cap = asked.assumptions.count(Key::ConcurrencyCap);
    let waiting = need.concurrency.zip(cap).and_then(|(offered, cap)| {
        let seconds = peak.latency_s?;
        Some(Waiting {
            chance: erlang_c(offered, cap)?,
            mean_s: mean_wait(offered, cap).map(|calls| calls * seconds),
        })
    });
    Load {
        need,
        tiers: tiers
            .iter()
            .map(|tier| (*tier, check(&need, tier, headroom)))
            .collect(),
        waiting,
    }
}

fn peak(contender: &Contender, assumptions: &Assumptions) -> Peak {
    use rust_decimal::prelude::ToPrimitive as _;
    let (input, output) = contender.tokens(assumptions);
    let ratio = contender.token_ratio().to_f64().unwrap_or(1.0);
    let float = |key: Key| assumptions.float(key).unwrap_or(0.0);
    Peak {
        queries_per_day: float(Key::QueriesPerDay),
        peak_to_mean: float(Key::PeakToMean).max(1.0),
        tokens_in: input.mode().to_f64().unwrap_or(0.0) * ratio,
        tokens_out: output.mode().to_f64().unwrap_or(0.0) * ratio,
        cached_share: float(Key::CacheableShare) * float(Key::CacheableHitRate),
        max_tokens: assumptions.float(Key::MaxOutputTokens),
        latency_s: assumptions
            .float(Key::LatencySeconds)
            .or(contender.latency_s),
    }
}
