//! Repeats, clusters, weights, graded scores, times and tokens.

use std::time::Duration;

use trilemma_decide::{Cause, GateKind, Method, Outcome};
use trilemma_domain::{
    LatencyClass, LatencyRequirement, Margin, NanoUsd, Observation, Reference, Traffic, Verdict,
};

use crate::support::*;

const CHEAP: Option<(&str, &str)> = Some(("0.15", "0.60"));
const DEAR: Option<(&str, &str)> = Some(("2.50", "10.00"));

fn repeat(observation: Observation, repeat: u32) -> Observation {
    let mut other = observation;
    other.key.repeat = repeat;
    other
}

#[test]
fn repeats_do_not_count_as_items() {
    let mut input = input(vec![candidate("a", CHEAP)], 60);
    input.repeats = 5;
    input.requirements.pass_rate = pass_rate(0.85);
    // 54 of 60 items pass in every repeat: 270 of 300 trials, but the evidence of 60 items.
    let column: Vec<Observation> = passes(0, 54, 60)
        .into_iter()
        .flat_map(|seen| (0..5).map(move |idx| repeat(seen, idx)))
        .collect();
    let decision = run(&input, &[column]);
    let own = &decision.candidates[0];
    let rate = own.pass_rate.unwrap();
    assert_eq!((rate.value, rate.n), (0.9, 60));
    assert_eq!(rate.method, Method::ClopperPearsonEffective);
    // 270 of 300 would meet 0.85 (lower bound 0.867), 54 of 60 do not (0.812).
    assert_eq!(own.verdict, Verdict::Undecided);
    assert_eq!(own.counts.n_passed, 270);
}

#[test]
fn items_of_one_cluster_do_not_count_as_independent() {
    let mut input = input(vec![candidate("a", CHEAP), candidate("b", CHEAP)], 300);
    for (idx, item) in input.items.iter_mut().enumerate() {
        item.cluster = Some((idx / 10).to_string());
    }
    input.requirements.not_worse_than = not_worse(Reference::Best, Margin::Absolute(0.05));
    // They differ on two whole clusters, one each way.
    let a = "0".repeat(10) + &"1".repeat(290);
    let b = "1".repeat(290) + &"0".repeat(10);
    let columns = [outcomes(0, &a), outcomes(1, &b)];
    let clustered = run(&input, &columns);
    let own = gate(&clustered, 0, GateKind::NotWorseThan);
    assert_eq!(own.verdict, Verdict::Undecided);
    assert_eq!(own.method, Method::TangoEffective);
    assert_eq!(clustered.sample.n_clusters, Some(30));
    let comparison = clustered.candidates[1].versus_best.as_ref().unwrap();
    assert_eq!((comparison.p_value, comparison.cells), (None, None));
    // As independent items the same outcomes settle it.
    input.items.iter_mut().for_each(|item| item.cluster = None);
    let alone = run(&input, &columns);
    assert_eq!(alone.candidates[0].verdict, Verdict::Meets);
}

#[test]
fn weights_shift_rates_and_costs() {
    let mut input = input(vec![candidate("a", CHEAP)], 100);
    input
        .items
        .iter_mut()
        .take(50)
        .for_each(|item| item.weight = 3.0);
    let mut column = passes(0, 50, 100);
    column
        .iter_mut()
        .skip(50)
        .for_each(|seen| seen.output_tokens = Some(500));
    let decision = run(&input, &[column]);
    let own = &decision.candidates[0];
    assert_eq!(own.pass_rate.unwrap().value, 0.75);
    // (3 x 0.00021 + 1 x 0.00045) / 4.
    let cost = own.cost.per_query.unwrap();
    assert_eq!(cost.value, "0.00027".parse().unwrap());
    assert_eq!(cost.method, Method::StudentTClustered);
    assert!(decision.sample.weighted);
}

#[test]
fn graded_scores_have_bootstrap_intervals_and_differences() {
    let input = input(vec![candidate("a", CHEAP), candidate("b", DEAR)], 100);
    let graded = |candidate: usize, shift: usize| -> Vec<Observation> {
        (0..100)
            .map(|item| scored(candidate, item, ((item * 7 + shift) % 11) as f64 / 10.0))
            .collect()
    };
    let decision = run(&input, &[graded(0, 0), graded(1, 3)]);
    let score = decision.candidates[0].score.unwrap();
    assert_eq!(score.method, Method::BootstrapBca);
    assert!(score.low.unwrap() < score.value && score.value < score.high.unwrap());
    let other = decision.candidates[1 - decision.best.unwrap()]
        .versus_best
        .as_ref()
        .unwrap();
    assert_eq!(other.score_difference.unwrap().method, Method::BootstrapBca);
    // All the same score: no spread to resample, but still an interval.
    let same: Vec<Observation> = (0..100).map(|item| scored(0, item, 0.8)).collect();
    let decision = run(&input, &[same]);
    let score = decision.candidates[0].score.unwrap();
    assert_eq!((score.value, score.method), (0.8, Method::Chernoff));
    assert!(score.low.unwrap() > 0.6 && score.high.unwrap() < 0.95);
}

#[test]
fn latency_gates_follow_the_share_within_the_budget() {
    let mut input = input(vec![candidate("a", CHEAP)], 100);
    input.requirements.latency = Some(LatencyRequirement {
        class: Some(LatencyClass::RealTime),
        ttft_p95: Some(Duration::from_millis(300)),
        ..LatencyRequirement::default()
    });
    let timed = |n_slow: usize| -> Vec<Observation> {
        let mut column = passes(0, 90, 100);
        for (idx, seen) in column.iter_mut().enumerate() {
            // 100 ms to 595 ms, and a tail above the class's second.
            seen.e2e_us = Some(100_000 + 5_000 * idx as u64);
            if idx < n_slow {
                seen.e2e_us = Some(1_500_000);
            }
        }
        column
    };
    // P(at most 1 of 100 slow | 5 %) = 0.037 < 0.05; with 2 slow it is 0.118.
    let verdict = |n_slow| {
        let decision = run(&input, &[timed(n_slow)]);
        gate(&decision, 0, GateKind::E2eP95).verdict
    };
    assert_eq!(verdict(1), Verdict::Meets);
    assert_eq!(verdict(2), Verdict::Undecided);
    // P(at least 10 slow | 5 %) = 0.028.
    assert_eq!(verdict(9), Verdict::Undecided);
    assert_eq!(verdict(10), Verdict::Fails);
    let decision = run(&input, &[timed(0)]);
    assert_eq!(
        gate(&decision, 0, GateKind::TtftP95).verdict,
        Verdict::Meets
    );
    let e2e = decision.candidates[0].latency.e2e_ms.as_ref().unwrap();
    assert_eq!(e2e.p95.method, Method::OrderStatistics);
    assert!((e2e.mean.value - 347.5).abs() < 1e-9, "{}", e2e.mean.value);
    // p99 is not asked for; p95 of 50 answers has no finite interval.
    let few = run(&input, &[timed(0).into_iter().take(50).collect()]);
    let p95 = few.candidates[0].latency.e2e_ms.as_ref().unwrap().p95;
    assert_eq!((p95.low, p95.method), (None, Method::Plain));
}

#[test]
fn the_spread_of_times_is_that_of_the_answers_themselves() {
    let mut column = passes(0, 90, 100);
    // 1 to 100 ms, shuffled.
    for (seen, idx) in column.iter_mut().zip(0_u64..) {
        seen.e2e_us = Some(1_000 * ((idx * 37) % 100 + 1));
    }
    let decision = run(&input(vec![candidate("a", CHEAP)], 100), &[column]);
    let spread = decision.candidates[0]
        .latency
        .e2e_ms
        .as_ref()
        .unwrap()
        .spread;
    let spread = spread.unwrap();
    assert_eq!(
        [
            spread.least,
            spread.p5,
            spread.p25,
            spread.p75,
            spread.p95,
            spread.most
        ],
        [1.0, 5.0, 25.0, 75.0, 95.0, 100.0]
    );
}

#[test]
fn replays_and_unstreamed_answers_have_no_time() {
    let mut input = input(vec![candidate("a", CHEAP)], 100);
    input.requirements.latency = Some(LatencyRequirement {
        class: Some(LatencyClass::Batch),
        ttft_p50: Some(Duration::from_millis(300)),
        ..LatencyRequirement::default()
    });
    let mut column = passes(0, 90, 100);
    for seen in &mut column {
        seen.replayed = true;
        seen.ttft_us = None;
    }
    input.candidates[0].streamed = false;
    let decision = run(&input, &[column]);
    assert_eq!(decision.candidates[0].latency.e2e_ms, None);
    let e2e = gate(&decision, 0, GateKind::E2eP95);
    assert_eq!(e2e.cause, Some(Cause::NotMeasured));
    assert!(e2e.reason.contains("replays"), "{}", e2e.reason);
    let ttft = gate(&decision, 0, GateKind::TtftP50);
    assert!(ttft.reason.contains("not streamed"), "{}", ttft.reason);
    // Replays still count as answers and cost.
    assert_eq!(decision.candidates[0].pass_rate.unwrap().n, 100);
    assert!(decision.candidates[0].cost.per_query.is_some());
}

#[test]
fn production_cost_uses_the_stated_hit_rate_and_not_the_benchmarks() {
    let mut input = input(vec![candidate("a", Some(("2", "8")))], 50);
    let mut column = passes(0, 50, 50);
    for seen in &mut column {
        // The benchmark was billed for a full cache hit; production has none.
        seen.cost = Some(NanoUsd(1_000));
        seen.cache_read_tokens = Some(1_000);
        seen.scoring_cost = Some(NanoUsd(500));
    }
    input.traffic = Some(Traffic {
        queries_per_day: 100.0,
        peak_to_mean: Some(4.0),
        growth_per_month: Some(0.5),
        cache_hit_rate: Some(0.0),
    });
    let decision = run(&input, &[column]);
    let cost = &decision.candidates[0].cost;
    // 1,000 x 2 + 100 x 8 per million.
    assert_eq!(cost.per_query.unwrap().value, "0.0028".parse().unwrap());
    // Peak and growth are not in it: 0.0028 x 100 x 30.
    assert_eq!(cost.per_month.unwrap().value, "8.4".parse().unwrap());
    assert_eq!(
        cost.billed_per_query.unwrap().value,
        "0.000001".parse().unwrap()
    );
    assert_eq!(cost.billed_total.unwrap(), "0.00005".parse().unwrap());
    assert_eq!(cost.scoring_total.unwrap(), "0.000025".parse().unwrap());
    let tokens = decision.candidates[0].tokens.input.as_ref().unwrap();
    assert_eq!(
        (tokens.mean.value, tokens.p95.value, tokens.total),
        (1000.0, 1000.0, 50_000)
    );
}

#[test]
fn disagreements_and_slices_are_listed() {
    let mut input = input(vec![candidate("a", CHEAP), candidate("b", DEAR)], 4);
    input.items[1].tags = vec!["refund".to_owned()];
    input.items[2].tags = vec!["refund".to_owned(), "refund".to_owned()];
    let decision = run(&input, &[outcomes(0, "1100"), outcomes(1, "10x1")]);
    assert_eq!(decision.disagreements.n_items, 2);
    let first = &decision.disagreements.items[0];
    assert_eq!(first.item.as_str(), "item-1");
    assert_eq!(first.outcomes, [Outcome::Pass, Outcome::Fail]);
    assert_eq!(decision.slices.len(), 1);
    assert_eq!(
        (decision.slices[0].tag.as_str(), decision.slices[0].n_items),
        ("refund", 2)
    );
    let rates: Vec<f64> = decision.slices[0]
        .pass_rates
        .iter()
        .map(|rate| rate.unwrap().value)
        .collect();
    assert_eq!(rates, [0.5, 0.0]);
}
