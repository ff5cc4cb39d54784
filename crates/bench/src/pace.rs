//! An adaptive run: a race says which trials are worth a call, round after round.
//!
//! In: a job without a schedule of its own. Out: what the race found. Every round asks the store first, so a
//! run that was killed goes on where it was: the race is fed its record in its own order and asks the same
//! questions again. An item counts as the share of its repeats that pass, and as missing unless all of
//! them have a score. At the end the choice, and the incumbent if there is one, are completed over all items,
//! because only complete columns can be held against requirements: in a race a candidate is asked mostly
//! where others failed, so its plain pass rate says nothing.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use trilemma_domain::{ObservedState, TrialKey};
use trilemma_project::Adaptive;
use trilemma_provider::Connect;
use trilemma_stats::StatsError;
use trilemma_stats::race::{Answer, Field, Mode, Query, Race, RaceSpec, Step};

use crate::error::BenchError;
use crate::job::Job;
use crate::schedule::{Schedule, shuffled};
use crate::session::session;
use crate::summary::RaceSummary;

/// Items per round and candidate.
const BATCH: usize = 5;
/// Tokens of the request that relative prices are taken from.
const TYPICAL_TOKENS: (u64, u64) = (500, 300);

/// Runs the race of a job to its end, or until it is stopped.
pub(crate) async fn race<C: Connect>(
    job: &Arc<Job<C>>,
    mode: Adaptive,
) -> Result<RaceSummary, BenchError> {
    let n_items = job.parts.items.len();
    let order = shuffled(n_items as u64, job.parts.seed);
    let mut race = Race::new(spec(job, mode)).map_err(defect)?;
    let mut summary = RaceSummary {
        mode,
        tolerance: Adaptive::TOLERANCE,
        chosen: None,
        guarantee: None,
        n_asked: vec![0; job.parts.entrants.len()],
        completed: Vec::new(),
        n_all: job.parts.shape().n_trials(),
    };
    loop {
        match race.next_step().map_err(defect)? {
            Step::Ask(queries) => {
                let keys = queries.iter().flat_map(|query| keys(job, &order, *query));
                let keys: HashSet<TrialKey> = keys.collect();
                for key in &keys {
                    if let Some(n) = summary.n_asked.get_mut(key.candidate_idx as usize) {
                        *n += 1;
                    }
                }
                if !settle(job, &keys).await? {
                    return Ok(summary);
                }
                let passes = passes(job, &keys)?;
                for query in queries {
                    race.answer(query, answer(&keys_of(job, &order, query), &passes));
                }
            }
            Step::Stop(finish) => {
                let chosen = u32::try_from(finish.chosen).unwrap_or(u32::MAX);
                let mut completed = vec![chosen];
                completed.extend(job.parts.incumbent.filter(|one| *one != chosen));
                if settle(job, &all_of(job, &completed)).await? {
                    summary.completed = completed;
                }
                summary.chosen = Some(chosen);
                summary.guarantee = Some(finish.guarantee);
                return Ok(summary);
            }
        }
    }
}

fn spec<C: Connect>(job: &Job<C>, mode: Adaptive) -> RaceSpec {
    let (input, output) = TYPICAL_TOKENS;
    let prices: Option<Vec<f64>> = job
        .parts
        .entrants
        .iter()
        .map(|entrant| {
            let pricer = entrant.parts.pricer.as_ref()?;
            pricer
                .production(input, output, None)
                .map(|cost| cost.to_f64())
        })
        .collect();
    RaceSpec {
        field: Field {
            arms: job.parts.entrants.len(),
            items: job.parts.items.len(),
            tolerance: Adaptive::TOLERANCE,
            seed: job.parts.seed,
        },
        mode: match mode {
            Adaptive::Calibrated => Mode::Calibrated,
            Adaptive::Cheapest => Mode::Cheapest,
            Adaptive::Certified => Mode::CertifiedSet,
            Adaptive::CertifiedTraffic => Mode::CertifiedSource,
        },
        prices,
        batch: BATCH,
        repeats: job.parts.repeats as usize,
    }
}

/// The trials of a question: all repeats.
fn keys_of<C: Connect>(job: &Job<C>, order: &[u64], query: Query) -> Vec<TrialKey> {
    keys(job, order, query).collect()
}

fn keys<'a, C: Connect>(
    job: &'a Job<C>,
    order: &[u64],
    query: Query,
) -> impl Iterator<Item = TrialKey> + use<'a, C> {
    let item = order
        .get(query.item)
        .and_then(|item| u32::try_from(*item).ok());
    let candidate_idx = u32::try_from(query.arm).unwrap_or(u32::MAX);
    let repeats = 0..job.parts.repeats;
    item.into_iter().flat_map(move |item_idx| {
        repeats.clone().map(move |repeat| TrialKey {
            candidate_idx,
            item_idx,
            repeat,
        })
    })
}

fn all_of<C: Connect>(job: &Job<C>, candidates: &[u32]) -> HashSet<TrialKey> {
    let items = 0..u32::try_from(job.parts.items.len()).unwrap_or(u32::MAX);
    let repeats = job.parts.repeats;
    let of = |candidate_idx: u32| {
        items.clone().flat_map(move |item_idx| {
            (0..repeats).map(move |repeat| TrialKey {
                candidate_idx,
                item_idx,
                repeat,
            })
        })
    };
    candidates.iter().copied().flat_map(of).collect()
}

/// A judge that compares with the incumbent needs its answer to the same items.
fn with_incumbent<C: Connect>(job: &Job<C>, wanted: &HashSet<TrialKey>) -> HashSet<TrialKey> {
    let mut all = wanted.clone();
    if let (true, Some(candidate_idx)) =
        (job.parts.grader.waits_for_incumbent(), job.parts.incumbent)
    {
        all.extend(wanted.iter().map(|key| TrialKey {
            candidate_idx,
            ..*key
        }));
    }
    all
}

/// Calls what is not answered yet; false when the run is being stopped.
async fn settle<C: Connect>(
    job: &Arc<Job<C>>,
    wanted: &HashSet<TrialKey>,
) -> Result<bool, BenchError> {
    let wanted = &with_incumbent(job, wanted);
    let settled = job.parts.store.settled(&job.parts.run)?;
    let is_open = |key: &TrialKey| wanted.contains(key) && !settled.is_answered(*key);
    if wanted.iter().any(is_open) {
        let schedule = Schedule::new(job.parts.shape(), job.parts.seed, |key| !is_open(&key));
        drop(settled);
        job.reschedule(schedule);
        session(job).await?;
    }
    Ok(!job.is_stopping())
}

/// What of the wanted trials has passed; absent = without a score.
fn passes<C: Connect>(
    job: &Job<C>,
    wanted: &HashSet<TrialKey>,
) -> Result<HashMap<TrialKey, bool>, BenchError> {
    let mut passes = HashMap::with_capacity(wanted.len());
    job.parts
        .store
        .observations(&job.parts.run, |observation| {
            if let (true, ObservedState::Scored { pass, .. }) =
                (wanted.contains(&observation.key), &observation.state)
            {
                passes.insert(observation.key, *pass);
            }
            ControlFlow::Continue(())
        })?;
    Ok(passes)
}

fn answer(keys: &[TrialKey], passes: &HashMap<TrialKey, bool>) -> Answer {
    let known: Vec<bool> = keys
        .iter()
        .filter_map(|key| passes.get(key).copied())
        .collect();
    if known.is_empty() || known.len() < keys.len() {
        return Answer::Missing;
    }
    let passed = known.iter().filter(|pass| **pass).count();
    Answer::Passed(passed as f64 / known.len() as f64)
}

fn defect(error: StatsError) -> BenchError {
    BenchError::Defect(format!("the race refused its field: {error}"))
}
