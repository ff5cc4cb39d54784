//! Candidates among each other: the set of the best, ranks, tags on which the choice is worse.

use trilemma_decide::{Conclusion, Method, WarningCode};
use trilemma_domain::{Estimand, Margin, Reference};

use crate::support::*;

const PRICES: [Option<(&str, &str)>; 3] = [
    Some(("2.50", "10.00")),
    Some(("0.15", "0.60")),
    Some(("0.05", "0.20")),
];

fn three(n_items: usize) -> trilemma_decide::DecisionInput {
    let names = ["dear", "middle", "cheap"];
    let candidates = names
        .iter()
        .zip(PRICES)
        .map(|(name, price)| candidate(name, price))
        .collect();
    let mut input = input(candidates, n_items);
    input.incumbent = Some(0);
    input.requirements.not_worse_than = not_worse(Reference::Incumbent, Margin::Absolute(0.05));
    input
}

/// `n` digits with zeros where `wrong` says so.
fn digits(n: usize, wrong: impl Fn(usize) -> bool) -> String {
    (0..n).map(|i| if wrong(i) { '0' } else { '1' }).collect()
}

#[test]
fn the_set_of_the_best_holds_those_that_cannot_be_told_apart() {
    let input = three(300);
    let columns = [
        outcomes(0, &digits(300, |i| i % 20 == 0)),
        outcomes(1, &digits(300, |i| i % 20 == 1 || i == 7)),
        outcomes(2, &digits(300, |i| i % 4 == 0)),
    ];
    let decision = run(&input, &columns);
    let standings = decision.standings.as_ref().unwrap();
    assert_eq!(standings.best_set, [0, 1]);
    assert_eq!((standings.n_items, standings.confidence), (300, 0.95));
    let ranks: Vec<(usize, usize)> = standings
        .candidates
        .iter()
        .map(|own| own.as_ref().unwrap())
        .map(|own| (own.rank_best, own.rank_worst))
        .collect();
    assert_eq!(ranks, [(1, 2), (1, 2), (3, 3)]);
    let first = standings.candidates[0].unwrap();
    assert!(first.probability_best > 0.4 && first.probability_best < 0.8);
    // Simultaneous: wider than the interval of one candidate, and exact.
    let (own, single) = (first.pass_rate, decision.candidates[0].pass_rate.unwrap());
    assert_eq!(own.method, Method::ClopperPearson);
    assert!(own.low < single.low && own.high > single.high);
    assert!((own.confidence.unwrap() - (1.0 - 0.05 / 3.0)).abs() < 1e-12);
}

#[test]
fn a_candidate_with_few_items_takes_no_items_from_the_others() {
    let input = three(100);
    let columns = [
        passes(0, 95, 100),
        passes(1, 90, 100),
        outcomes(2, &("1".repeat(30) + &".".repeat(70))),
    ];
    let standings = run(&input, &columns).standings.unwrap();
    assert_eq!(standings.n_items, 100);
    assert!(standings.candidates[2].is_none());
    // One candidate, or nine items, are nothing to compare.
    let mut alone = input.clone();
    alone.candidates.truncate(1);
    alone.incumbent = None;
    alone.requirements.not_worse_than = None;
    assert!(run(&alone, &[passes(0, 95, 100)]).standings.is_none());
    let few = three(9);
    assert!(
        run(&few, &[passes(0, 9, 9), passes(1, 8, 9), passes(2, 7, 9)])
            .standings
            .is_none()
    );
}

#[test]
fn about_the_golden_set_itself_ranks_are_exact() {
    let mut input = three(100);
    input.requirements.estimand = Estimand::GoldenSet;
    let columns = [passes(0, 95, 100), passes(1, 95, 100), passes(2, 94, 100)];
    let standings = run(&input, &columns).standings.unwrap();
    assert_eq!(standings.best_set, [0, 1]);
    let last = standings.candidates[2].unwrap();
    assert_eq!((last.rank_best, last.rank_worst), (3, 3));
    assert!((last.largest_regret - 0.01).abs() < 1e-12);
}

#[test]
fn clusters_of_copies_are_no_evidence() {
    // Ten items, each thirty times: 30 of 300 differences are one item's.
    let mut input = three(300);
    for (idx, item) in input.items.iter_mut().enumerate() {
        item.cluster = Some((idx / 25).to_string());
    }
    let columns = [
        outcomes(0, &digits(300, |i| i < 25)),
        outcomes(1, &digits(300, |i| i < 75)),
        outcomes(2, &digits(300, |i| i < 250)),
    ];
    let standings = run(&input, &columns).standings.unwrap();
    assert_eq!(
        standings.best_set,
        [0, 1],
        "two clusters tell nothing apart"
    );
    let independent = {
        let mut plain = three(300);
        plain.items = items(300);
        run(&plain, &columns).standings.unwrap()
    };
    assert_eq!(independent.best_set, [0]);
}

#[test]
fn tags_on_which_the_choice_is_worse_are_named() {
    let mut input = three(400);
    for (idx, item) in input.items.iter_mut().enumerate() {
        item.tags = vec![["billing", "returns", "other", "rare"][idx % 4].to_owned()];
    }
    for item in input.items.iter_mut().skip(20) {
        item.tags.retain(|tag| tag != "rare");
    }
    // As good as the incumbent on the whole; all its misses are in billing, those of the other in none.
    let columns = [
        outcomes(0, &digits(400, |i| i % 4 != 0 && i % 25 == 1)),
        outcomes(1, &digits(400, |i| i % 4 == 0 && i % 28 == 0)),
        outcomes(2, &digits(400, |i| i % 2 == 0)),
    ];
    let decision = run(&input, &columns);
    let Conclusion::Decided { recommended, .. } = decision.conclusion else {
        panic!("{:?}", decision.conclusion)
    };
    assert_eq!(recommended, 1);
    let slice = |tag: &str| decision.slices.iter().find(|s| s.tag == tag).unwrap();
    let billing = slice("billing").versus.as_ref().unwrap();
    assert_eq!((billing.with, billing.worse), (0, true), "{billing:?}");
    assert!(billing.difference.high.unwrap() < 0.0 && billing.p_value < 0.05);
    assert!(!slice("returns").versus.as_ref().unwrap().worse);
    // Five items are too few to compare.
    assert_eq!(slice("rare").versus, None);
    let warning = decision
        .warnings
        .iter()
        .find(|warning| warning.code == WarningCode::WorseSlice)
        .unwrap();
    assert!(warning.text.contains("\"billing\": -"), "{}", warning.text);
    assert!(warning.text.contains("3 tags together"), "{}", warning.text);
}
