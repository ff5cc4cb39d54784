//! Time of a total cost of ownership: 10,000 draws × 10 candidates × 12 months, every input a range.
//!
//! Run with `cargo bench -p trilemma-cost`. Prints the median and the slowest of 20 rounds in milliseconds, of the
//! simulation and of the tornado of all candidates; the goal is below 200 ms.
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark measures and prints"
)]

use std::hint::black_box;
use std::time::Instant;

use trilemma_cost::risk::{Candidate, DRAWS, Inputs, Range, Step, simulate, tornado};

/// A range around a value.
fn about(value: f64) -> Range {
    Range::new(value * 0.6, value, value * 1.8).unwrap_or(Range::exactly(value))
}

fn candidate(idx: u32) -> Candidate {
    let price = 0.1 * 1.5_f64.powi(i32::try_from(idx).unwrap_or(0));
    Candidate {
        input_usd_per_mtok: price,
        output_usd_per_mtok: 4.0 * price,
        output_tokens: about(300.0),
        input_ratio: about(1.0),
        price_change_per_year: Range::new(-0.5, -0.2, 0.1).unwrap_or(Range::exactly(-0.2)),
        fixed_usd_month: about(400.0),
        one_off_usd: about(5_000.0),
        steps: vec![Step {
            month: 1 + idx,
            factor: 0.9,
            usd: 2_000.0,
        }],
    }
}

fn rounds(label: &str, mut work: impl FnMut()) {
    let mut ms: Vec<f64> = (0..20)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    ms.sort_by(f64::total_cmp);
    let at = |idx: usize| ms.get(idx).copied().unwrap_or(f64::NAN);
    println!(
        "{label}: median {:.1} ms, slowest {:.1} ms of 20",
        at(10),
        at(19)
    );
}

fn main() {
    let inputs = Inputs {
        queries_per_day: about(10_000.0),
        days_per_month: 30.4375,
        input_tokens: about(1_500.0),
        growth_per_month: Range::new(0.0, 0.05, 0.1).unwrap_or(Range::exactly(0.05)),
        months: 12,
        candidates: (0..10).map(candidate).collect(),
        draws: DRAWS,
        seed: 1,
    };
    rounds(
        "simulation, 10,000 draws × 10 candidates × 12 months",
        || {
            black_box(simulate(black_box(&inputs)));
        },
    );
    rounds("tornado of 10 candidates", || {
        for one in &inputs.candidates {
            black_box(tornado(black_box(&inputs), one));
        }
    });
}
