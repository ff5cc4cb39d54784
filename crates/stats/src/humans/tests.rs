use proptest::prelude::*;

use super::*;
use crate::proportion::Count;
use crate::resample::{ChaChaStream, IndexStream};
use crate::{Confidence, Side, StatsError};

const REPLICATES: u32 = 4000;

fn uniform(stream: &mut ChaChaStream) -> f64 {
    stream.next_u64() as f64 / u64::MAX as f64
}

/// People pass a share of the items; the judge sees a pass, and a fail, with these chances.
#[derive(Debug, Clone, Copy)]
struct World {
    pass: f64,
    sensitivity: f64,
    specificity: f64,
}

impl World {
    fn draw(self, stream: &mut ChaChaStream) -> (f64, f64) {
        let human = uniform(stream) < self.pass;
        let right = if human {
            self.sensitivity
        } else {
            self.specificity
        };
        let judge = (uniform(stream) < right) == human;
        (f64::from(u8::from(human)), f64::from(u8::from(judge)))
    }
}

/// Shares of replicates in which the interval holds the truth, and in which either bound is wrong.
#[derive(Debug, Clone, Copy)]
struct Record {
    covered: f64,
    low_wrong: f64,
    high_wrong: f64,
    width: f64,
}

fn simulate(truth: f64, mut draw: impl FnMut() -> Corrected) -> Record {
    let (mut covered, mut low_wrong, mut high_wrong, mut width) = (0, 0, 0, 0.0);
    for _ in 0..REPLICATES {
        let got = draw();
        let estimate = got.estimate(Confidence::P95);
        covered += u32::from(estimate.contains(truth));
        width += estimate.width();
        low_wrong += u32::from(got.bound(Side::Lower, Confidence::P95).value > truth);
        high_wrong += u32::from(got.bound(Side::Upper, Confidence::P95).value < truth);
    }
    let share = |n: u32| f64::from(n) / f64::from(REPLICATES);
    Record {
        covered: share(covered),
        low_wrong: share(low_wrong),
        high_wrong: share(high_wrong),
        width: width / f64::from(REPLICATES),
    }
}

/// One stratum of `n` labels and `others` items beside them.
fn plain(world: World, n: usize, others: usize, stream: &mut ChaChaStream) -> Corrected {
    let (human, judge) = (0..n).map(|_| world.draw(stream)).unzip();
    let unlabelled = (0..others).map(|_| world.draw(stream).1).collect();
    let stratum = Stratum {
        weight: 1.0,
        human,
        judge,
        unlabelled,
    };
    prediction_powered(&[stratum], Tuning::Tuned).unwrap()
}

#[test]
fn ppi_covers_as_claimed() {
    for (n, others, pass, sensitivity, specificity) in [
        (50, 450, 0.5, 0.75, 0.75),
        (50, 450, 0.8, 0.9, 0.8),
        (100, 400, 0.5, 0.95, 0.95),
        (100, 400, 0.8, 0.9, 0.6),
        (100, 400, 0.9, 0.95, 0.7),
        (100, 1900, 0.9, 0.99, 0.95),
        (100, 200, 0.95, 0.98, 0.8),
        (200, 300, 0.95, 0.95, 0.5),
        (200, 300, 0.8, 0.99, 0.99),
    ] {
        let world = World {
            pass,
            sensitivity,
            specificity,
        };
        let mut stream = ChaChaStream::new(n as u64 + others as u64);
        let got = simulate(pass, || plain(world, n, others, &mut stream));
        println!("{n} of {} {world:?}: {got:?}", n + others);
        assert!((0.93..=0.98).contains(&got.covered), "{world:?} {got:?}");
    }
}

#[test]
fn ppi_bounds_err_at_most_alpha() {
    for (n, others, pass, sensitivity, specificity) in [
        (30, 470, 0.9, 0.95, 0.7),
        (50, 450, 0.95, 0.98, 0.8),
        (50, 450, 0.5, 0.75, 0.75),
        (100, 400, 0.98, 0.98, 0.8),
        (100, 400, 0.9, 0.99, 0.95),
        (100, 400, 0.95, 0.95, 0.5),
        (200, 300, 0.95, 0.98, 0.8),
        (200, 300, 0.2, 0.8, 0.98),
    ] {
        let world = World {
            pass,
            sensitivity,
            specificity,
        };
        let mut stream = ChaChaStream::new(7 * n as u64 + others as u64);
        let got = simulate(pass, || plain(world, n, others, &mut stream));
        println!("{n} of {} {world:?}: {got:?}", n + others);
        // Simulation error of a true 5 % is 0.34 points; three of them are 1.03.
        assert!(
            got.low_wrong < 0.060 && got.high_wrong < 0.060,
            "{world:?} {got:?}"
        );
    }
}

#[test]
fn rates_corrected_by_what_was_measured_elsewhere_cover() {
    // Labels of items half of which people pass; the items in question pass more often.
    for (n, labels, pass, sensitivity, specificity) in [
        (300, 60, 0.7, 0.9, 0.8),
        (300, 100, 0.8, 0.9, 0.8),
        (500, 100, 0.9, 0.95, 0.9),
        (500, 200, 0.8, 0.75, 0.75),
        (1_000, 200, 0.9, 0.95, 0.7),
    ] {
        let mut stream = ChaChaStream::new(u64::from(labels));
        let mut count = |n: u32, chance: f64| {
            let hits = (0..n).filter(|_| uniform(&mut stream) < chance).count();
            Count::new(hits, n as usize).unwrap()
        };
        let seen = pass * sensitivity + (1.0 - pass) * (1.0 - specificity);
        let mut covered = 0;
        for _ in 0..REPLICATES {
            let counts = RoganGladen {
                judged: count(n, seen),
                failed: count(labels / 2, specificity),
                passed: count(labels / 2, sensitivity),
            };
            let got = rogan_gladen(counts, Confidence::P95).unwrap();
            covered += u32::from(got.contains(pass));
        }
        let share = f64::from(covered) / f64::from(REPLICATES);
        println!("{n} items, {labels} labels, {pass} pass: {share}");
        assert!((0.93..=0.98).contains(&share), "{n} {labels}: {share}");
    }
}

#[test]
fn stratified_ppi_covers_and_beats_plain() {
    // Where two judges agree people nearly always do; where they differ people are split.
    let easy = World {
        pass: 0.9,
        sensitivity: 0.99,
        specificity: 0.9,
    };
    let hard = World {
        pass: 0.5,
        sensitivity: 0.6,
        specificity: 0.6,
    };
    let truth = 0.7 * 0.9 + 0.3 * 0.5;
    let mut stream = ChaChaStream::new(5);
    let sizes = [
        StratumSize {
            n_items: 350,
            spread: 0.15,
        },
        StratumSize {
            n_items: 150,
            spread: 0.5,
        },
    ];
    let labels = allocate(&sizes, 100, 10).unwrap();
    let stratified = simulate(truth, || {
        let strata: Vec<Stratum> = [(easy, 350, labels[0], 0.7), (hard, 150, labels[1], 0.3)]
            .into_iter()
            .map(|(world, n_items, n, weight)| {
                let (human, judge) = (0..n).map(|_| world.draw(&mut stream)).unzip();
                let rest = (n..n_items).map(|_| world.draw(&mut stream).1);
                Stratum {
                    weight,
                    human,
                    judge,
                    unlabelled: rest.collect(),
                }
            })
            .collect();
        prediction_powered(&strata, Tuning::Tuned).unwrap()
    });
    let mut stream = ChaChaStream::new(6);
    let mut mixed = || {
        let world = if uniform(&mut stream) < 0.7 {
            easy
        } else {
            hard
        };
        world.draw(&mut stream)
    };
    let unstratified = simulate(truth, || {
        let (human, judge) = (0..100).map(|_| mixed()).unzip();
        let stratum = Stratum {
            weight: 1.0,
            human,
            judge,
            unlabelled: (0..400).map(|_| mixed().1).collect(),
        };
        prediction_powered(&[stratum], Tuning::Tuned).unwrap()
    });
    println!("stratified {stratified:?}, plain {unstratified:?}");
    assert!(
        (0.93..=0.98).contains(&stratified.covered),
        "{stratified:?}"
    );
    assert!(stratified.low_wrong < 0.06 && stratified.high_wrong < 0.06);
    assert!(stratified.width < 0.9 * unstratified.width);
}

/// Passes of two candidates on one item by people and by a judge that errs on the item, not the candidate.
fn pair(stream: &mut ChaChaStream) -> (f64, f64) {
    let base = uniform(stream);
    let people = [base < 0.85, base < 0.78 || uniform(stream) < 0.02];
    let is_lenient = uniform(stream) < 0.15;
    let judge = people.map(|pass| pass || is_lenient);
    let difference = |pass: [bool; 2]| f64::from(u8::from(pass[0])) - f64::from(u8::from(pass[1]));
    (difference(people), difference(judge))
}

#[test]
fn paired_differences_cover() {
    // Second passes 0.78 + 0.22 · 0.02.
    let truth = 0.85 - (0.78 + 0.22 * 0.02);
    let mut stream = ChaChaStream::new(8);
    let mut labels_alone = 0.0;
    let got = simulate(truth, || {
        let (human, judge) = (0..120).map(|_| pair(&mut stream)).unzip();
        let stratum = Stratum {
            weight: 1.0,
            human,
            judge,
            unlabelled: (0..380).map(|_| pair(&mut stream).1).collect(),
        };
        let strata = [stratum];
        let alone = prediction_powered(&strata, Tuning::LabelsOnly).unwrap();
        labels_alone += alone.estimate(Confidence::P95).width() / f64::from(REPLICATES);
        prediction_powered(&strata, Tuning::Tuned).unwrap()
    });
    println!("{got:?}, labels alone {labels_alone}");
    assert!((0.93..=0.98).contains(&got.covered), "{got:?}");
    assert!(got.low_wrong < 0.06 && got.high_wrong < 0.06, "{got:?}");
    assert!(got.width < 0.75 * labels_alone, "{got:?} {labels_alone}");
}

#[test]
fn active_labels_cover_and_beat_uniform_ones() {
    let worlds = [(0.9, 0.98, 0.05), (0.5, 0.6, 0.5)];
    let truth = 0.7 * worlds[0].0 + 0.3 * worlds[1].0;
    let run = |is_active: bool, seed: u64| {
        let mut stream = ChaChaStream::new(seed);
        simulate(truth, || {
            let drawn: Vec<(f64, f64, f64)> = (0..600)
                .map(|_| {
                    let (pass, right, guess) = worlds[usize::from(uniform(&mut stream) >= 0.7)];
                    let human = uniform(&mut stream) < pass;
                    let judge = (uniform(&mut stream) < right) == human;
                    (
                        f64::from(u8::from(human)),
                        f64::from(u8::from(judge)),
                        guess,
                    )
                })
                .collect();
            let guesses: Vec<f64> = drawn
                .iter()
                .map(|(_, _, guess)| if is_active { *guess } else { 1.0 })
                .collect();
            let chances = label_chances(&guesses, 150).unwrap();
            let items: Vec<Judged> = drawn
                .iter()
                .zip(&chances)
                .map(|((human, judge, _), chance)| Judged {
                    judge: *judge,
                    human: (uniform(&mut stream) < *chance).then_some((*human, *chance)),
                })
                .collect();
            inverse_probability(&items).unwrap()
        })
    };
    let (active, even) = (run(true, 9), run(false, 10));
    println!("active {active:?}, even {even:?}");
    for got in [active, even] {
        assert!((0.93..=0.98).contains(&got.covered), "{got:?}");
        assert!(got.low_wrong < 0.06 && got.high_wrong < 0.06, "{got:?}");
    }
    assert!(active.width < even.width, "{active:?} {even:?}");
}

#[test]
fn chances_add_up_to_the_labels_wanted() {
    let guesses = [0.0, 0.1, 0.5, 2.0, 0.5, 0.05];
    let chances = label_chances(&guesses, 3).unwrap();
    assert!(
        (chances.iter().sum::<f64>() - 3.0).abs() < 1e-9,
        "{chances:?}"
    );
    assert!(chances.iter().all(|c| *c >= 0.125 - 1e-12 && *c <= 1.0));
    assert!((chances[2] - chances[4]).abs() < 1e-12 && chances[3] > chances[2]);
    assert_eq!(label_chances(&[0.0; 4], 2).unwrap(), vec![0.5; 4]);
    assert_eq!(label_chances(&[1.0; 4], 0).unwrap(), vec![0.0; 4]);
    assert!(label_chances(&[1.0], 2).is_err() && label_chances(&[f64::NAN], 1).is_err());
}

#[test]
fn allocation_is_neymans() {
    let size = |n_items, spread| StratumSize { n_items, spread };
    // 300 · 0.1, 100 · 0.5, 100 · 0.2: shares 30, 50 and 20 of 100.
    let sizes = [size(300, 0.1), size(100, 0.5), size(100, 0.2)];
    let got = allocate(&sizes, 100, 5).unwrap();
    for (got, wanted) in got.iter().zip([30_usize, 50, 20]) {
        assert!(got.abs_diff(wanted) <= 1, "{got} {wanted}");
    }
    assert_eq!(allocate(&sizes, 9000, 5).unwrap(), [300, 100, 100]);
    assert_eq!(
        allocate(&[size(3, 0.5), size(500, 0.01)], 50, 5).unwrap(),
        [3, 47]
    );
    assert_eq!(allocate(&sizes, 4, 5).unwrap(), [2, 1, 1]);
    assert_eq!(allocate(&[], 10, 5).unwrap(), Vec::<usize>::new());
    assert!(allocate(&[size(3, 0.0)], 1, 0).is_err());
}

#[test]
fn a_judge_that_is_never_wrong_leaves_doubt() {
    let human: Vec<f64> = (0..60).map(|i| f64::from(u8::from(i % 5 != 0))).collect();
    let stratum = Stratum {
        weight: 1.0,
        judge: human.clone(),
        human,
        unlabelled: (0..440).map(|i| f64::from(u8::from(i % 5 != 0))).collect(),
    };
    let got = prediction_powered(&[stratum], Tuning::Full).unwrap();
    assert!((got.point - 0.8).abs() < 1e-12);
    let bound = got.bound(Side::Lower, Confidence::P95).value;
    // Nothing against it in 60 labels still allows about 3/60 at 95 %.
    assert!(0.8 - bound > 3.0 / 60.0 - 0.01, "{bound}");
}

#[test]
fn a_judge_that_knows_nothing_gets_no_weight() {
    let mut stream = ChaChaStream::new(3);
    let human: Vec<f64> = (0..200)
        .map(|_| f64::from(u8::from(uniform(&mut stream) < 0.7)))
        .collect();
    let stratum = Stratum {
        weight: 1.0,
        judge: human.iter().map(|y| 1.0 - y).collect(),
        unlabelled: vec![0.0; 300],
        human: human.clone(),
    };
    let got = prediction_powered(&[stratum], Tuning::Tuned).unwrap();
    assert_eq!(got.lambdas, [0.0]);
    assert!((got.point - human.iter().sum::<f64>() / 200.0).abs() < 1e-12);
}

#[test]
fn too_little_and_unusable_data_are_typed() {
    let stratum = |n: usize, weight: f64| Stratum {
        weight,
        human: vec![1.0; n],
        judge: vec![1.0; n],
        unlabelled: vec![1.0; 10],
    };
    let run = |strata: &[Stratum]| prediction_powered(strata, Tuning::Tuned);
    assert!(matches!(run(&[stratum(29, 1.0)]), Err(StatsError::TooFew(few)) if few.missing() == 1));
    assert!(matches!(
        run(&[stratum(40, 0.5), stratum(1, 0.5)]),
        Err(StatsError::TooFew(few)) if few.needed == 2
    ));
    assert!(matches!(run(&[]), Err(StatsError::TooFew(_))));
    for weight in [0.0, -1.0, f64::NAN, 0.9, 1.1] {
        assert!(matches!(
            run(&[stratum(40, weight)]),
            Err(StatsError::OutOfRange { .. })
        ));
    }
    let mut broken = stratum(40, 1.0);
    broken.judge.pop();
    assert!(matches!(
        run(&[broken]),
        Err(StatsError::LengthMismatch { .. })
    ));
    let mut broken = stratum(40, 1.0);
    broken.human[3] = 1.5;
    assert!(matches!(run(&[broken]), Err(StatsError::OutOfRange { .. })));
    let counts = |a, b| RoganGladen {
        judged: Count::new(30, 60).unwrap(),
        failed: Count::new(a, 20).unwrap(),
        passed: Count::new(b, 20).unwrap(),
    };
    assert!(rogan_gladen(counts(10, 10), Confidence::P95).is_err());
    assert!(rogan_gladen(counts(18, 18), Confidence::P95).is_ok());
    let got = run(&[stratum(40, 1.0)]).unwrap();
    assert!(got.inflated(f64::NAN, 10.0).is_err() && got.inflated(2.0, 0.0).is_err());
    let grown = got.inflated(2.0, 7.0).unwrap();
    assert!(grown.estimate(Confidence::P95).width() > got.estimate(Confidence::P95).width());
    assert_eq!(got.inflated(0.3, 1e9).unwrap(), got);
    let moved = got.scaled(0.5, 2.0);
    let (before, after) = (
        got.estimate(Confidence::P95),
        moved.estimate(Confidence::P95),
    );
    assert!((after.low - (0.5 + 2.0 * before.low)).abs() < 1e-12);
    let bound = |one: &Corrected| one.bound(Side::Upper, Confidence::P95).value;
    assert!((bound(&moved) - (0.5 + 2.0 * bound(&got))).abs() < 1e-12);
}

proptest! {
    #[test]
    fn statements_are_ordered(
        pairs in prop::collection::vec((-1.0..=1.0_f64, -1.0..=1.0_f64), 30..80),
        unlabelled in prop::collection::vec(-1.0..=1.0_f64, 0..80),
        is_tuned in any::<bool>(),
    ) {
        let (human, judge) = pairs.into_iter().unzip();
        let tuning = if is_tuned { Tuning::Tuned } else { Tuning::Full };
        let got = prediction_powered(&[Stratum { weight: 1.0, human, judge, unlabelled }], tuning).unwrap();
        let narrow = got.estimate(Confidence::P90);
        let wide = got.estimate(Confidence::P99);
        prop_assert!(wide.low < narrow.low && narrow.contains(got.point) && narrow.high < wide.high);
        prop_assert!(got.lambdas.iter().all(|lambda| (0.0..=1.0).contains(lambda)));
        let low = got.bound(Side::Lower, Confidence::P95).value;
        let high = got.bound(Side::Upper, Confidence::P95).value;
        prop_assert!(low < got.point && got.point < high);
    }
}
