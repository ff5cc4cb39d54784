//! Time to train on 10,000 queries × 8 candidates, size of the policy file, time of a decision.
//!
//! Run with `cargo bench -p trilemma-route`. The goals: 20 s, 2 MB, and a 99th percentile of 100 µs
//! for queries of 2,000 characters on one core; the training uses all that there are.
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark measures and prints"
)]

use std::hint::black_box;
use std::time::Instant;

use trilemma_route::{
    About, Compare, Example, Examples, Frame, Member, Observation, Options, Plan, Recorded,
    RequestView, Router, Target, train,
};

const N_QUERIES: usize = 10_000;
const N_CANDIDATES: usize = 8;
const N_DECISIONS: usize = 5_000;

fn main() {
    let examples = examples();
    let options = Options {
        name: "benchmark".to_owned(),
        target: Target::Loss(0.02),
        seed: 1,
        cascades: false,
        reads: false,
        queries: true,
        labels: None,
        frame: Frame::default(),
    };
    let start = Instant::now();
    let policy = train(&examples, &options).policy;
    println!("training: {:.1} s", start.elapsed().as_secs_f64());
    println!("policy file: {} bytes", policy.write().len());
    if !matches!(policy.plan, Plan::Learned(_)) {
        println!("no policy that looks at queries was trained: there are no decisions to measure");
        std::process::exit(1);
    }
    let Ok(router) = Router::new(policy) else {
        println!("the policy cannot be used");
        return;
    };
    let mut times: Vec<f64> = (0..N_DECISIONS)
        .map(|idx| {
            let text: String = query(idx, 600).chars().take(2_000).collect();
            let start = Instant::now();
            black_box(router.step(black_box(&RequestView::of_text(text.as_str())), &[]));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        times
            .get((share * times.len() as f64) as usize)
            .copied()
            .unwrap_or(f64::NAN)
    };
    println!(
        "decision: median {:.1} µs, 99 % {:.1} µs",
        at(0.5),
        at(0.99)
    );
}

/// Words that look random, from a multiplicative generator.
fn query(seed: usize, n_words: usize) -> String {
    let mut state = seed as u64 + 1;
    let mut text = String::new();
    for _ in 0..n_words {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let number = state >> 40;
        for digit in 0..2 + number % 7 {
            let letter = (number >> (digit * 3)) % 26;
            text.push(char::from(b'a' + letter as u8));
        }
        text.push(' ');
    }
    text
}

fn examples() -> Examples {
    let names: Vec<String> = (0..N_CANDIDATES)
        .map(|idx| format!("candidate-{idx}"))
        .collect();
    let row = |idx: usize| {
        // Longer queries are harder, as far as chance lets them.
        let n_words = 20 + idx % 100;
        let text = query(idx, n_words);
        let hardness = n_words / 12 + (idx * 7 + text.len() * 3) % 4;
        let outcome = |(strength, name): (usize, &String)| Recorded {
            observation: Observation::text(name.as_str(), ""),
            quality: f64::from(u8::from(hardness <= strength + 4)),
            cost_usd: 0.001 * (strength + 1) as f64,
            seconds: None,
            again: Vec::new(),
        };
        Example {
            id: idx.to_string(),
            outcomes: names.iter().enumerate().map(outcome).collect(),
            text,
            task: None,
            group: None,
            about: About::default(),
            embedded: None,
            labels: Vec::new(),
        }
    };
    Examples {
        members: names
            .iter()
            .map(|name| Member::named(name.as_str()))
            .collect(),
        rows: (0..N_QUERIES).map(row).collect(),
        extract: None,
        compare: Compare::Loose,
        embedder: None,
        classifiers: Vec::new(),
    }
}
