//! A routed mix beside the candidates it is made of.

use trilemma_decide::{
    Collector, DecideError, Decision, DecisionInput, GateKind, Known, LifecycleEnd, Method, Mix,
    Mixed, Preference, Shown, WarningCode,
};
use trilemma_domain::{FailureKind, Margin, Observation, Reference, Requirements, Verdict};

use crate::support::{candidate, failed, gate, input, not_worse, outcomes};

const N: usize = 60;

/// Three candidates: two cheap ones, one dear.
fn cast() -> DecisionInput {
    input(
        vec![
            candidate("a", Some(("1", "2"))),
            candidate("b", Some(("2", "4"))),
            candidate("large", Some(("10", "20"))),
        ],
        N,
    )
}

/// Items 0 and on: the cheap ones are right but on every third, the large one always.
fn columns() -> Vec<Vec<Observation>> {
    let cheap: String = (0..N)
        .map(|idx| if idx % 3 == 0 { '0' } else { '1' })
        .collect();
    vec![
        outcomes(0, &cheap),
        outcomes(1, &cheap),
        outcomes(2, &"1".repeat(N)),
    ]
}

/// Both cheap ones are asked, then the large one on every third item.
fn mix() -> Mix {
    let item = |idx: usize| {
        let (asked, answered_by, shown) = if idx.is_multiple_of(3) {
            (vec![vec![0, 1], vec![2]], 2, Shown::AsItComes)
        } else {
            (vec![vec![0, 1]], 0, Shown::AtTheEnd)
        };
        Mixed::Served {
            asked,
            answered_by,
            shown,
        }
    };
    Mix {
        id: "mix".into(),
        plan: vec!["asks both".to_owned()],
        parts: vec![0, 1, 2],
        items: (0..N).map(item).collect(),
    }
}

fn decided(input: &DecisionInput, columns: &[Vec<Observation>], mix: Mix) -> Decision {
    let mut collector = Collector::new(input.clone()).unwrap();
    for one in columns.iter().flatten() {
        collector.push(one).unwrap();
    }
    collector.with_mix(mix).unwrap().finish()
}

#[test]
fn every_cheap_call_is_paid_and_waits_add_up() {
    let decision = decided(&cast(), &columns(), mix());
    assert_eq!(decision.candidates.len(), 4);
    let mix = &decision.candidates[3];
    assert_eq!(mix.pass_rate.unwrap().value, 1.0);
    // 1,000 tokens in and 100 out: a 0.0012, b 0.0024, large 0.012 on a third of the items.
    let cost = mix.cost.per_query.unwrap();
    assert_eq!(cost.value, "0.0076".parse().unwrap());
    assert_eq!(cost.n, N);
    // 500 ms each; a third waits twice, and what is judged first is shown at the end.
    let time = mix.latency.e2e_ms.clone().unwrap();
    assert!((time.mean.value - 500.0 * 4.0 / 3.0).abs() < 1e-6);
    let first = mix.latency.ttft_ms.clone().unwrap();
    assert!((first.mean.value - (2.0 * 500.0 + 700.0) / 3.0).abs() < 1e-6);
    assert_eq!(mix.counts.n_attempts, (2 * N + N / 3) as u64);
    let routed = mix.routed.clone().unwrap();
    assert!((routed.escalated - 1.0 / 3.0).abs() < 1e-9);
    let calls: Vec<f64> = routed
        .parts
        .iter()
        .map(|part| part.calls_per_query)
        .collect();
    assert_eq!(calls[..2], [1.0, 1.0]);
    assert!((calls[2] - 1.0 / 3.0).abs() < 1e-9);
    assert!((routed.parts[2].input_tokens.unwrap() - 1_000.0 / 3.0).abs() < 1e-6);
    assert_eq!(mix.prices.len(), 3);
    // Nobody is told that its price is unknown.
    assert!(
        decision
            .warnings
            .iter()
            .all(|warning| warning.candidate != Some(3)),
        "{:?}",
        decision.warnings
    );
}

#[test]
fn it_goes_through_the_same_gates_and_can_be_chosen() {
    let mut input = cast();
    input.incumbent = Some(2);
    input.preference = Preference::CostPerQuery;
    input.requirements = Requirements {
        not_worse_than: not_worse(Reference::Incumbent, Margin::Absolute(0.08)),
        ..Requirements::default()
    };
    let decision = decided(&input, &columns(), mix());
    assert_eq!(
        gate(&decision, 3, GateKind::NotWorseThan).verdict,
        Verdict::Meets
    );
    assert_eq!(
        gate(&decision, 0, GateKind::NotWorseThan).verdict,
        Verdict::Fails
    );
    assert_eq!(decision.chosen().unwrap().id.as_str(), "mix");
    // The family of comparisons counts it: the level is stricter than without.
    let without = {
        let mut collector = Collector::new(input.clone()).unwrap();
        for one in columns().iter().flatten() {
            collector.push(one).unwrap();
        }
        collector.finish()
    };
    let level = |decision: &Decision| gate(decision, 2, GateKind::NotWorseThan).confidence;
    assert!(level(&decision) >= level(&without));
}

#[test]
fn an_unknown_price_of_one_part_leaves_the_cost_unknown() {
    let mut input = cast();
    input.candidates[1] = candidate("b", None);
    let decision = decided(&input, &columns(), mix());
    assert_eq!(decision.candidates[3].cost.per_query, None);
    assert_eq!(decision.candidates[3].cost.n_unpriced_answers, N);
    assert!(decision.warnings.iter().any(|one| one.candidate == Some(3)));
}

#[test]
fn gaps_of_its_parts_are_its_gaps() {
    let mut columns = columns();
    columns[1][4] = failed(1, 4, FailureKind::ServerError);
    let mut mix = mix();
    mix.items[4] = Mixed::Incomplete;
    mix.items[5] = Mixed::LeftOut;
    let decision = decided(&cast(), &columns, mix);
    let counts = &decision.candidates[3].counts;
    assert_eq!(
        (counts.n_answered, counts.n_failed, counts.n_not_run),
        (N - 2, 1, 1)
    );
}

#[test]
fn what_is_not_known_of_all_parts_is_not_known_of_the_mix() {
    let mut input = cast();
    input.candidates[0].context_window = Some(8_000);
    input.candidates[1].context_window = Some(4_000);
    input.candidates[2].context_window = Some(9_000);
    input.candidates[0].privacy.trains = Some(Known::No);
    input.candidates[1].privacy.trains = Some(Known::Yes);
    input.requirements.context = Some(8_000);
    let decision = decided(&input, &columns(), mix());
    let context = gate(&decision, 3, GateKind::Context);
    assert_eq!(
        (context.verdict, context.method),
        (Verdict::Fails, Method::Stated)
    );
    assert!(context.reason.contains("4000"), "{}", context.reason);
    input.candidates[2].context_window = None;
    let decision = decided(&input, &columns(), mix());
    assert_eq!(
        gate(&decision, 3, GateKind::Context).verdict,
        Verdict::Undecided
    );
}

#[test]
fn a_mix_ends_with_a_part_that_is_named() {
    let mut input = cast();
    let ends = |days: i32| {
        let day = input.as_of;
        let mut by = day;
        for _ in 0..days.abs() {
            by = if days > 0 {
                by.tomorrow()
            } else {
                by.yesterday()
            }
            .unwrap();
        }
        Some(LifecycleEnd {
            by,
            exact: true,
            replacement: None,
            at_endpoint: true,
            source: None,
        })
    };
    let (soon, past) = (ends(30), ends(-30));
    input.candidates[1].end = soon;
    let decision = decided(&input, &columns(), mix());
    let mut warnings = decision.warnings.iter();
    let told = warnings.any(|one| one.text.contains("`b`, a part of `mix`, is shut down by"));
    assert!(told, "{:?}", decision.warnings);
    input.candidates[1].end = past;
    let decision = decided(&input, &columns(), mix());
    let reason = &gate(&decision, 3, GateKind::Offered).reason;
    assert!(
        reason.starts_with("its part `b` was shut down on"),
        "{reason}"
    );
}

#[test]
fn a_mix_that_does_not_fit_is_refused() {
    let collector = || Collector::new(cast()).unwrap();
    let refused = |mix: Mix| collector().with_mix(mix).err();
    let short = Mix {
        items: vec![Mixed::LeftOut],
        ..mix()
    };
    let stranger = Mix {
        parts: vec![7],
        ..mix()
    };
    let double = Mix {
        id: "large".into(),
        ..mix()
    };
    for (mix, what) in [
        (short, "number of items"),
        (stranger, "no candidates"),
        (double, "called like"),
    ] {
        match refused(mix) {
            Some(DecideError::Mix { what: told, .. }) => assert!(told.contains(what), "{told}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_a_mix_leaves_out_is_no_trial_that_has_not_run() {
    let is_told = |decision: &Decision| {
        let mut warnings = decision.warnings.iter();
        warnings.any(|one| one.code == WarningCode::NotRun)
    };
    let part = Mix {
        items: mix()
            .items
            .into_iter()
            .enumerate()
            .map(|(idx, mixed)| if idx < 10 { Mixed::LeftOut } else { mixed })
            .collect(),
        ..mix()
    };
    assert!(!is_told(&decided(&cast(), &columns(), part.clone())));
    let mut short = columns();
    short[1].truncate(N - 5);
    assert!(is_told(&decided(&cast(), &short, part)));
}
