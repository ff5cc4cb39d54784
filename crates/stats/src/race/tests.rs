use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::Confidence;
use crate::paired::{Cells, score};
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

pub(super) fn spec(arms: usize, items: usize, mode: Mode) -> RaceSpec {
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
        weights: None,
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
fn a_certificate_is_over_the_whole_field() {
    // The best looks worst on the items that halving would look at.
    let mut stream = ChaChaStream::new(13);
    let rates: Vec<f64> = (0..20)
        .map(|arm| if arm == 0 { 0.95 } else { 0.5 })
        .collect();
    let mut table = outcomes(&mut stream, &rates, 400);
    table[0][..16].fill(0.0);
    let mut race = Race::new(spec(20, 400, Mode::CertifiedSet)).unwrap();
    assert_eq!(race.arms().len(), 20);
    assert!(matches!(race.next_step().unwrap(), Step::Ask(_)));
    let (finish, _) = run(race, &table);
    assert_eq!(finish.chosen, 0, "{finish:?}");
}

/// Runs a race for requirements, each arm judged by the outlook over all items; questions asked.
fn course(mut race: GateCourse, table: &Outcomes, prices: &[Option<f64>]) -> (GateCourse, usize) {
    let mut n_asked = 0;
    loop {
        match race.next_step().unwrap() {
            GateStep::Ask(queries) => {
                n_asked += queries.len();
                for query in queries {
                    race.answer(query, Answer::Passed(table[query.arm][query.item]));
                }
            }
            GateStep::Price => race.price(prices),
            GateStep::Judge { arm, is_complete } => {
                let passes: f64 = table[arm].iter().sum();
                let n = table[arm].len();
                let claim = Claim::OfSource(Confidence::P95);
                let meets = is_complete && chance_of_bar((passes, n), n, 0.8, claim).unwrap() > 0.5;
                race.judged(if meets {
                    Word::Meets(prices[arm])
                } else {
                    Word::Open
                });
            }
            GateStep::Stop => return (race, n_asked),
        }
    }
}

#[test]
fn the_cheapest_arm_that_meets_the_bar_is_found_and_the_others_are_spared() {
    let mut stream = ChaChaStream::new(31);
    let table = outcomes(&mut stream, &[0.95, 0.6, 0.9, 0.97, 0.92], 400);
    let bars = vec![Bar::PassRate {
        min: 0.8,
        claim: Claim::OfSource(Confidence::P95),
    }];
    let prices = [Some(8.0), Some(1.0), Some(2.0), Some(9.0), None];
    let race = GateCourse::new((5, 400), (0..5).collect(), bars.clone()).unwrap();
    let (race, n_asked) = course(race, &table, &prices);
    assert_eq!(race.met(), Some(2));
    assert_eq!(race.complete(), [2]);
    let reasons: Vec<(usize, bool)> = race
        .given_up()
        .iter()
        .map(|one| (one.arm, one.reason == Reason::Dearer))
        .collect();
    assert_eq!(reasons, [(1, false), (0, true), (3, true), (4, true)]);
    assert!(n_asked < 600, "{n_asked}");
    // Who is not entered is not asked.
    let race = GateCourse::new((5, 400), vec![0, 1], bars).unwrap();
    let (race, _) = course(race, &table, &prices);
    assert_eq!(race.met(), Some(0));
    assert!(GateCourse::new((2, 10), vec![0], Vec::new()).is_err());
}

/// A race for "not worse than the best by 3 points" over `table`, the cheapest first; every arm judged by Tango's score at
/// `level` against all that are left. Whom it takes, who is left as the best, questions.
fn against_the_best(
    table: &Outcomes,
    (claim, level): (Claim, f64),
    rank_by: RankBy,
) -> (Option<usize>, Vec<usize>, usize) {
    let (arms, items) = (table.len(), table[0].len());
    let bars = vec![Bar::NotWorseThanBest {
        allowed: Allowed::Points(0.03),
        claim,
        let_go: 0.01,
    }];
    let race = GateCourse::new((arms, items), (0..arms).collect(), bars).unwrap();
    let mut race = race.ranked_by(rank_by);
    let bools = |arm: usize| -> Vec<bool> { table[arm].iter().map(|pass| *pass > 0.5).collect() };
    let rank = |arm: usize| match rank_by {
        RankBy::Price => arm as f64,
        RankBy::Passes => 1.0 - mean(&table[arm]),
        RankBy::Time => 100.0 - arm as f64,
    };
    let mut n_asked = 0;
    loop {
        match race.next_step().unwrap() {
            GateStep::Ask(queries) => {
                n_asked += queries.len();
                for query in queries {
                    race.time(query, rank(query.arm) + 0.1 * (query.item % 7) as f64);
                    race.answer(query, Answer::Passed(table[query.arm][query.item]));
                }
            }
            GateStep::Price => {
                let ranks: Vec<Option<f64>> = (0..arms).map(|arm| Some(rank(arm))).collect();
                race.price(&ranks);
            }
            GateStep::Judge { arm, is_complete } => {
                let others = race.references().into_iter().filter(|other| *other != arm);
                let holds = |other: usize| {
                    let cells = Cells::of(&bools(arm), &bools(other)).unwrap();
                    score(items, cells.only_first, cells.only_second, -0.03) >= level
                };
                let meets = is_complete && others.into_iter().all(holds);
                race.judged(if meets {
                    Word::Meets(Some(rank(arm)))
                } else {
                    Word::Open
                });
            }
            GateStep::Stop => return (race.met(), race.references(), n_asked),
        }
    }
}

#[test]
fn the_best_is_released_at_most_as_often_as_claimed() {
    // The best is better by next to nothing, in which case letting it go is likeliest.
    let mut stream = ChaChaStream::new(41);
    for population in [Population::Source, Population::Finite(200)] {
        let (delta, replicates) = (0.1, 600);
        let mut n_lost = 0;
        for _ in 0..replicates {
            let table = outcomes(&mut stream, &[0.90, 0.90, 0.90, 0.90], 200);
            // Of a set the best is that of the items, of a source the first by agreement.
            let best = match population {
                Population::Source => 0,
                Population::Finite(_) => (0..4)
                    .rev()
                    .max_by(|a, b| mean(&table[*a]).total_cmp(&mean(&table[*b])))
                    .unwrap(),
            };
            let mut known = super::grid::Grid::new(4, 200, None);
            for (arm, row) in table.iter().enumerate() {
                for (item, pass) in row.iter().enumerate() {
                    known.set(arm, item, Some(Answer::Passed(*pass)));
                }
            }
            let mut contest = super::contest::Contest::new((0..4).collect(), population, delta);
            for seen in (10..=200).step_by(10) {
                contest.look(&known, seen);
            }
            n_lost += u32::from(!contest.arms().contains(&best));
        }
        let share = f64::from(n_lost) / f64::from(replicates);
        assert!(share <= delta, "{population:?}: {share}");
    }
}

#[test]
fn a_choice_against_the_best_is_false_at_most_as_often_as_claimed() {
    // Three that are 3 points below the best, just inadmissible, and cheaper; the best comes last.
    let alpha: f64 = 0.05;
    let z = Confidence::new(1.0 - 0.8 * alpha / 3.0)
        .unwrap()
        .z_one_sided();
    let claim = Claim::OfSource(Confidence::new(1.0 - 0.8 * alpha / 3.0).unwrap());
    let mut stream = ChaChaStream::new(43);
    let replicates = 1_000;
    let (mut n_false, mut n_found) = (0, 0);
    for _ in 0..replicates {
        let table = outcomes(&mut stream, &[0.87, 0.87, 0.87, 0.90], 300);
        let (met, _, _) = against_the_best(&table, (claim, z), RankBy::Price);
        n_false += u32::from(met.is_some_and(|arm| arm != 3));
        n_found += u32::from(met == Some(3));
    }
    let share = |n: u32| f64::from(n) / f64::from(replicates);
    assert!(share(n_false) <= alpha, "{}", share(n_false));
    assert!(share(n_found) > 0.0, "nobody is ever found");
}

#[test]
fn who_is_not_the_best_is_spared_and_the_cheapest_near_it_is_found() {
    let mut stream = ChaChaStream::new(47);
    let claim = Claim::OfSource(Confidence::P95);
    let mut table = outcomes(&mut stream, &[0.6, 0.93, 0.7, 0.93, 0.5], 500);
    // The fourth is the second, but for two items that it passes besides.
    table[3] = table[1].clone();
    let failed = table[3].iter_mut().filter(|pass| **pass < 0.5);
    failed.take(2).for_each(|pass| *pass = 1.0);
    let (met, left, n_asked) = against_the_best(&table, (claim, 1.645), RankBy::Price);
    assert_eq!(met, Some(1));
    assert!(left.contains(&1) || left.contains(&3), "{left:?}");
    assert!(!left.iter().any(|arm| [0, 2, 4].contains(arm)), "{left:?}");
    assert!(n_asked < 1_500, "{n_asked} of 2500");
    // By passes the one with more of them is taken; by time the fastest of those that are good enough.
    let more = if mean(&table[1]) > mean(&table[3]) {
        1
    } else {
        3
    };
    let (met, ..) = against_the_best(&table, (claim, 1.645), RankBy::Passes);
    assert_eq!(met, Some(more));
    let (met, ..) = against_the_best(&table, (claim, 1.645), RankBy::Time);
    assert_eq!(met, Some(3));
}

#[test]
fn whoever_cannot_get_ahead_is_not_asked_on() {
    let mut stream = ChaChaStream::new(53);
    let table = outcomes(&mut stream, &[0.95, 0.88, 0.87, 0.86], 600);
    let bars = vec![Bar::PassRate {
        min: 0.8,
        claim: Claim::OfSource(Confidence::P95),
    }];
    for rank_by in [RankBy::Passes, RankBy::Time] {
        let race = GateCourse::new((4, 600), (0..4).collect(), bars.clone()).unwrap();
        let mut race = race.ranked_by(rank_by);
        let rank = |arm: usize| match rank_by {
            RankBy::Time => 1.0 + arm as f64,
            RankBy::Price | RankBy::Passes => 1.0 - mean(&table[arm]),
        };
        let mut n_asked = 0;
        loop {
            match race.next_step().unwrap() {
                GateStep::Ask(queries) => {
                    n_asked += queries.len();
                    for query in queries {
                        race.time(query, rank(query.arm) + 0.1 * (query.item % 5) as f64);
                        race.answer(query, Answer::Passed(table[query.arm][query.item]));
                    }
                }
                GateStep::Price => {
                    let ranks: Vec<Option<f64>> = (0..4).map(|arm| Some(rank(arm))).collect();
                    race.price(&ranks);
                }
                GateStep::Judge { arm, .. } => race.judged(Word::Meets(Some(rank(arm)))),
                GateStep::Stop => break,
            }
        }
        assert_eq!(race.met(), Some(0), "{rank_by:?}");
        let behind = |one: &GivenUp| matches!(one.reason, Reason::Behind(_));
        assert_eq!(race.given_up().iter().filter(|one| behind(one)).count(), 3);
        assert!(n_asked < 1_400, "{rank_by:?}: {n_asked} of 2400");
    }
}

#[test]
fn what_is_missing_gives_nobody_up() {
    let bars = vec![Bar::PassRate {
        min: 0.8,
        claim: Claim::OfSource(Confidence::P95),
    }];
    let mut race = GateCourse::new((1, 100), vec![0], bars).unwrap();
    let mut n_judged = 0;
    loop {
        match race.next_step().unwrap() {
            GateStep::Ask(queries) => {
                for query in queries {
                    race.answer(query, Answer::Missing);
                }
            }
            GateStep::Price => race.price(&[None]),
            GateStep::Judge { is_complete, .. } => {
                n_judged += usize::from(is_complete);
                race.judged(Word::Open);
            }
            GateStep::Stop => break,
        }
    }
    assert_eq!((n_judged, race.met(), race.given_up().len()), (1, None, 0));
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
    for weights in [vec![1.0; 9], vec![0.0; 10], vec![f64::NAN; 10]] {
        for mode in MODES {
            let weights = Some(weights.clone());
            assert!(
                Race::new(RaceSpec {
                    weights,
                    ..spec(3, 10, mode)
                })
                .is_err()
            );
        }
    }
    let other_size = CertifiedRules::of_the_set(11);
    assert!(CertifiedRace::new(fine.field, other_size).is_err());
}

#[test]
fn outlook_is_what_comes_of_it() {
    // Arms whose rates come from the prior: of those seen with a chance near p, a share near p gets there.
    let mut stream = ChaChaStream::new(23);
    let (items, asked) = (200, 80);
    let claim = Claim::OfSource(Confidence::P95);
    let uniform =
        |stream: &mut ChaChaStream| (stream.next_index(1 << 30) as f64 + 0.5) / f64::from(1 << 30);
    let (mut bins, mut paired) = ([(0.0, 0.0, 0.0); 5], [(0.0, 0.0, 0.0); 5]);
    for _ in 0..20_000 {
        // Jeffreys' prior is the arcsine law.
        let rate = (std::f64::consts::FRAC_PI_2 * uniform(&mut stream))
            .sin()
            .powi(2);
        let row: Vec<bool> = (0..items).map(|_| uniform(&mut stream) < rate).collect();
        let count = |row: &[bool]| row.iter().filter(|pass| **pass).count() as f64;
        let chance = chance_of_bar((count(&row[..asked]), asked), items, 0.7, claim).unwrap();
        let end = chance_of_bar((count(&row), items), items, 0.7, claim).unwrap();
        let bin = &mut bins[((chance * 5.0) as usize).min(4)];
        *bin = (bin.0 + 1.0, bin.1 + chance, bin.2 + end);
        // Discordance rates from a gamma prior of shape 2 and weight 100.
        let rate = |stream: &mut ChaChaStream| -(uniform(stream) * uniform(stream)).ln() / 100.0;
        let (better, worse) = (rate(&mut stream), rate(&mut stream));
        let mut cells = [Cells::default(), Cells::default()];
        for item in 0..items {
            let lot = uniform(&mut stream);
            for (idx, cells) in cells.iter_mut().enumerate() {
                if idx == 1 || item < asked {
                    cells.only_first += usize::from(lot < better);
                    cells.only_second += usize::from(lot >= better && lot < better + worse);
                    cells.both += usize::from(lot >= better + worse);
                }
            }
        }
        let chance = chance_of_margin(cells[0], items, 0.03, claim).unwrap();
        let end = chance_of_margin(cells[1], items, 0.03, claim).unwrap();
        let bin = &mut paired[((chance * 5.0) as usize).min(4)];
        *bin = (bin.0 + 1.0, bin.1 + chance, bin.2 + end);
    }
    for (n, predicted, happened) in bins.into_iter().chain(paired) {
        if n > 200.0 {
            let error = 3.0 * (0.25_f64 / n).sqrt() + 0.01;
            assert!(
                (predicted - happened).abs() / n < error,
                "{n}: {} predicted, {} happened",
                predicted / n,
                happened / n
            );
        }
    }
}

#[test]
fn outlook_knows_what_is_certain() {
    let claim = Claim::OfSource(Confidence::P95);
    // Not even passing all that is left is enough; and of 100 items 100 passes are.
    assert_eq!(chance_of_bar((10.0, 40), 100, 0.8, claim).unwrap(), 0.0);
    assert_eq!(chance_of_bar((100.0, 100), 100, 0.9, claim).unwrap(), 1.0);
    assert_eq!(
        chance_of_bar((89.0, 100), 100, 0.9, Claim::OfSet).unwrap(),
        0.0
    );
    assert_eq!(
        chance_of_bar((90.0, 100), 100, 0.9, Claim::OfSet).unwrap(),
        1.0
    );
    let lost = Cells {
        only_second: 40,
        ..Cells::default()
    };
    assert!(chance_of_margin(lost, 100, 0.03, claim).unwrap() < 1e-6);
    let equal = Cells {
        both: 290,
        only_first: 5,
        only_second: 5,
        neither: 0,
    };
    assert_eq!(chance_of_margin(equal, 300, 0.03, claim).unwrap(), 1.0);
    assert!(chance_of_margin(equal, 299, 0.03, claim).is_err());
    assert!(chance_of_bar((5.0, 4), 10, 0.5, claim).is_err());
    assert!(chance_of_bar((f64::NAN, 4), 10, 0.5, claim).is_err());
}

proptest! {
    #[test]
    fn a_race_ends_and_is_replayed_from_its_record(
        seed in 0_u64..1000, arms in 1_usize..6, items in 1_usize..40, batch in 1_usize..6, mode in 0_usize..7,
    ) {
        let mut stream = ChaChaStream::new(seed);
        let rates: Vec<f64> = (0..arms).map(|_| stream.next_index(11) as f64 / 10.0).collect();
        let table = outcomes(&mut stream, &rates, items);
        let weights: Vec<f64> = (0..items).map(|_| 1.0 + stream.next_index(9) as f64).collect();
        let weights = (mode > 3).then_some(weights);
        let spec = RaceSpec { batch, weights, ..spec(arms, items, MODES[mode % 4]) };
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
