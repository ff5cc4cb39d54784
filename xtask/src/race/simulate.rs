//! Replays a rule on resampled golden sets.
//!
//! In: recorded outcomes, what to draw, a rule. Out: how often the choice was good enough, and the shares of
//! calls and money. Seeded: replicate r draws from seed r; two threads change nothing.

use anyhow::anyhow;
use trilemma_stats::race::{Answer, Field, Mode, Query, Race, RaceSpec, Step};
use trilemma_stats::resample::{ChaChaStream, IndexStream};

use super::data::Recorded;

/// Worse than the best by no more than this is good enough.
const TOLERANCE: f64 = 0.02;
/// Threads.
const THREADS: usize = 2;

/// What is drawn for a replicate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw {
    pub(crate) models: usize,
    pub(crate) items: usize,
}

/// How a model is chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// The highest mean over the first items.
    Uniform(usize),
    /// A race, with so many items per round.
    Race { mode: Mode, batch: usize },
}

/// What came of the replicates.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Replicates in which the choice was good enough.
    pub(crate) good: usize,
    /// Share of all calls, per replicate.
    pub(crate) calls: Vec<f64>,
    /// Share of the full price, per replicate; empty without prices.
    pub(crate) money: Vec<f64>,
}

/// Outcomes and prices of one replicate.
struct Sample {
    passed: Vec<Vec<f64>>,
    dollars: Vec<Vec<f64>>,
}

/// A choice and what was asked for it.
struct Choice {
    chosen: usize,
    asked: Vec<Query>,
}

/// Runs all replicates.
pub(crate) fn simulate(
    recorded: &Recorded,
    draw: Draw,
    rule: Rule,
    replicates: usize,
) -> anyhow::Result<Tally> {
    let parts: Vec<anyhow::Result<Tally>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| {
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for seed in (first..replicates).step_by(THREADS) {
                        replicate(
                            &sample(recorded, draw, seed as u64),
                            rule,
                            seed as u64,
                            &mut tally,
                        )?;
                    }
                    Ok(tally)
                })
            })
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended
            .map(|part| part.unwrap_or_else(|_| Err(anyhow!("a simulation died"))))
            .collect()
    });
    let mut all = Tally::default();
    for part in parts {
        let part = part?;
        all.good += part.good;
        all.calls.extend(part.calls);
        all.money.extend(part.money);
    }
    Ok(all)
}

fn replicate(sample: &Sample, rule: Rule, seed: u64, tally: &mut Tally) -> anyhow::Result<()> {
    let choice = match rule {
        Rule::Uniform(items) => uniform(sample, items),
        Rule::Race { mode, batch } => race(sample, mode, batch, seed)?,
    };
    let means: Vec<f64> = sample.passed.iter().map(|row| mean(row)).collect();
    let best = means.iter().copied().fold(0.0, f64::max);
    let chosen = means.get(choice.chosen).copied().unwrap_or(0.0);
    tally.good += usize::from(best - chosen <= TOLERANCE + 1e-9);
    let all: usize = sample.passed.iter().map(Vec::len).sum();
    tally.calls.push(choice.asked.len() as f64 / all as f64);
    let full: f64 = sample.dollars.iter().flatten().sum();
    if full > 0.0 {
        let asked = choice
            .asked
            .iter()
            .map(|query| cell(&sample.dollars, *query));
        tally.money.push(asked.sum::<f64>() / full);
    }
    Ok(())
}

fn uniform(sample: &Sample, items: usize) -> Choice {
    let passes = |row: &Vec<f64>| row.iter().take(items).sum::<f64>();
    let rows = sample.passed.iter().enumerate().rev();
    let best = rows.max_by(|a, b| passes(a.1).total_cmp(&passes(b.1)));
    let arms = 0..sample.passed.len();
    let asked = arms.flat_map(|arm| (0..items).map(move |item| Query { arm, item }));
    Choice {
        chosen: best.map_or(0, |(arm, _)| arm),
        asked: asked.collect(),
    }
}

fn race(sample: &Sample, mode: Mode, batch: usize, seed: u64) -> anyhow::Result<Choice> {
    let prices: Vec<f64> = sample.dollars.iter().map(|row| mean(row)).collect();
    let mut race = Race::new(RaceSpec {
        field: Field {
            arms: sample.passed.len(),
            items: sample.passed.first().map_or(0, Vec::len),
            tolerance: TOLERANCE,
            seed,
        },
        mode,
        prices: (!prices.is_empty()).then_some(prices),
        batch,
        repeats: 1,
        weights: None,
    })?;
    let mut asked = Vec::new();
    loop {
        match race.next_step()? {
            Step::Ask(queries) => {
                for query in queries {
                    race.answer(query, Answer::Passed(cell(&sample.passed, query)));
                    asked.push(query);
                }
            }
            Step::Stop(finish) => {
                return Ok(Choice {
                    chosen: finish.chosen,
                    asked,
                });
            }
        }
    }
}

fn sample(recorded: &Recorded, draw: Draw, seed: u64) -> Sample {
    let mut stream = ChaChaStream::new(seed);
    let models = some(&mut stream, recorded.passed.len(), draw.models);
    let n_items = recorded.passed.first().map_or(0, Vec::len);
    let items = some(&mut stream, n_items, draw.items);
    let table = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let rows = models.iter().filter_map(|model| rows.get(*model));
        rows.map(|row| {
            items
                .iter()
                .filter_map(|item| row.get(*item).copied())
                .collect()
        })
        .collect()
    };
    Sample {
        passed: table(&recorded.passed),
        dollars: table(&recorded.dollars),
    }
}

/// `wanted` of `0..n` in random order.
fn some(stream: &mut ChaChaStream, n: usize, wanted: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..n).collect();
    for at in 0..wanted.min(n) {
        all.swap(at, at + stream.next_index(n - at));
    }
    all.truncate(wanted);
    all
}

fn cell(rows: &[Vec<f64>], query: Query) -> f64 {
    let row = rows.get(query.arm);
    row.and_then(|row| row.get(query.item))
        .copied()
        .unwrap_or(0.0)
}

fn mean(row: &[f64]) -> f64 {
    row.iter().sum::<f64>() / row.len().max(1) as f64
}
