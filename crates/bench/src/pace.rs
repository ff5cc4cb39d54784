//! An adaptive run: a race says which trials are worth a call, round after round.
//!
//! In: a job without a schedule of its own. Out: what the race found. The race is fed its record in its own
//! order and asks the same questions again, so a run that was killed goes on where it was. Candidates that only give
//! labels do not race. An item counts as
//! the share of its repeats that pass, by its weight, and as missing unless all of them have a score. At the end the choice,
//! and the incumbent if there is one, are completed over all items, and so are those who do not race, because only complete columns can be
//! held against requirements: in a race a candidate is asked mostly where others failed, so its plain pass
//! rate says nothing. The race for requirements is `gates`'.

use std::collections::HashSet;
use std::sync::Arc;

use trilemma_domain::TrialKey;
use trilemma_project::Adaptive;
use trilemma_provider::Connect;
use trilemma_stats::StatsError;
use trilemma_stats::race::{Field, Mode, Race, RaceSpec, Step};

use crate::error::BenchError;
use crate::job::Job;
use crate::record::Record;
use crate::summary::RaceSummary;

/// Fewest items per round and candidate.
const BATCH: usize = 5;
/// Most rounds that a candidate takes to get over all items.
const MOST_ROUNDS: usize = 200;
/// Tokens of the request that relative prices are taken from.
const TYPICAL_TOKENS: (u64, u64) = (500, 300);

/// Runs the race of a job to its end, or until it is stopped.
pub(crate) async fn race<C: Connect>(
    job: &Arc<Job<C>>,
    (mode, kind): (Adaptive, Mode),
) -> Result<RaceSummary, BenchError> {
    let mut record = Record::open(job)?;
    let weights = record.weights();
    let mut race = Race::new(spec(job, &record, (kind, weights))).map_err(defect)?;
    let mut summary = RaceSummary::begun(mode, job.parts.shape(), &job.parts.aside);
    loop {
        match race.next_step().map_err(defect)? {
            Step::Ask(queries) => {
                let keys = queries.iter().flat_map(|query| record.keys(*query));
                let keys: HashSet<TrialKey> = keys.collect();
                summary.count(&keys);
                if !record.settle(&keys).await? {
                    return Ok(summary);
                }
                let seens = record.seen(keys.into_iter())?;
                for query in queries {
                    race.answer(query, record.answer(query, &seens));
                }
            }
            Step::Stop(finish) => {
                let chosen = record.candidate(finish.chosen);
                let mut completed = vec![chosen];
                completed.extend(job.parts.incumbent.filter(|one| *one != chosen));
                if record.settle(&record.all_of(&completed)).await? {
                    summary.completed = completed;
                }
                summary.chosen = Some(chosen);
                summary.guarantee = Some(finish.guarantee);
                return Ok(summary);
            }
        }
    }
}

fn spec<C: Connect>(
    job: &Job<C>,
    record: &Record<C>,
    (mode, weights): (Mode, Vec<f64>),
) -> RaceSpec {
    let (input, output) = TYPICAL_TOKENS;
    let prices: Option<Vec<f64>> = (0..record.n_arms())
        .map(|arm| {
            let entrant = job.parts.entrants.get(record.candidate(arm) as usize)?;
            let pricer = entrant.parts.pricer.as_ref()?;
            pricer
                .production(input, output, None)
                .map(|cost| cost.to_f64())
        })
        .collect();
    let items = job.parts.items.len();
    RaceSpec {
        field: Field {
            arms: record.n_arms(),
            items,
            tolerance: Adaptive::TOLERANCE,
            seed: job.parts.seed,
        },
        mode,
        prices,
        batch: BATCH.max(items.div_ceil(MOST_ROUNDS)),
        repeats: job.parts.repeats as usize,
        weights: Some(weights),
    }
}

fn defect(error: StatsError) -> BenchError {
    BenchError::Defect(format!("the race refused its field: {error}"))
}
