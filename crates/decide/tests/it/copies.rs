//! Copies are no evidence: what is asked again with the same answer, and items that hang together with copies of
//! themselves, shift no figure and sharpen none, wherever a decision says something; neither does counting
//! every item seven times by weight.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use trilemma_decide::{Decision, DecisionInput, Figure, ItemFacts, MoneyFigure};
use trilemma_domain::{
    CostRequirement, LatencyClass, LatencyRequirement, Margin, Observation, Reference, Verdict,
};

use crate::support::*;

/// Copies of each item.
const COPIES: usize = 3;
/// Figures may differ by so much in rounding.
const DUST: f64 = 1e-9;
/// How narrow an interval may be beside that of the items alone, by the same method; seeds differ.
const SAME_METHOD: f64 = 0.98;
/// And by another method: independent items are resampled, clusters are linearised, and the two differ by
/// some per cent. Copies taken for evidence would make it `1 / sqrt(COPIES)`, 0.58.
const OTHER_METHOD: f64 = 0.75;

/// Outcomes of two candidates, and what the first one's answers take.
#[derive(Debug, Clone)]
struct Case {
    columns: [Vec<bool>; 2],
    times_ms: Vec<u64>,
    tokens: Vec<u64>,
}

fn case() -> impl Strategy<Value = Case> {
    (20_usize..90).prop_flat_map(|n| {
        let column = || prop::collection::vec(prop::bool::weighted(0.85), n);
        (
            [column(), column()],
            prop::collection::vec(100_u64..6_000, n),
            prop::collection::vec(1_u64..500, n),
        )
            .prop_map(|(columns, times_ms, tokens)| Case {
                columns,
                times_ms,
                tokens,
            })
    })
}

fn asked(case: &Case) -> DecisionInput {
    let price = Some(("1", "4"));
    let mut input = input(
        vec![candidate("a", price), candidate("b", price)],
        case.times_ms.len(),
    );
    for (idx, item) in input.items.iter_mut().enumerate() {
        item.tags = vec![format!("t{}", idx % 2)];
    }
    let wanted = &mut input.requirements;
    wanted.pass_rate = pass_rate(0.8);
    wanted.not_worse_than = not_worse(Reference::Best, Margin::Absolute(0.08));
    wanted.latency = Some(LatencyRequirement {
        class: Some(LatencyClass::Interactive),
        ..LatencyRequirement::default()
    });
    wanted.cost = Some(CostRequirement {
        per_query: Some("0.0021".parse().unwrap()),
        ..CostRequirement::default()
    });
    input.incumbent = Some(1);
    input
}

fn trials(case: &Case) -> Vec<Observation> {
    let columns = case.columns.iter().enumerate();
    columns
        .flat_map(|(candidate, column)| {
            column.iter().enumerate().map(move |(item, passes)| {
                let mut seen = scored(candidate, item, f64::from(u8::from(*passes)));
                seen.e2e_us = Some(case.times_ms[item] * 1_000);
                seen.output_tokens = Some(case.tokens[item]);
                seen
            })
        })
        .collect()
}

/// Each item once.
fn plain(case: &Case) -> Decision {
    trilemma_decide::decide(asked(case), trials(case)).unwrap()
}

/// Each item again and again, with the same answer.
fn repeated(case: &Case) -> Decision {
    let mut input = asked(case);
    input.repeats = COPIES as u32;
    let again = |seen: &Observation| {
        let seen = *seen;
        (0..COPIES as u32).map(move |repeat| {
            let mut other = seen;
            other.key.repeat = repeat;
            other
        })
    };
    let trials: Vec<Observation> = trials(case).iter().flat_map(again).collect();
    trilemma_decide::decide(input, trials).unwrap()
}

/// Copies of each item, in one cluster with it.
fn clustered(case: &Case) -> Decision {
    let mut input = asked(case);
    let n = input.items.len();
    let copies = (0..COPIES).flat_map(|copy| {
        let items = input.items.iter().enumerate();
        items.map(move |(idx, item)| ItemFacts {
            id: format!("{}-{copy}", item.id).into(),
            cluster: Some(format!("c{idx}")),
            ..item.clone()
        })
    });
    input.items = copies.collect();
    let of_copies = |seen: &Observation| {
        let seen = *seen;
        (0..COPIES).map(move |copy| {
            let mut other = seen;
            other.key.item_idx += u32::try_from(copy * n).unwrap();
            other
        })
    };
    let trials: Vec<Observation> = trials(case).iter().flat_map(of_copies).collect();
    trilemma_decide::decide(input, trials).unwrap()
}

/// Every item seven times by weight.
fn weighted(case: &Case) -> Decision {
    let mut input = asked(case);
    input.items.iter_mut().for_each(|item| item.weight = 7.0);
    trilemma_decide::decide(input, trials(case)).unwrap()
}

/// Every figure with an interval that a decision holds, by name.
fn figures(decision: &Decision) -> Vec<(String, Figure)> {
    let mut all = Vec::new();
    let mut add = |name: String, figure: Option<Figure>| {
        all.extend(figure.map(|figure| (name, figure)));
    };
    for own in &decision.candidates {
        let of = |what: &str| format!("{what} of {}", own.id);
        add(of("pass rate"), own.pass_rate);
        add(of("score"), own.score);
        let against = own.versus_incumbent.as_ref();
        add(of("difference"), against.map(|other| other.difference));
        let against = own.versus_best.as_ref();
        add(
            of("difference to the best"),
            against.map(|other| other.difference),
        );
        let times = own.latency.e2e_ms.as_ref();
        add(of("mean time"), times.map(|times| times.mean));
        add(of("median time"), times.map(|times| times.p50));
        add(of("p95 of time"), times.map(|times| times.p95));
        let money = |figure: &MoneyFigure| Figure {
            value: figure.value.to_f64(),
            low: figure.low.map(|low| low.to_f64()),
            high: figure.high.map(|high| high.to_f64()),
            confidence: figure.confidence,
            n: figure.n,
            method: figure.method,
        };
        add(of("cost"), own.cost.per_query.as_ref().map(money));
        add(
            of("cost per accepted"),
            own.cost.per_accepted.as_ref().map(money),
        );
    }
    for slice in &decision.slices {
        for (idx, rate) in slice.pass_rates.iter().enumerate() {
            add(format!("pass rate of {idx} on {}", slice.tag), *rate);
        }
        let versus = slice.versus.as_ref();
        add(
            format!("difference on {}", slice.tag),
            versus.map(|one| one.difference),
        );
    }
    let standings = decision.standings.iter().flat_map(|all| &all.candidates);
    for (idx, standing) in standings.enumerate() {
        add(
            format!("joint pass rate of {idx}"),
            standing.map(|one| one.pass_rate),
        );
    }
    all
}

fn width(figure: &Figure) -> Option<f64> {
    Some(figure.high? - figure.low?)
}

/// What copies must not do.
fn check(plain: &Decision, copied: &Decision, how: &str) -> Result<(), TestCaseError> {
    let (mut before, mut after) = (figures(plain), figures(copied));
    // Where copies leave open what was shown, another choice is compared on the tags, or one where there was none.
    let chosen = |decision: &Decision| decision.chosen().map(|one| one.id.clone());
    if chosen(plain) != chosen(copied) {
        for all in [&mut before, &mut after] {
            all.retain(|(name, _)| !name.starts_with("difference on "));
        }
    }
    prop_assert_eq!(before.len(), after.len());
    for ((name, one), (_, other)) in before.iter().zip(&after) {
        let scale = 1.0 + one.value.abs();
        // Quantiles over copies are other order statistics of the same times.
        if !name.contains("time") || name.contains("mean") {
            let apart = (one.value - other.value).abs();
            prop_assert!(apart <= 1e-6 * scale, "{how}: {name} {one:?} {other:?}");
        }
        let least = if one.method == other.method {
            SAME_METHOD
        } else {
            OTHER_METHOD
        };
        let sharper = match (width(one), width(other)) {
            (Some(before), Some(after)) => after < before * least - DUST * scale,
            (None, Some(_)) => true,
            _ => false,
        };
        prop_assert!(!sharper, "{how} sharpens {name}: {one:?} {other:?}");
    }
    for (own, same) in plain.candidates.iter().zip(&copied.candidates) {
        for (gate, after) in own.gates.iter().zip(&same.gates) {
            let is_claim = after.verdict != Verdict::Undecided && after.verdict != gate.verdict;
            prop_assert!(!is_claim, "{how}: {gate:?} {after:?}");
        }
    }
    if let (Some(before), Some(after)) = (&plain.standings, &copied.standings) {
        let is_kept = before
            .best_set
            .iter()
            .all(|one| after.best_set.contains(one));
        prop_assert!(is_kept, "{how}: {before:?} {after:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4,
        max_shrink_iters: 16,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(11),
        ..ProptestConfig::default()
    })]

    #[test]
    fn copies_are_no_evidence_anywhere(case in case()) {
        let before = plain(&case);
        check(&before, &repeated(&case), "a repeat")?;
        check(&before, &clustered(&case), "a copy")?;
        check(&before, &weighted(&case), "a weight")?;
    }
}
