//! Speed on large runs; only meaningful in a release build, so it runs on demand:
//! `cargo test --release -p trilemma-decide --test it -- --ignored speed`.

use std::time::Duration;

use trilemma_domain::{LatencyClass, LatencyRequirement, Margin, Observation, Reference};

use crate::support::*;

#[expect(
    clippy::disallowed_types,
    reason = "measures how long a pure function takes"
)]
fn timed(n_candidates: usize, n_items: usize, repeats: u32) -> Duration {
    let candidates = (0..n_candidates)
        .map(|idx| candidate(&format!("c{idx}"), Some(("0.15", "0.60"))))
        .collect();
    let mut input = input(candidates, n_items);
    input.repeats = repeats;
    input.incumbent = Some(0);
    input.requirements.pass_rate = pass_rate(0.8);
    input.requirements.not_worse_than = not_worse(Reference::Best, Margin::Absolute(0.03));
    input.requirements.latency = Some(LatencyRequirement {
        class: Some(LatencyClass::Interactive),
        ..LatencyRequirement::default()
    });
    let mut state = 1_u64;
    let mut trials: Vec<Observation> = Vec::new();
    for candidate in 0..n_candidates {
        for item in 0..n_items {
            for repeat in 0..repeats {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let noise = state >> 40;
                let mut seen = scored(candidate, item, (noise % 100) as f64 / 99.0);
                seen.key.repeat = repeat;
                seen.input_tokens = Some(500 + noise % 1_000);
                seen.output_tokens = Some(50 + noise % 300);
                seen.e2e_us = Some(200_000 + noise % 2_000_000);
                seen.ttft_us = Some(100_000 + noise % 500_000);
                trials.push(seen);
            }
        }
    }
    let start = std::time::Instant::now();
    let decision = trilemma_decide::decide(input, trials).unwrap();
    let text = serde_json::to_string(&decision).unwrap();
    let took = start.elapsed();
    println!(
        "{n_candidates} x {n_items} x {repeats}: {took:?}, {} bytes of JSON",
        text.len()
    );
    took
}

#[test]
#[ignore = "needs a release build"]
fn speed_of_a_hundred_thousand_trials() {
    for (n_candidates, n_items, repeats) in [
        (10, 10_000, 1),
        (2, 50_000, 1),
        (100, 1_000, 1),
        (20, 1_000, 5),
        (12, 8_333, 1),
    ] {
        let took = timed(n_candidates, n_items, repeats);
        assert!(took < Duration::from_millis(700), "{took:?}");
    }
}
