//! Races over items that count unequally.

use super::risk::{Duel, Wins};
use super::*;
use crate::resample::{ChaChaStream, IndexStream};
use crate::sequential::Population;

/// Pass rates of an arm on light, middling and heavy items.
type Rates = [f64; 3];

/// Better on what counts, worse on what is frequent: ahead by weight, behind by count.
const BEST: Rates = [0.85, 0.90, 0.95];
const OTHER: Rates = [0.92, 0.88, 0.88];

fn unit(stream: &mut ChaChaStream) -> f64 {
    (stream.next_index(1 << 30) as f64 + 0.5) / f64::from(1 << 30)
}

/// Weights and outcomes: half of the items count 0.25, two fifths 1, a tenth 4.
fn golden(stream: &mut ChaChaStream, arms: &[Rates], items: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut weights = Vec::new();
    let mut table = vec![Vec::new(); arms.len()];
    for _ in 0..items {
        let kind = match unit(stream) {
            lot if lot < 0.5 => 0,
            lot if lot < 0.9 => 1,
            _ => 2,
        };
        weights.push([0.25, 1.0, 4.0][kind]);
        // Arms tend to fail on the same items.
        let factor = if unit(stream) < 0.3 { 2.5 } else { 0.357 };
        for (row, rates) in table.iter_mut().zip(arms) {
            let fails = unit(stream) < (1.0 - rates[kind]) * factor;
            row.push(f64::from(u8::from(!fails)));
        }
    }
    (weights, table)
}

fn weighted_mean(weights: &[f64], row: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    weights.iter().zip(row).map(|(w, x)| w * x).sum::<f64>() / total
}

fn spec(size: (usize, usize), mode: Mode, weights: Option<Vec<f64>>) -> RaceSpec {
    RaceSpec {
        weights,
        ..super::tests::spec(size.0, size.1, mode)
    }
}

/// Runs a race to its end; the finish and the number of questions.
fn run(spec: RaceSpec, table: &[Vec<f64>]) -> (Finish, usize) {
    let mut race = Race::new(spec).unwrap();
    let mut n_asked = 0;
    loop {
        match race.next_step().unwrap() {
            Step::Ask(queries) => {
                n_asked += queries.len();
                for query in queries {
                    race.answer(query, Answer::Passed(table[query.arm][query.item]));
                }
            }
            Step::Stop(finish) => return (finish, n_asked),
        }
    }
}

/// How weights are dealt with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Weighing {
    Heeded,
    Ignored,
    /// Everything counts the same, with as many items and as good arms as these are worth.
    Even,
}

/// Share of golden sets whose choice is within two points of the best by weight, and the mean share of questions.
fn within(mode: Mode, weighing: Weighing) -> (f64, f64) {
    let mut stream = ChaChaStream::new(71);
    let (mut good, mut asked) = (0, 0);
    let replicates = match mode {
        Mode::Calibrated | Mode::Cheapest => 400,
        // These are long and never wrong.
        Mode::CertifiedSet | Mode::CertifiedSource => 60,
    };
    let (items, arms) = match weighing {
        Weighing::Heeded | Weighing::Ignored => (300, [OTHER, OTHER, BEST, OTHER, OTHER]),
        // Kish: 300 · 0.925² / 2.031; rates by weight.
        Weighing::Even => (
            126,
            [[0.885; 3], [0.885; 3], [0.915; 3], [0.885; 3], [0.885; 3]],
        ),
    };
    for _ in 0..replicates {
        let (mut weights, table) = golden(&mut stream, &arms, items);
        if weighing == Weighing::Even {
            weights.fill(1.0);
        }
        let heeded = (weighing == Weighing::Heeded).then(|| weights.clone());
        let (finish, n_asked) = run(spec((arms.len(), items), mode, heeded), &table);
        let rates: Vec<f64> = table
            .iter()
            .map(|row| weighted_mean(&weights, row))
            .collect();
        let best = rates.iter().copied().fold(0.0, f64::max);
        good += usize::from(best - rates[finish.chosen] <= 0.02 + 1e-9);
        asked += n_asked;
    }
    let n = replicates as f64;
    (
        good as f64 / n,
        asked as f64 / (n * (arms.len() * items) as f64),
    )
}

#[test]
fn weights_are_heeded_by_every_race_that_takes_them() {
    for mode in [Mode::Calibrated, Mode::CertifiedSet] {
        let (good, share) = within(mode, Weighing::Heeded);
        let (ignored, _) = within(mode, Weighing::Ignored);
        let (even, even_share) = within(mode, Weighing::Even);
        println!(
            "{mode:?}: right in {good} with {share} of the questions, weights ignored {ignored}, even {even} with \
             {even_share}"
        );
        assert!(good >= even - 0.04, "{mode:?}: {good}, {even} where even");
        assert!(good >= ignored + 0.2, "{mode:?}: {good}, {ignored} ignored");
        let bound = if mode == Mode::CertifiedSet {
            0.95
        } else {
            0.0
        };
        assert!(good >= bound, "{mode:?}: {good}");
    }
}

#[test]
fn a_certificate_at_the_margin_is_wrong_at_most_as_often_as_claimed() {
    // One golden set whose other arm is just too bad by weight, in a thousand random orders.
    let items = 200;
    let mut stream = ChaChaStream::new(73);
    let (mut weights, mut table) = golden(&mut stream, &[BEST, OTHER], items);
    let total: f64 = weights.iter().sum();
    let lead = |table: &[Vec<f64>], weights: &[f64]| {
        weighted_mean(weights, &table[0]) - weighted_mean(weights, &table[1])
    };
    // Answers to light items take the lead to just above two points.
    let step = 0.25 / total;
    let flip = |table: &mut [Vec<f64>], arm: usize, from: f64| {
        let light = (0..items).find(|item| weights[*item] < 0.5 && table[arm][*item] == from);
        table[arm][light.unwrap()] = 1.0 - from;
    };
    while lead(&table, &weights) - 0.02 <= 1e-9 {
        flip(&mut table, 1, 1.0);
    }
    while lead(&table, &weights) - 0.02 > step + 1e-9 {
        flip(&mut table, 0, 1.0);
    }
    let over = lead(&table, &weights) - 0.02;
    assert!(over > 0.0 && over < 0.003, "{over}");
    let (mut wrong, mut certified) = (0, 0);
    let replicates = 1_000;
    for _ in 0..replicates {
        for last in (1..items).rev() {
            let other = stream.next_index(last + 1);
            weights.swap(last, other);
            table.iter_mut().for_each(|row| row.swap(last, other));
        }
        let spec = spec((2, items), Mode::CertifiedSet, Some(weights.clone()));
        let (finish, _) = run(spec, &table);
        let population = Population::Finite(items);
        let is_certified = finish.guarantee
            == Guarantee::Certified {
                alpha: 0.05,
                population,
            };
        certified += usize::from(is_certified);
        wrong += usize::from(is_certified && finish.chosen == 1);
    }
    println!("{wrong} of {replicates} wrong, {certified} certified");
    assert!(certified > replicates / 2, "{certified}");
    assert!(wrong * 20 <= replicates, "{wrong} of {replicates}");
}

#[test]
fn equal_weights_are_no_weights() {
    let mut stream = ChaChaStream::new(79);
    let (_, table) = golden(&mut stream, &[BEST, OTHER, OTHER], 100);
    for mode in [
        Mode::Calibrated,
        Mode::Cheapest,
        Mode::CertifiedSet,
        Mode::CertifiedSource,
    ] {
        let even = run(spec((3, 100), mode, Some(vec![2.7; 100])), &table);
        assert_eq!(even, run(spec((3, 100), mode, None), &table), "{mode:?}");
    }
}

#[test]
fn nobody_knows_how_much_an_item_of_the_source_may_count() {
    let mut weights = vec![1.0; 50];
    weights[3] = 2.0;
    let spec = spec((3, 50), Mode::CertifiedSource, Some(weights.clone()));
    assert!(Race::new(spec).is_err());
    let best = Bar::NotWorseThanBest {
        allowed: Allowed::Points(0.03),
        claim: Claim::OfSet,
        let_go: 0.01,
    };
    let course = GateCourse::new((3, 50), vec![0, 1, 2], vec![best]).unwrap();
    assert!(course.weighted(&weights).is_err());
}

#[test]
fn the_risk_of_items_that_count_unequally_is_what_comes_of_it() {
    let mut stream = ChaChaStream::new(83);
    let (items, seen) = (200, 80);
    let mut bins = [(0.0, 0.0, 0.0); 5];
    for _ in 0..20_000 {
        let (given, _) = golden(&mut stream, &[], items);
        let weights = weights::Weights::new(&given, items).unwrap().worth();
        // Discordance rates from a gamma prior of shape 2 and weight 100, whatever an item counts.
        let rate = |stream: &mut ChaChaStream| -(unit(stream) * unit(stream)).ln() / 100.0;
        let (better, worse) = (rate(&mut stream), rate(&mut stream));
        let (mut chosen, mut rival, mut end) = (Wins::default(), Wins::default(), 0.0);
        for item in 0..items {
            let (lot, weight) = (unit(&mut stream), weights.of(item));
            let lead = if lot < better {
                -weight
            } else if lot < better + worse {
                weight
            } else {
                continue;
            };
            end += lead;
            if item < seen {
                if lead < 0.0 {
                    chosen.add(weight)
                } else {
                    rival.add(weight)
                }
            }
        }
        let tolerated = 0.02 * weights.all();
        let duel = Duel {
            chosen,
            rival,
            considered: weights.first(seen),
            rest: weights.rest(seen),
            size: weights.size_of_rest(seen),
            tolerated,
        };
        let risk = duel.risk();
        let bin = &mut bins[((risk * 5.0) as usize).min(4)];
        *bin = (
            bin.0 + 1.0,
            bin.1 + risk,
            bin.2 + f64::from(u8::from(end > tolerated)),
        );
    }
    for (n, predicted, happened) in bins {
        println!(
            "{n}: predicted {}, happened {}",
            predicted / n,
            happened / n
        );
        if n > 200.0 {
            // Heavy wins are trusted as rates of what counts, which costs some sharpness where they are not.
            let error = 3.0 * (0.25_f64 / n).sqrt() + 0.03;
            assert!(
                (predicted - happened).abs() / n < error,
                "{n} {predicted} {happened}"
            );
        }
    }
}

#[test]
fn an_arm_that_is_good_where_it_counts_is_not_given_up() {
    // It passes what counts and fails three of four of the rest: 40 % by count, 80 % by weight.
    let items = 200;
    let is_heavy = |item: usize| item.is_multiple_of(5);
    let weights: Vec<f64> = (0..items)
        .map(|item| if is_heavy(item) { 11.0 } else { 1.0 })
        .collect();
    let bars = vec![Bar::PassRate {
        min: 0.7,
        claim: Claim::OfSet,
    }];
    for (heeded, met) in [(true, Some(0)), (false, None)] {
        let course = GateCourse::new((1, items), vec![0], bars.clone()).unwrap();
        let mut course = if heeded {
            course.weighted(&weights).unwrap()
        } else {
            course
        };
        loop {
            match course.next_step().unwrap() {
                GateStep::Ask(queries) => {
                    for query in queries {
                        let passes = is_heavy(query.item) || query.item.is_multiple_of(4);
                        course.answer(query, Answer::Passed(f64::from(u8::from(passes))));
                    }
                }
                GateStep::Price => course.price(&[Some(1.0)]),
                GateStep::Judge { is_complete, .. } => course.judged(if is_complete {
                    Word::Meets(Some(1.0))
                } else {
                    Word::Open
                }),
                GateStep::Stop => break,
            }
        }
        assert_eq!(course.met(), met, "weights heeded: {heeded}");
    }
}
