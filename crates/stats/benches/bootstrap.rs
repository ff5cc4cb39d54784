//! Time of all comparisons among 10 alternatives on 500 items with 10,000 bootstrap draws.
//!
//! Run with `cargo bench -p trilemma-stats --bench bootstrap`: simultaneous intervals of all 45 pairs, set of the
//! best, ranks and probabilities of being the best, from joint resamples; once on independent items and once on
//! clusters of two. Best of five. The goal is 0.3 s on two cores; one is used. Ends with 1 above it.
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark measures and prints"
)]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use trilemma_stats::multiplicity::{Items, Tail, compare_family_of};
use trilemma_stats::resample::{IndexStream, Resampling, SplitMix64};
use trilemma_stats::{Confidence, StatsError};

const N_ALTERNATIVES: usize = 10;
const N_ITEMS: usize = 500;
const N_DRAWS: usize = 10_000;
const GOAL: Duration = Duration::from_millis(300);

fn main() -> Result<ExitCode, StatsError> {
    let scores = scores();
    let clusters: Vec<usize> = (0..N_ITEMS).map(|item| item / 2).collect();
    let mut code = ExitCode::SUCCESS;
    for (name, clusters) in [
        ("independent items", None),
        ("clusters of two", Some(clusters.as_slice())),
    ] {
        let items = Items {
            clusters,
            weights: None,
            tail: Tail::Student,
        };
        let took = best_of_five(&scores, items)?;
        println!("{name}: {:.1} ms", took.as_secs_f64() * 1e3);
        if took > GOAL {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn best_of_five(scores: &[Vec<f64>], items: Items<'_>) -> Result<Duration, StatsError> {
    let mut best = Duration::MAX;
    for seed in 0..5 {
        let resampling = Resampling {
            resamples: N_DRAWS,
            ..Resampling::new(seed)
        };
        let start = Instant::now();
        let family = compare_family_of(scores, items, Confidence::P95, &resampling)?;
        best = best.min(start.elapsed());
        black_box(family);
    }
    Ok(best)
}

/// Pass or fail at rates from 70 to 97 %.
fn scores() -> Vec<Vec<f64>> {
    let mut stream = SplitMix64::new(1);
    (0..N_ALTERNATIVES)
        .map(|place| {
            let mut passes = || stream.next_index(100) < 70 + 3 * place;
            (0..N_ITEMS)
                .map(|_| f64::from(u8::from(passes())))
                .collect()
        })
        .collect()
}
