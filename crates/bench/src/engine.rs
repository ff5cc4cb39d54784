//! Runs a benchmark: all trials, or those that a race asks for.
//!
//! In: the parts of a run. Out: its summary. Calling is `session`'s, choosing trials `pace`'s.

use std::collections::HashSet;
use std::sync::Arc;

use trilemma_domain::{NanoUsd, TrialKey};
use trilemma_grade::Budget;
use trilemma_project::Adaptive;
use trilemma_provider::Connect;
use trilemma_stats::race::Mode;
use trilemma_store::Settled;

use crate::error::BenchError;
use crate::gates::{GateRace, race_for_gates};
use crate::job::{Job, JobParts};
use crate::pace::race;
use crate::progress::Progress;
use crate::schedule::Schedule;
use crate::session::{grade_behind, session};
use crate::summary::{RaceSummary, Summary};

/// Runs until everything is settled, the budget is used up, or the user stops it.
///
/// # Errors
/// [`BenchError`] when the store or a scorer fails as a whole; what was settled is kept.
pub async fn run<C: Connect>(parts: JobParts<C>) -> Result<Summary, BenchError> {
    run_for(parts, None).await
}

/// As [`run`], with what a race for requirements ([`Adaptive::Gates`]) needs.
///
/// # Errors
/// As [`run`], and [`BenchError::Defect`] for such a race without its needs.
pub async fn run_for<C: Connect>(
    mut parts: JobParts<C>,
    gates: Option<&GateRace<'_>>,
) -> Result<Summary, BenchError> {
    // Only answers of other runs are replayed, and no other process can add one meanwhile.
    parts.cache = parts.cache && parts.store.has_other_runs(&parts.run)?;
    let settled = parts.store.settled(&parts.run)?;
    let n_resumed = settled.n_answered() as u64;
    let spent = parts.store.spent(&parts.run)?;
    let maybe_sent = parts.store.unsettled_calls(&parts.run)?;
    let budget = Budget::new(parts.budget, spent.trials.saturating_add(spent.scoring));
    budget.assume(spent.assumed_scoring);
    budget.assume(may_have_cost(&parts, &maybe_sent)?);
    let shape = parts.shape();
    let is_settled = |key| settled.is_answered(key);
    let schedule = match parts.beginning {
        Some(n) => Schedule::beginning(shape, parts.seed, n, is_settled),
        None => Schedule::new(shape, parts.seed, is_settled),
    };
    count_resumed(&parts.progress, &settled);
    let lanes = parts.entrants.iter().map(|one| Arc::clone(&one.parts.lane));
    parts.progress.follow(lanes.collect());
    drop(settled);
    let adaptive = parts.adaptive;
    let job = Arc::new(Job::new(parts, schedule, maybe_sent, budget)?);
    let raced = match adaptive {
        Some(mode) => {
            if n_resumed > 0 {
                grade_behind(&job).await?;
            }
            Some(raced(&job, mode, gates).await?)
        }
        None => {
            session(&job).await?;
            None
        }
    };
    finish(job, n_resumed, raced).await
}

async fn raced<C: Connect>(
    job: &Arc<Job<C>>,
    mode: Adaptive,
    gates: Option<&GateRace<'_>>,
) -> Result<RaceSummary, BenchError> {
    let kind = match mode {
        Adaptive::Calibrated => Mode::Calibrated,
        Adaptive::Cheapest => Mode::Cheapest,
        Adaptive::Certified => Mode::CertifiedSet,
        Adaptive::CertifiedTraffic => Mode::CertifiedSource,
        Adaptive::Gates => {
            let needs = "a race for requirements has none";
            let gates = gates.ok_or_else(|| BenchError::Defect(needs.to_owned()))?;
            return race_for_gates(job, gates).await;
        }
    };
    race(job, (mode, kind)).await
}

/// What calls of earlier sessions may have cost that nobody knows: those that broke off, and those that
/// may have been sent before an interrupted session ended.
fn may_have_cost<C: Connect>(
    parts: &JobParts<C>,
    maybe_sent: &HashSet<TrialKey>,
) -> Result<NanoUsd, BenchError> {
    if parts.budget.is_none() {
        return Ok(NanoUsd::default());
    }
    let unpriced = parts.store.unpriced_calls(&parts.run)?;
    let sent = maybe_sent.iter().map(|key| (*key, 1));
    let mut sum = NanoUsd::default();
    for (key, n_calls) in unpriced.into_iter().chain(sent) {
        let entrant = parts.entrants.get(key.candidate_idx as usize);
        let item = parts.items.get(key.item_idx as usize);
        // A request that cannot be built was not sent either.
        if let (Some(entrant), Some(item)) = (entrant, item)
            && let Ok(prepared) = entrant.prepare(item, key.repeat)
        {
            let most = prepared.most_cost.0.saturating_mul(i64::from(n_calls));
            sum = sum.saturating_add(NanoUsd(most));
        }
    }
    Ok(sum)
}

fn count_resumed(progress: &Progress, settled: &Settled) {
    for (key, _) in settled.iter().filter(|(key, _)| settled.is_answered(*key)) {
        progress.resumed(key.candidate_idx);
    }
}

/// Grades what an earlier session left ungraded, and sums up.
async fn finish<C: Connect>(
    job: Arc<Job<C>>,
    n_resumed: u64,
    race: Option<RaceSummary>,
) -> Result<Summary, BenchError> {
    if n_resumed > 0 && race.is_none() && !job.parts.grader.waits_for_incumbent() {
        grade_behind(&job).await?;
    }
    let n_unscored = if job.parts.grader.is_pure() {
        0
    } else {
        let (run, set) = (&job.parts.run, &job.parts.score_set);
        job.parts.store.n_without_score(run, set)?
    };
    Ok(job.summary(n_resumed, n_unscored, race))
}
