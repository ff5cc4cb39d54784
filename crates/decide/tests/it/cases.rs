//! Small cases whose verdict is known beforehand.

use trilemma_decide::{
    Cause, Conclusion, GateKind, Method, OverturnKind, Preference, Status, WarningCode,
};
use trilemma_domain::{CostRequirement, Estimand, Margin, Reference, Traffic, Verdict};

use crate::support::*;

const DEAR: Option<(&str, &str)> = Some(("2.50", "10.00"));
const CHEAP: Option<(&str, &str)> = Some(("0.15", "0.60"));

fn recommended(conclusion: &Conclusion) -> Option<usize> {
    match conclusion {
        Conclusion::Decided { recommended, .. } => Some(*recommended),
        _ => None,
    }
}

#[test]
fn the_cheapest_that_meets_every_gate_is_recommended() {
    let mut input = input(
        vec![candidate("dear", DEAR), candidate("cheap", CHEAP)],
        200,
    );
    input.requirements.pass_rate = pass_rate(0.85);
    input.incumbent = Some(0);
    let decision = run(&input, &[passes(0, 196, 200), passes(1, 190, 200)]);
    assert_eq!(recommended(&decision.conclusion), Some(1));
    assert_eq!(decision.status(), Status::Decided);
    let cheap = &decision.candidates[1];
    assert_eq!(cheap.verdict, Verdict::Meets);
    let rate = cheap.pass_rate.unwrap();
    assert_eq!(
        (rate.value, rate.n, rate.method),
        (0.95, 200, Method::Wilson)
    );
    // Wilson's formula at 190 of 200, z = 1.959964.
    assert!(
        (rate.low.unwrap() - 0.910_421_851_861).abs() < 1e-6,
        "{rate:?}"
    );
    assert!((rate.high.unwrap() - 0.972_617_354_399).abs() < 1e-6);
    // 1,000 x 0.15 + 100 x 0.60 per million.
    assert_eq!(
        cheap.cost.per_query.unwrap().value,
        "0.00021".parse().unwrap()
    );
    assert_eq!(cheap.cost.per_1000.unwrap().value, "0.21".parse().unwrap());
    // 0.00021 / 0.95.
    let accepted = cheap.cost.per_accepted.unwrap().value.to_f64();
    assert!((accepted - 0.000_221_052_631).abs() < 1e-11);
    let versus = cheap.versus_incumbent.as_ref().unwrap();
    assert_eq!(versus.difference.value, -0.03);
    let cells = versus.cells.unwrap();
    assert_eq!((cells.both, cells.only_this, cells.only_other), (190, 0, 6));
    // McNemar, mid-p: 2 (0.5^6) - 0.5^6.
    assert!((versus.p_value.unwrap() - 0.5_f64.powi(6)).abs() < 1e-12);
    assert!(
        (3..=5).contains(&decision.reasons.len()),
        "{:?}",
        decision.reasons
    );
}

#[test]
fn the_ratio_would_take_the_far_worse_cheapest_and_does_not_decide() {
    let tiny = Some(("0.01", "0.01"));
    let mut input = input(vec![candidate("good", DEAR), candidate("tiny", tiny)], 300);
    input.requirements.pass_rate = pass_rate(0.85);
    let decision = run(&input, &[passes(0, 290, 300), passes(1, 180, 300)]);
    assert_eq!(decision.ratio_pick, Some(1));
    assert_eq!(recommended(&decision.conclusion), Some(0));
    assert_eq!(decision.candidates[1].verdict, Verdict::Fails);
    let codes: Vec<_> = decision.warnings.iter().map(|w| w.code).collect();
    assert!(codes.contains(&WarningCode::RatioMisleads), "{codes:?}");
    // Failing candidates have no chance of being right.
    assert_eq!(decision.candidates[1].probability_right, Some(0.0));
}

#[test]
fn a_bar_within_the_interval_is_undecided_and_says_what_would_settle_it() {
    let mut input = input(vec![candidate("only", CHEAP)], 100);
    input.requirements.pass_rate = pass_rate(0.88);
    let decision = run(&input, &[passes(0, 91, 100)]);
    let gate = gate(&decision, 0, GateKind::PassRate);
    assert_eq!(
        (gate.verdict, gate.cause),
        (Verdict::Undecided, Some(Cause::Sampling))
    );
    let more = gate.settle.as_ref().unwrap().more_items.unwrap();
    // (1.645 + 0.842)^2 0.91 x 0.09 / 0.03^2 is about 560.
    assert!((300..900).contains(&more), "{more}");
    match &decision.conclusion {
        Conclusion::Undecided {
            provisional,
            probability_right,
            largest_regret,
            more_items,
            cost_usd,
            ..
        } => {
            assert_eq!(*provisional, Some(0));
            // P(Beta(92, 10) >= 0.88) = P(Bin(101, 0.88) <= 91) = 0.7848.
            let probability = probability_right.unwrap();
            assert!((probability - 0.784_8).abs() < 0.03, "{probability}");
            // Clopper-Pearson, one-sided: 0.848205 for 91 of 100.
            let regret = largest_regret.as_ref().unwrap().pass_rate;
            assert!((regret - (0.88 - 0.848_205)).abs() < 1e-3, "{regret}");
            assert_eq!(*more_items, Some(more));
            let cost = cost_usd.unwrap().to_f64();
            assert!((cost - more as f64 * 0.000_21).abs() < 1e-6, "{cost}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(decision.status(), Status::Undecided);
}

#[test]
fn holm_holds_several_candidates_to_more_than_one() {
    // 60 of 60 shows 0.95 alone (0.05^(1/60) = 0.9513); the second of two needs no more, the first
    // is held to 2.5 % (0.9404).
    let one = {
        let mut input = input(vec![candidate("a", CHEAP)], 60);
        input.requirements.pass_rate = pass_rate(0.95);
        run(&input, &[passes(0, 60, 60)])
    };
    assert_eq!(one.candidates[0].verdict, Verdict::Meets);
    let mut input = input(vec![candidate("a", CHEAP), candidate("b", DEAR)], 60);
    input.requirements.pass_rate = pass_rate(0.95);
    let two = run(&input, &[passes(0, 60, 60), passes(1, 60, 60)]);
    assert_eq!(two.candidates[0].verdict, Verdict::Undecided);
    assert_eq!(two.candidates[1].verdict, Verdict::Undecided);
    input.requirements.pass_rate = pass_rate(0.94);
    let lower = run(&input, &[passes(0, 60, 60), passes(1, 60, 60)]);
    assert_eq!(lower.candidates[0].verdict, Verdict::Meets);
    assert_eq!(lower.candidates[1].verdict, Verdict::Meets);
}

#[test]
fn the_golden_set_itself_is_exact_once_every_item_ran() {
    let mut input = input(vec![candidate("a", CHEAP), candidate("b", DEAR)], 50);
    input.requirements.pass_rate = pass_rate(0.90);
    input.requirements.not_worse_than =
        not_worse(Reference::Candidate("b".into()), Margin::Absolute(0.02));
    let columns = [passes(0, 45, 50), passes(1, 46, 50)];
    let sampled = run(&input, &columns);
    assert_eq!(sampled.candidates[0].verdict, Verdict::Undecided);
    input.requirements.estimand = Estimand::GoldenSet;
    let exact = run(&input, &columns);
    assert_eq!(recommended(&exact.conclusion), Some(0));
    let rate = exact.candidates[0].pass_rate.unwrap();
    assert_eq!(
        (rate.low, rate.high, rate.method),
        (Some(0.9), Some(0.9), Method::Census)
    );
    assert_eq!(exact.candidates[0].probability_meets, Some(1.0));
    let versus = exact.candidates[0].versus_best.as_ref().unwrap();
    assert_eq!((versus.difference.low, versus.p_value), (Some(-0.02), None));
    // One item that did not run leaves it open, and running it would settle it.
    let partly = [passes(0, 44, 49), passes(1, 46, 50)];
    let open = run(&input, &partly);
    let gate = gate(&open, 0, GateKind::PassRate);
    assert_eq!(gate.verdict, Verdict::Undecided);
    assert_eq!(gate.settle.as_ref().unwrap().more_items, Some(1));
    // A call that failed may have gone either way.
    let missing = outcomes(0, &("1".repeat(45) + "x" + "0000"));
    let counted = run(&input, &[missing, passes(1, 46, 50)]);
    assert_eq!(counted.candidates[0].gates[0].verdict, Verdict::Meets);
    let missing = outcomes(0, &("1".repeat(44) + "x" + "00000"));
    let counted = run(&input, &[missing, passes(1, 46, 50)]);
    assert_eq!(
        counted.candidates[0].gates[0].cause,
        Some(Cause::MissingResults)
    );
}

#[test]
fn unknown_prices_are_unknown_everywhere_and_rank_last() {
    let mut input = input(
        vec![candidate("unpriced", None), candidate("dear", DEAR)],
        150,
    );
    input.requirements.pass_rate = pass_rate(0.80);
    input.traffic = Some(Traffic {
        queries_per_day: 10_000.0,
        peak_to_mean: None,
        growth_per_month: None,
        cache_hit_rate: None,
    });
    let columns = [passes(0, 149, 150), passes(1, 140, 150)];
    let decision = run(&input, &columns);
    assert_eq!(recommended(&decision.conclusion), Some(1));
    let cost = &decision.candidates[0].cost;
    assert_eq!(cost.basis, None);
    assert!(cost.per_query.is_none() && cost.per_month.is_none() && cost.per_accepted.is_none());
    assert_eq!(decision.candidates[0].quality_cost_ratio, None);
    assert_eq!(decision.ranking[1].candidate, 0);
    assert_eq!(decision.ranking[1].place, None);
    assert_eq!(decision.frontier.unplaced[0].candidate, 0);
    // 0.0035 x 10,000 x 30.
    let month = decision.candidates[1].cost.per_month.unwrap();
    assert_eq!(month.value, "1050".parse().unwrap());
    input.requirements.cost = Some(CostRequirement {
        per_query: Some("0.01".parse().unwrap()),
        per_month: Some("1000".parse().unwrap()),
        per_accepted: None,
    });
    let decision = run(&input, &columns);
    let unknown = gate(&decision, 0, GateKind::CostPerQuery);
    assert_eq!(unknown.cause, Some(Cause::UnknownFact));
    assert_eq!(
        gate(&decision, 1, GateKind::CostPerQuery).verdict,
        Verdict::Meets
    );
    // Every answer costs the same, so the month is exact: above 1,000 for sure.
    assert_eq!(
        gate(&decision, 1, GateKind::CostPerMonth).verdict,
        Verdict::Fails
    );
    // Nothing meets everything, but the unpriced one is not shown to fail.
    assert_eq!(decision.status(), Status::Undecided);
}

#[test]
fn margins_are_tested_on_pairs() {
    let names = vec![candidate("incumbent", DEAR), candidate("cheap", CHEAP)];
    let mut input = input(names, 200);
    input.incumbent = Some(0);
    input.requirements.not_worse_than = not_worse(Reference::Incumbent, Margin::Absolute(0.05));
    // b = 4 only cheap, c = 6 only incumbent: d = -0.01, Tango z(-0.05) = 2.48 (vectors' formula).
    let cheap = "1".repeat(184) + "111111" + "000000" + "1111";
    let dear = "1".repeat(184) + "111111" + "111111" + "0000";
    let decision = run(&input, &[outcomes(0, &dear), outcomes(1, &cheap)]);
    let own = gate(&decision, 0, GateKind::NotWorseThan);
    assert_eq!((own.verdict, own.n), (Verdict::Meets, None));
    assert_eq!(
        gate(&decision, 1, GateKind::NotWorseThan).verdict,
        Verdict::Meets
    );
    assert_eq!(recommended(&decision.conclusion), Some(1));
    // At a margin of one point the same trials leave it open, and the incumbent is taken.
    input.requirements.not_worse_than = not_worse(Reference::Incumbent, Margin::Absolute(0.01));
    let decision = run(&input, &[outcomes(0, &dear), outcomes(1, &cheap)]);
    assert_eq!(
        gate(&decision, 1, GateKind::NotWorseThan).verdict,
        Verdict::Undecided
    );
    assert_eq!(recommended(&decision.conclusion), Some(0));
    let overturn = &decision.overturns[0];
    assert_eq!(overturn.kind, OverturnKind::UndecidedPreferred);
    assert_eq!(overturn.candidate, Some(1));
    // Clearly worse.
    let bad = run(&input, &[outcomes(0, &dear), passes(1, 120, 200)]);
    assert_eq!(
        gate(&bad, 1, GateKind::NotWorseThan).verdict,
        Verdict::Fails
    );
    assert_eq!(bad.candidates[1].probability_right, Some(0.0));
}

#[test]
fn ratios_and_the_best_work_as_references() {
    let names = vec![
        candidate("a", DEAR),
        candidate("b", CHEAP),
        candidate("c", DEAR),
    ];
    let mut input = input(names, 400);
    let columns = [
        passes(0, 390, 400),
        passes(1, 384, 400),
        passes(2, 200, 400),
    ];
    input.requirements.not_worse_than = not_worse(Reference::Best, Margin::Ratio(0.90));
    let decision = run(&input, &columns);
    let verdicts: Vec<Verdict> = decision.candidates.iter().map(|c| c.verdict).collect();
    assert_eq!(verdicts, [Verdict::Meets, Verdict::Meets, Verdict::Fails]);
    assert_eq!(recommended(&decision.conclusion), Some(1));
    assert_eq!(
        gate(&decision, 2, GateKind::NotWorseThan).reference,
        Some(0)
    );
    input.requirements.not_worse_than =
        not_worse(Reference::Candidate("c".into()), Margin::Absolute(0.02));
    let decision = run(&input, &columns);
    assert!(
        decision
            .candidates
            .iter()
            .all(|c| c.verdict == Verdict::Meets)
    );
}

#[test]
fn ties_are_reported_and_broken_by_pass_rate() {
    let names = vec![
        candidate("a", CHEAP),
        candidate("b", CHEAP),
        candidate("c", DEAR),
    ];
    let mut input = input(names, 100);
    input.preference = Preference::CostPerQuery;
    input.requirements.pass_rate = pass_rate(0.5);
    let decision = run(
        &input,
        &[passes(0, 90, 100), passes(1, 95, 100), passes(2, 99, 100)],
    );
    match &decision.conclusion {
        Conclusion::Decided {
            recommended, ties, ..
        } => assert_eq!((*recommended, ties.as_slice()), (1, [0].as_slice())),
        other => panic!("{other:?}"),
    }
    let places: Vec<_> = decision
        .ranking
        .iter()
        .map(|r| (r.candidate, r.place))
        .collect();
    assert_eq!(places, [(1, Some(1)), (0, Some(1)), (2, Some(3))]);
    let codes: Vec<_> = decision.warnings.iter().map(|w| w.code).collect();
    assert!(codes.contains(&WarningCode::Tie));
}

#[test]
fn every_candidate_failing_is_no_candidate() {
    let mut input = input(vec![candidate("a", CHEAP), candidate("b", DEAR)], 100);
    input.requirements.pass_rate = pass_rate(0.95);
    let decision = run(&input, &[passes(0, 50, 100), passes(1, 70, 100)]);
    assert_eq!(decision.status(), Status::NoCandidate);
    assert_eq!(
        decision.conclusion,
        Conclusion::NoCandidate { nearest: Some(1) }
    );
    assert!(decision.overturns.is_empty());
}

#[test]
fn price_moves_that_flip_the_choice_are_named() {
    let names = vec![
        candidate("dear", Some(("2", "2"))),
        candidate("cheap", Some(("1", "1"))),
    ];
    let mut input = input(names, 100);
    input.requirements.pass_rate = pass_rate(0.5);
    let decision = run(&input, &[passes(0, 90, 100), passes(1, 90, 100)]);
    let moves: Vec<(Option<usize>, Option<f64>)> = decision
        .overturns
        .iter()
        .filter(|o| o.kind == OverturnKind::PriceMove)
        .map(|o| (o.candidate, o.price_move))
        .collect();
    assert_eq!(moves, [(Some(1), Some(1.0)), (Some(0), Some(-0.5))]);
}

#[test]
fn without_a_requirement_on_quality_the_choice_is_questioned() {
    let input = input(
        vec![candidate("dear", DEAR), candidate("cheap", CHEAP)],
        120,
    );
    let decision = run(&input, &[passes(0, 118, 120), passes(1, 10, 120)]);
    assert_eq!(decision.status(), Status::Decided);
    let codes: Vec<_> = decision.warnings.iter().map(|w| w.code).collect();
    assert!(codes.contains(&WarningCode::NoQualityGate));
}

/// Chance of at least k successes among n.
fn tail(n: usize, k: usize, rate: f64) -> f64 {
    let (mut log_choose, mut sum) = (0.0_f64, 0.0);
    for i in 0..=n {
        if i > 0 {
            log_choose += ((n - i + 1) as f64 / i as f64).ln();
        }
        if i >= k {
            sum += (log_choose + i as f64 * rate.ln() + (n - i) as f64 * (1.0 - rate).ln()).exp();
        }
    }
    sum
}

/// Whether k passes of n are said to meet a bar.
fn meets_bar(k: usize, n: usize, bar: f64) -> bool {
    let mut input = input(vec![candidate("a", None)], n);
    input.requirements.pass_rate = pass_rate(bar);
    let decision = run(&input, &[passes(0, k, n)]);
    gate(&decision, 0, GateKind::PassRate).verdict == Verdict::Meets
}

#[test]
fn power_to_meet_a_bar_is_that_of_the_exact_test() {
    for bar in [0.80, 0.90] {
        for n in [100, 300, 500] {
            // The exact one-sided binomial test at 5 %.
            let fewest = (0..=n).find(|k| tail(n, *k, bar) <= 0.05).unwrap();
            assert!(meets_bar(fewest, n, bar), "bar {bar}, {n} items");
            assert!(!meets_bar(fewest - 1, n, bar), "bar {bar}, {n} items");
            let chances: Vec<f64> = [0.0, 0.02, 0.04, 0.06]
                .iter()
                .map(|inside| tail(n, fewest, bar + inside))
                .collect();
            println!("bar {bar}, {n} items: meets with {chances:.3?} at 0, 2, 4, 6 points inside");
            assert!(chances[0] <= 0.05, "false claims: {chances:?}");
            assert!(
                chances[3] > if n == 100 { 0.40 } else { 0.85 },
                "{chances:?}"
            );
        }
    }
}
