//! Formulas against figures worked out by hand.

use super::*;
use crate::observe::Observation;
use crate::policy::{Compare, Member};
use crate::train::{About, Example, Examples, Frame, Options, Recorded, Target};

fn close(found: Option<f64>, expected: f64) {
    assert!(
        (found.unwrap() - expected).abs() < 1e-12,
        "{found:?} is not {expected}"
    );
}

#[test]
fn the_mix_is_the_hull_of_what_rises() {
    let hull = Frontier::hull(&[
        (3.0, 0.9),
        (1.0, 0.5),
        (2.0, 0.6),
        (4.0, 0.8),
        (2.5, 0.85),
        (1.0, 0.4),
    ]);
    assert_eq!(hull.corners, [(1.0, 0.5), (2.5, 0.85), (3.0, 0.9)]);
    close(hull.at(1.75), 0.675);
    close(hull.at(9.0), 0.9);
    assert_eq!(hull.at(0.5), None);
    // Two trapezia: 1.5 × 0.675 and 0.5 × 0.875.
    close(
        hull.mean_between(1.0, 3.0),
        (1.5 * 0.675 + 0.5 * 0.875) / 2.0,
    );
    close(aiq(&[(1.0, 0.5), (3.0, 0.9)], 1.0, 3.0), 0.7);
    assert_eq!(hull.mean_between(3.0, 3.0), None);
}

#[test]
fn a_path_keeps_what_is_worse() {
    let path = Frontier::path(&[(1.0, 0.5), (3.0, 0.9), (2.0, 0.4)]);
    close(path.at(2.0), 0.4);
    close(path.mean_between(1.0, 3.0), (0.45 + 0.65) / 2.0);
    // A jump at one cost.
    let jump = Frontier::path(&[(1.0, 0.5), (2.0, 0.5), (2.0, 0.9), (3.0, 0.9)]);
    close(jump.mean_between(1.0, 3.0), 0.7);
}

#[test]
fn a_pair_is_scored_as_routellm_scores_it() {
    // Ten items, the strong candidate gains on the first five by score: PGR 0.2, 0.4, … 1, 1, …
    let scores: Vec<f64> = (0..10).rev().map(f64::from).collect();
    let strong = [1.0; 10];
    let weak: Vec<f64> = (0..10).map(|idx| if idx < 5 { 0.0 } else { 1.0 }).collect();
    let found = pair(&scores, &weak, &strong).unwrap();
    // Trapezoid rule by hand: (0.1 + 0.3 + 0.5 + 0.7 + 0.9 + 5) / 10.
    close(Some(found.apgr), 0.75);
    close(found.cpt50, 0.25);
    close(found.cpt80, 0.4);
    // A coin: all scores equal.
    let coin = pair(&[1.0; 10], &weak, &strong).unwrap();
    close(Some(coin.apgr), 0.5);
    close(coin.cpt80, 0.8);
    assert_eq!(pair(&scores, &strong, &weak), None);
    assert_eq!(pair(&[], &[], &[]), None);
    assert_eq!(pair(&scores, &weak, &strong[1..]), None);
}

/// Items in pairs that share a text, so that whoever saw one knows the other by heart; outcomes are coins.
fn paired(n: usize, grouped: Grouped) -> Examples {
    let row = |idx: usize| {
        let pair = idx / 2;
        // A coin per pair, the same for both.
        let is_right = (pair.wrapping_mul(2_654_435_761) >> 7).is_multiple_of(2);
        let outcome = |(name, right, cost): (&str, bool, f64)| Recorded {
            observation: Observation::text(name, "x"),
            quality: f64::from(u8::from(right)),
            cost_usd: cost,
            seconds: None,
            again: Vec::new(),
        };
        Example {
            id: idx.to_string(),
            text: format!(
                "the words of pair {pair} are {} and {}",
                pair * 7919,
                pair * 104_729
            ),
            task: None,
            group: (grouped == Grouped::Yes).then(|| format!("pair {pair}")),
            about: About::default(),
            embedded: None,
            labels: Vec::new(),
            outcomes: [("small", is_right, 0.001), ("large", !is_right, 0.0012)]
                .map(outcome)
                .to_vec(),
        }
    };
    Examples {
        members: ["small", "large"].map(Member::named).to_vec(),
        rows: (0..n).map(row).collect(),
        extract: None,
        compare: Compare::Loose,
        embedder: None,
        classifiers: Vec::new(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grouped {
    Yes,
    No,
}

fn by_query() -> Options {
    Options {
        name: "test".to_owned(),
        // Any price may be paid: whoever knows an item takes the right one of both.
        target: Target::BudgetUsd(1.0),
        seed: 3,
        cascades: false,
        reads: false,
        queries: true,
        labels: None,
        frame: Frame::default(),
    }
}

#[test]
fn no_item_is_decided_by_a_policy_that_saw_its_like() {
    let quality = |grouped| {
        let examples = paired(240, grouped);
        let wanted = by_query();
        let found = evaluate(&examples, &wanted);
        let held = found.held.iter().find(|held| held.target == wanted.target);
        held.unwrap().found.point.quality
    };
    // Without groups most items have their twin in the training, and are known by heart …
    let leaking = quality(Grouped::No);
    assert!(leaking > 0.75, "{leaking}");
    // … with groups nothing can be known of them.
    let clean = quality(Grouped::Yes);
    assert!(clean < 0.6, "{clean}");
}

#[test]
fn intervals_of_twins_are_those_of_half_as_many() {
    let width = |grouped| {
        let examples = paired(240, grouped);
        let found = evaluate(&examples, &by_query());
        let interval = found.singles[0].interval.clone().unwrap();
        interval.high - interval.low
    };
    let ratio = width(Grouped::Yes) / width(Grouped::No);
    assert!((1.3..1.6).contains(&ratio), "{ratio}");
}
