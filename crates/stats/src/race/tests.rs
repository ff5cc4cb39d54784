use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::resample::{ChaChaStream, IndexStream};
use crate::sequential::Population;

/// Outcomes of arms on items, 1 = passed.
type Outcomes = Vec<Vec<f64>>;

fn happens(stream: &mut ChaChaStream, p: f64) -> bool {
    (stream.next_index(1 << 30) as f64) < p * f64::from(1 << 30)
}

/// Arms of the given pass rates that tend to fail on the same items.
fn outcomes(stream: &mut ChaChaStream, rates: &[f64], items: usize) -> Outcomes {
    let mut table = vec![Vec::with_capacity(items); rates.len()];
    for _ in 0..items {
        let hard = happens(stream, 0.3);
        for (row, rate) in table.iter_mut().zip(rates) {
            // Three of four failures lie among the hard items.
            let fail = (1.0 - rate) * if hard { 2.5 } else { 0.357 };
            row.push(f64::from(u8::from(!happens(stream, fail.min(1.0)))));
        }
    }
    table
}

fn mean(row: &[f64]) -> f64 {
    row.iter().sum::<f64>() / row.len() as f64
}

/// Runs a race to its end; the finish and the questions asked.
fn run(mut race: Race, table: &Outcomes) -> (Finish, BTreeSet<Query>) {
    let mut asked = BTreeSet::new();
    loop {
        match race.next_step().unwrap() {
            Step::Ask(queries) => {
                assert!(!queries.is_empty());
                for query in queries {
                    assert!(asked.insert(query), "{query:?} was asked twice");
                    race.answer(query, Answer::Passed(table[query.arm][query.item]));
                }
            }
            Step::Stop(finish) => return (finish, asked),
        }
    }
}

fn spec(arms: usize, items: usize, mode: Mode) -> RaceSpec {
    RaceSpec {
        field: Field {
            arms,
            items,
            tolerance: 0.02,
            seed: 7,
        },
        mode,
        prices: None,
        batch: 1,
        repeats: 1,
    }
}

const MODES: [Mode; 4] = [
    Mode::Calibrated,
    Mode::Cheapest,
    Mode::CertifiedSet,
    Mode::CertifiedSource,
];

#[test]
fn certified_choices_are_wrong_at_most_as_often_as_claimed() {
    // Five arms of which four are just bad enough: the hardest case for the bound.
    let mut stream = ChaChaStream::new(17);
    let replicates = 300;
    let mut wrong = 0;
    for _ in 0..replicates {
        let table = outcomes(&mut stream, &[0.87, 0.90, 0.87, 0.87, 0.87], 200);
        let best = table.iter().map(|row| mean(row)).fold(0.0, f64::max);
        let (finish, _) = run(Race::new(spec(5, 200, Mode::CertifiedSet)).unwrap(), &table);
        wrong += u32::from(best - mean(&table[finish.chosen]) > 0.02 + 1e-9);
    }
    assert!(wrong <= 15, "{wrong} of {replicates}");
}

#[test]
fn every_mode_finds_a_clear_winner_with_fewer_questions_than_all() {
    let mut stream = ChaChaStream::new(5);
    for mode in MODES {
        let (mut found, mut share) = (0, 0.0);
        for _ in 0..40 {
            let table = outcomes(&mut stream, &[0.55, 0.65, 0.90, 0.70], 300);
            let (finish, asked) = run(Race::new(spec(4, 300, mode)).unwrap(), &table);
            found += u32::from(finish.chosen == 2);
            share += asked.len() as f64 / 1200.0 / 40.0;
        }
        assert!(found >= 38, "{mode:?}: {found} of 40");
        assert!(share < 0.35, "{mode:?}: {share}");
    }
}

#[test]
fn cheap_arms_go_ahead_and_dear_ones_are_asked_where_they_failed() {
    let mut stream = ChaChaStream::new(5);
    let table = outcomes(&mut stream, &[0.93, 0.95, 0.94, 0.90], 400);
    let prices = Some(vec![100.0, 100.0, 1.0, 1.0]);
    let spec = RaceSpec {
        prices,
        ..spec(4, 400, Mode::Cheapest)
    };
    let (_, asked) = run(Race::new(spec).unwrap(), &table);
    let of = |arm: usize| asked.iter().filter(|query| query.arm == arm).count();
    assert!(
        of(0) < of(2) && of(1) < of(2),
        "{} {} {}",
        of(0),
        of(1),
        of(2)
    );
}

#[test]
fn a_large_field_is_halved_first() {
    let mut stream = ChaChaStream::new(9);
    let rates: Vec<f64> = (0..20).map(|arm| 0.50 + 0.02 * f64::from(arm)).collect();
    let mut regret = 0.0;
    for _ in 0..20 {
        let table = outcomes(&mut stream, &rates, 300);
        let race = Race::new(spec(20, 300, Mode::Calibrated)).unwrap();
        let (finish, asked) = run(race, &table);
        let best = table.iter().map(|row| mean(row)).fold(0.0, f64::max);
        regret += (best - mean(&table[finish.chosen])) / 20.0;
        assert!(asked.len() < 2000, "{}", asked.len());
    }
    assert!(regret < 0.03, "{regret}");
}

#[test]
fn missing_answers_never_certify_anybody() {
    for mode in MODES {
        let mut race = Race::new(spec(3, 40, mode)).unwrap();
        let finish = loop {
            match race.next_step().unwrap() {
                Step::Ask(queries) => {
                    for query in queries {
                        race.answer(query, Answer::Missing);
                    }
                }
                Step::Stop(finish) => break finish,
            }
        };
        assert!(
            !matches!(finish.guarantee, Guarantee::Certified { .. }),
            "{mode:?}: {finish:?}"
        );
    }
}

#[test]
fn the_source_is_claimed_less_readily_than_the_set() {
    let mut stream = ChaChaStream::new(5);
    let table = outcomes(&mut stream, &[0.90, 0.89, 0.80], 200);
    let (of_set, few) = run(Race::new(spec(3, 200, Mode::CertifiedSet)).unwrap(), &table);
    let (_, more) = run(
        Race::new(spec(3, 200, Mode::CertifiedSource)).unwrap(),
        &table,
    );
    assert!(few.len() <= more.len(), "{} {}", few.len(), more.len());
    let population = Population::Finite(200);
    assert!(
        matches!(of_set.guarantee, Guarantee::Certified { population: of, .. } if of == population)
    );
}

#[test]
fn refuses_what_it_cannot_run() {
    let fine = spec(3, 10, Mode::Calibrated);
    let with = |field: Field| RaceSpec {
        field,
        ..fine.clone()
    };
    for field in [
        Field {
            arms: 0,
            ..fine.field
        },
        Field {
            items: 0,
            ..fine.field
        },
        Field {
            tolerance: 0.0,
            ..fine.field
        },
        Field {
            tolerance: f64::NAN,
            ..fine.field
        },
    ] {
        assert!(Race::new(with(field)).is_err(), "{field:?}");
    }
    for prices in [vec![1.0], vec![1.0, -1.0, 1.0], vec![f64::NAN; 3]] {
        let rules = PosteriorRules::least_money(prices);
        assert!(PosteriorRace::new(fine.field, rules).is_err());
    }
    let other_size = CertifiedRules::of_the_set(11);
    assert!(CertifiedRace::new(fine.field, other_size).is_err());
}

proptest! {
    #[test]
    fn a_race_ends_and_is_replayed_from_its_record(
        seed in 0_u64..1000, arms in 1_usize..6, items in 1_usize..40, batch in 1_usize..6, mode in 0_usize..4,
    ) {
        let mut stream = ChaChaStream::new(seed);
        let rates: Vec<f64> = (0..arms).map(|_| stream.next_index(11) as f64 / 10.0).collect();
        let table = outcomes(&mut stream, &rates, items);
        let spec = RaceSpec { batch, ..spec(arms, items, MODES[mode]) };
        let (finish, asked) = run(Race::new(spec.clone()).unwrap(), &table);
        prop_assert!(finish.chosen < arms);
        // Whatever part of the record is known beforehand, in whatever order: nothing new is asked.
        let mut again = Race::new(spec).unwrap();
        for query in asked.iter().rev().step_by(2) {
            again.answer(*query, Answer::Passed(table[query.arm][query.item]));
        }
        let (replayed, rest) = run(again, &table);
        prop_assert_eq!(replayed, finish);
        prop_assert!(rest.is_subset(&asked));
        prop_assert_eq!(rest.len(), asked.len() - asked.iter().rev().step_by(2).count());
    }
}
