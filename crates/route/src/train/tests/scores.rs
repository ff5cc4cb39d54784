//! Answers that compare equal and are scored otherwise: by a judge, by several scorers, or by more than is compared.

use super::{came_to, examples, options};
use crate::measure::evaluate;
use crate::observe::Observation;
use crate::policy::Plan;
use crate::train::{About, Example, Examples, Options, Recorded, Target, train};

/// On three quarters all say the same, and the large one is scored right more often all the same.
fn judged(n: u64) -> Examples {
    let row = |idx: u64| {
        let coin = |salt: u64| (idx * 2_654_435_761 + salt * 7_919_977) / 13 % 100;
        let agree = coin(1) < 75;
        let outcomes = [("tiny", 0.1), ("small", 0.2), ("large", 2.0)]
            .into_iter()
            .enumerate();
        let outcome = |(place, (name, cost)): (usize, (&str, f64))| {
            let share = match (name, agree) {
                ("large", _) => 97,
                (_, true) => 88,
                (_, false) => 10,
            };
            let said = if agree {
                "same".to_owned()
            } else {
                format!("own {place}")
            };
            Recorded {
                observation: Observation::text(name, said),
                quality: f64::from(u8::from(coin(place as u64 + 2) < share)),
                cost_usd: cost * 0.001,
                seconds: Some(1.0),
                again: Vec::new(),
            }
        };
        Example {
            id: idx.to_string(),
            text: format!("case {}", idx % 10),
            task: None,
            group: None,
            about: About::default(),
            embedded: None,
            labels: Vec::new(),
            outcomes: outcomes.map(outcome).collect(),
        }
    };
    Examples {
        rows: (0..n).map(row).collect(),
        ..examples(0, 0)
    }
}

#[test]
fn what_is_scored_otherwise_is_lost_although_answers_are_the_same() {
    let all = judged(1_000);
    let gap = |row: &Example| row.outcomes[2].quality - row.outcomes[1].quality;
    let large = all
        .rows
        .iter()
        .map(|row| row.outcomes[2].quality)
        .sum::<f64>()
        / 1_000.0;
    let agreeing = all
        .rows
        .iter()
        .filter(|row| row.outcomes[0].observation.outcome == row.outcomes[2].observation.outcome);
    let agreeing: Vec<f64> = agreeing.map(gap).collect();
    let lost = agreeing.iter().sum::<f64>() / 1_000.0;
    assert!(agreeing.len() > 600 && lost > 0.04, "{lost}");
    for points in [0.01, 0.02] {
        let wanted = Options {
            target: Target::Loss(points),
            ..options(true)
        };
        let policy = train(&all, &wanted).policy;
        let (quality, _) = came_to(&policy, &all);
        assert!(quality > large - points - 0.005, "{quality} {large}");
        let held = evaluate(&all, &wanted).held;
        let held = held.iter().find(|one| one.target == wanted.target).unwrap();
        assert!(
            held.found.difference_point > -points - 0.01,
            "{:?}",
            held.found.point
        );
    }
    // Where the loss is allowed, the cheap answers are taken.
    let wanted = Options {
        target: Target::Loss(0.12),
        ..options(true)
    };
    let policy = train(&all, &wanted).policy;
    assert!(matches!(policy.plan, Plan::Cascade { .. }));
    let (quality, cost) = came_to(&policy, &all);
    assert!(quality > large - 0.13 && cost < 0.0013, "{quality} {cost}");
}

#[test]
fn a_budget_below_the_large_one_is_kept_by_the_best_that_it_buys() {
    let all = judged(300);
    let nothing = Options {
        cascades: false,
        queries: false,
        ..options(false)
    };
    let at = |usd: f64| {
        let wanted = Options {
            target: Target::BudgetUsd(usd),
            ..nothing.clone()
        };
        match train(&all, &wanted).policy.plan {
            Plan::Single(id) => id.to_string(),
            plan => panic!("{plan:?}"),
        }
    };
    assert_eq!(at(0.01), "large");
    // Small and tiny are as good as each other but for chance.
    assert!(["small", "tiny"].contains(&at(0.0003).as_str()));
    assert_eq!(at(0.00015), "tiny");
    assert_eq!(at(1e-9), "tiny");
}
