use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use trilemma_domain::ReviewItem;

use super::*;

fn answer(score: f64) -> AnswerSignal {
    AnswerSignal {
        score,
        pass: score >= 0.7,
        judges_apart: None,
    }
}

fn item(item_idx: u32, scores: &[f64]) -> ItemSignal {
    ItemSignal {
        item_idx,
        answers: scores.iter().map(|score| answer(*score)).collect(),
    }
}

/// 200 items: 120 pass, 40 fail, 40 divide the candidates.
fn golden() -> Vec<ItemSignal> {
    (0..200)
        .map(|idx| match idx % 5 {
            0..=2 => item(idx, &[1.0, 1.0]),
            3 => item(idx, &[0.0, 0.0]),
            _ => item(idx, &[1.0, 0.0]),
        })
        .collect()
}

fn drawn(items: &[ReviewItem]) -> Vec<u32> {
    let chosen = items.iter().filter(|item| item.place.is_some());
    chosen.map(|item| item.item_idx).collect()
}

#[test]
fn items_fall_where_a_label_tells_most() {
    let of = |signal: &ItemSignal| Stratum::of(signal, 0.7).unwrap();
    assert_eq!(of(&item(0, &[1.0, 1.0])), Stratum::AllPass);
    assert_eq!(of(&item(0, &[0.0, 0.2])), Stratum::AllFail);
    assert_eq!(of(&item(0, &[1.0, 0.0])), Stratum::CandidatesDiffer);
    assert_eq!(of(&item(0, &[1.0, 0.65])), Stratum::NearTheLine);
    let mut torn = item(0, &[1.0]);
    torn.answers[0].judges_apart = Some(0.5);
    assert_eq!(of(&torn), Stratum::JudgesDiffer);
    assert_eq!(Stratum::of(&item(0, &[]), 0.7), None);
    // Plain right and wrong is never "near", whatever the threshold.
    assert_eq!(
        Stratum::of(&item(0, &[1.0]), 0.95).unwrap(),
        Stratum::AllPass
    );
    for stratum in Stratum::ALL {
        assert_eq!(Stratum::named(stratum.name()), Some(stratum));
    }
}

#[test]
fn draws_are_uniform_within_strata() {
    let signals = golden();
    let mut times: BTreeMap<u32, f64> = BTreeMap::new();
    let mut first: BTreeMap<String, f64> = BTreeMap::new();
    let rounds = 2000;
    for seed in 0..rounds {
        let all = draw(&[], &signals, 0.7, 60, seed).unwrap();
        assert_eq!((all.len(), drawn(&all).len()), (200, 60));
        for idx in drawn(&all) {
            *times.entry(idx).or_default() += 1.0 / rounds as f64;
        }
        let head = all.iter().find(|item| item.place == Some(0)).unwrap();
        *first.entry(head.stratum.clone()).or_default() += 1.0 / rounds as f64;
    }
    let all = draw(&[], &signals, 0.7, 60, 1).unwrap();
    for stratum in ["all pass", "all fail", "candidates differ"] {
        let members: Vec<u32> = all
            .iter()
            .filter(|item| item.stratum == stratum)
            .map(|item| item.item_idx)
            .collect();
        let n_drawn = drawn(&all)
            .iter()
            .filter(|idx| members.contains(idx))
            .count();
        let chance = n_drawn as f64 / members.len() as f64;
        assert!(n_drawn >= 8, "{stratum} {n_drawn}");
        for idx in &members {
            // Five standard errors of 2,000 draws.
            assert!(
                (times[idx] - chance).abs() < 5.0 * 0.5 / (rounds as f64).sqrt(),
                "{idx}"
            );
        }
        // The queue begins with a stratum as often as it has items drawn.
        assert!(
            (first[stratum] - n_drawn as f64 / 60.0).abs() < 0.06,
            "{first:?}"
        );
    }
    let share = |name: &str| {
        let of = |item: &&ReviewItem| item.stratum == name;
        let n = all
            .iter()
            .filter(of)
            .filter(|item| item.place.is_some())
            .count();
        n as f64 / all.iter().filter(of).count() as f64
    };
    assert!(share("candidates differ") > share("all pass"));
}

#[test]
fn later_draws_keep_what_is_drawn() {
    let signals = golden();
    let first = draw(&[], &signals, 0.7, 60, 1).unwrap();
    // Scores have changed since: strata stay.
    let rescored: Vec<ItemSignal> = (0..200).map(|idx| item(idx, &[0.0, 0.0])).collect();
    let second = draw(&first, &rescored, 0.7, 30, 2).unwrap();
    assert_eq!(drawn(&second).len(), 90);
    for (before, after) in first.iter().zip(&second) {
        assert_eq!(before.stratum, after.stratum);
        assert!(before.place.is_none() || before.place == after.place);
    }
    let places: BTreeSet<u32> = second.iter().filter_map(|item| item.place).collect();
    assert_eq!(places, (0..90).collect());
    let all = draw(&second, &signals, 0.7, 9999, 3).unwrap();
    assert_eq!(drawn(&all).len(), 200);
    assert_eq!(
        draw(&all, &signals, 0.7, 1, 4),
        Err(DrawError::AllDrawn { n_items: 200 })
    );
}

#[test]
fn items_that_came_later_stand_for_themselves() {
    let signals = golden();
    let first = draw(&[], &signals[..100], 0.7, 40, 1).unwrap();
    let second = draw(&first, &signals, 0.7, 40, 2).unwrap();
    assert_eq!((second.len(), drawn(&second).len()), (200, 80));
    for item in &second {
        assert_eq!(
            item.item_idx >= 100,
            item.stratum.ends_with(", later"),
            "{item:?}"
        );
    }
}

#[test]
fn small_strata_join_the_largest() {
    let mut signals = golden();
    for signal in signals.iter_mut().take(5) {
        signal.answers[0].judges_apart = Some(1.0);
    }
    let all = draw(&[], &signals, 0.7, 60, 1).unwrap();
    assert!(all.iter().all(|item| item.stratum != "judges differ"));
    assert_eq!(
        draw(&[], &[item(0, &[])], 0.7, 5, 1),
        Err(DrawError::NothingScored)
    );
}

proptest! {
    #[test]
    fn draws_are_as_many_as_wanted(
        scores in prop::collection::vec(prop::collection::vec(0.0..=1.0_f64, 0..4), 1..120),
        n in 0..200_usize,
        seed in any::<u64>(),
    ) {
        let signals: Vec<ItemSignal> = scores.iter().zip(0..).map(|(scores, idx)| item(idx, scores)).collect();
        let n_scored = scores.iter().filter(|scores| !scores.is_empty()).count();
        match draw(&[], &signals, 0.7, n, seed) {
            Ok(all) => {
                prop_assert_eq!(all.len(), n_scored);
                prop_assert_eq!(drawn(&all).len(), n.min(n_scored));
                prop_assert_eq!(&draw(&[], &signals, 0.7, n, seed).unwrap(), &all);
            }
            Err(error) => prop_assert_eq!((error, n_scored), (DrawError::NothingScored, 0)),
        }
    }
}
