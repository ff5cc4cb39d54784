use proptest::prelude::*;

use super::*;
use crate::resample::{ChaChaStream, IndexStream};
use crate::{Confidence, Estimate, Method, StatsError};

/// Two rows of counts repeated, for ratings made by hand.
fn panel(rows: &[(usize, [Option<usize>; 3])]) -> Vec<Vec<Option<usize>>> {
    rows.iter()
        .flat_map(|(times, row)| std::iter::repeat_n(row.to_vec(), *times))
        .collect()
}

fn uniform(stream: &mut ChaChaStream) -> f64 {
    stream.next_u64() as f64 / u64::MAX as f64
}

#[test]
fn weighted_gwet_is_that_of_irrcac() {
    // irrCAC 0.4.4, raw ratings as below, weights "linear" and "quadratic", categories [0, 1, 2].
    let rows = panel(&[
        (20, [Some(0), Some(0), Some(0)]),
        (15, [Some(1), Some(1), Some(1)]),
        (12, [Some(2), Some(2), Some(2)]),
        (5, [Some(0), Some(1), None]),
        (4, [Some(1), Some(2), Some(1)]),
        (3, [Some(0), Some(2), Some(0)]),
        (2, [None, Some(2), None]),
    ]);
    let ratings = Ratings::new(&rows, 3).unwrap();
    for (scale, point, error) in [
        (Scale::Linear, (0.7812231951215, 0.0624511469534)),
        (Scale::Interval, (0.8060679695984, 0.0646467234987)),
    ]
    .map(|(scale, (point, error))| (scale, point, error))
    {
        let got = gwet_ac(&ratings, scale, Confidence::P95).unwrap();
        assert!((got.point - point).abs() < 1e-9, "{got:?}");
        assert!(
            (got.standard_error.unwrap() - error).abs() < 1e-9,
            "{got:?}"
        );
    }
}

#[test]
fn prevalence_lowers_kappa_but_hardly_gwet() {
    // 118 of 125 agree, nearly all "pass": Feinstein and Cicchetti's paradox.
    let table = CrossTable::new(vec![vec![118, 5], vec![2, 0]]).unwrap();
    let kappa = cohen_kappa(&table, Scale::Nominal, Confidence::P95).unwrap();
    let rows: Vec<_> = [(118, 0, 0), (5, 0, 1), (2, 1, 0)]
        .into_iter()
        .flat_map(|(times, a, b)| std::iter::repeat_n(vec![Some(a), Some(b)], times))
        .collect();
    let ratings = Ratings::new(&rows, 2).unwrap();
    let gwet = gwet_ac(&ratings, Scale::Nominal, Confidence::P95).unwrap();
    assert!(kappa.point < 0.0, "{kappa:?}");
    assert!(gwet.point > 0.9, "{gwet:?}");
}

#[test]
fn perfect_agreement_claims_no_certainty() {
    let table = CrossTable::new(vec![vec![20, 0], vec![0, 20]]).unwrap();
    let kappa = cohen_kappa(&table, Scale::Nominal, Confidence::P95).unwrap();
    // Exact lower bound of 40 of 40 is 0.025^(1/40) = 0.9119; expected agreement is one half.
    assert!((kappa.low - (2.0 * 0.025_f64.powf(1.0 / 40.0) - 1.0)).abs() < 1e-12);
    assert_eq!((kappa.point, kappa.high), (1.0, 1.0));
    assert_eq!(kappa.method, Method::ClopperPearson);
    let rows = panel(&[
        (20, [Some(0), Some(0), None]),
        (20, [Some(1), Some(1), Some(1)]),
    ]);
    let ratings = Ratings::new(&rows, 2).unwrap();
    for method in [gwet_ac, krippendorff_alpha] {
        let got = method(&ratings, Scale::Nominal, Confidence::P95).unwrap();
        assert!((got.point - 1.0).abs() < 1e-12 && got.low < 0.9, "{got:?}");
    }
}

#[test]
fn too_little_and_unusable_data_are_typed() {
    assert!(matches!(
        Ratings::new(&panel(&[(9, [Some(0), Some(1), None])]), 2),
        Err(StatsError::TooFew(few)) if few.missing() == 1
    ));
    assert!(matches!(
        Ratings::new(&panel(&[(30, [Some(0), None, None])]), 2),
        Err(StatsError::TooFew(_))
    ));
    assert!(matches!(
        Ratings::new(&panel(&[(30, [Some(2), Some(0), None])]), 2),
        Err(StatsError::OutOfRange { .. })
    ));
    let same = Ratings::new(&panel(&[(30, [Some(1), Some(1), None])]), 2).unwrap();
    assert_eq!(
        krippendorff_alpha(&same, Scale::Nominal, Confidence::P95),
        Err(StatsError::NoSpread { n: 30 })
    );
    let table = CrossTable::of(&[1; 30], &[1; 30], 2).unwrap();
    assert_eq!(
        cohen_kappa(&table, Scale::Nominal, Confidence::P95),
        Err(StatsError::NoSpread { n: 30 })
    );
    assert!(CrossTable::of(&[0], &[0, 1], 2).is_err());
    assert!(CrossTable::of(&[5; 30], &[0; 30], 2).is_err());
    let people = vec![vec![Some(0); 29]; 3];
    assert!(matches!(
        alt_test(&people, &[Some(0); 29], 0.2, 0.05),
        Err(StatsError::TooFew(few)) if few.needed == MIN_SHARED_ITEMS
    ));
    let people = vec![vec![Some(0); 40]; 2];
    assert!(matches!(
        alt_test(&people, &[Some(0); 40], 0.2, 0.05),
        Err(StatsError::TooFew(few)) if few.needed == 3
    ));
    let people = vec![vec![Some(0); 40]; 3];
    for (epsilon, alpha) in [(1.0, 0.05), (-0.1, 0.05), (f64::NAN, 0.05), (0.1, 0.0)] {
        assert!(alt_test(&people, &[Some(0); 40], epsilon, alpha).is_err());
    }
}

/// A judge of given sensitivity and specificity beside a person who passes a share of the items.
struct World {
    n: usize,
    pass: f64,
    sensitivity: f64,
    specificity: f64,
}

impl World {
    /// Both coefficients of a very large sample: kappa and AC1, which alpha equals in the first case.
    fn truth(&self) -> [f64; 3] {
        let both = self.pass * self.sensitivity;
        let neither = (1.0 - self.pass) * self.specificity;
        let judge = both + (1.0 - self.pass) * (1.0 - self.specificity);
        let mean = f64::midpoint(self.pass, judge);
        let of = |expected: f64| (both + neither - expected) / (1.0 - expected);
        [
            of(self.pass * judge + (1.0 - self.pass) * (1.0 - judge)),
            of(2.0 * mean * (1.0 - mean)),
            of(mean * mean + (1.0 - mean) * (1.0 - mean)),
        ]
    }

    fn draw(&self, stream: &mut ChaChaStream) -> Vec<Vec<Option<usize>>> {
        (0..self.n)
            .map(|_| {
                let human = uniform(stream) < self.pass;
                let right = if human {
                    self.sensitivity
                } else {
                    self.specificity
                };
                let judge = (uniform(stream) < right) == human;
                vec![Some(usize::from(human)), Some(usize::from(judge))]
            })
            .collect()
    }

    /// Shares of 4,000 samples whose intervals hold the truth: kappa, AC1, alpha.
    fn coverage(&self, seed: u64) -> [f64; 3] {
        let mut stream = ChaChaStream::new(seed);
        let truth = self.truth();
        let mut held = [0.0; 3];
        for _ in 0..4000 {
            let rows = self.draw(&mut stream);
            let ratings = Ratings::new(&rows, 2).unwrap();
            let (first, second): (Vec<usize>, Vec<usize>) = rows
                .iter()
                .map(|row| (row[0].unwrap(), row[1].unwrap()))
                .unzip();
            let table = CrossTable::of(&first, &second, 2).unwrap();
            let got = [
                cohen_kappa(&table, Scale::Nominal, Confidence::P95),
                gwet_ac(&ratings, Scale::Nominal, Confidence::P95),
                krippendorff_alpha(&ratings, Scale::Nominal, Confidence::P95),
            ];
            for ((held, got), truth) in held.iter_mut().zip(got).zip(truth) {
                *held += f64::from(u8::from(got.is_ok_and(|e: Estimate| e.contains(truth))));
            }
        }
        held.map(|held| held / 4000.0)
    }
}

#[test]
fn intervals_cover_as_claimed() {
    for (n, pass, sensitivity, specificity) in [
        (100, 0.5, 0.8, 0.8),
        (100, 0.7, 0.9, 0.7),
        (200, 0.8, 0.9, 0.7),
        (200, 0.85, 0.85, 0.8),
        (400, 0.9, 0.95, 0.6),
    ] {
        let world = World {
            n,
            pass,
            sensitivity,
            specificity,
        };
        let got = world.coverage(n as u64);
        println!("{n} {pass} {sensitivity} {specificity}: {got:?}");
        for share in got {
            assert!((0.93..=0.98).contains(&share), "{got:?}");
        }
    }
}

proptest! {
    #[test]
    fn coefficients_keep_their_range(
        rows in prop::collection::vec(prop::collection::vec(prop::option::of(0..3_usize), 3), 10..60),
    ) {
        if let Ok(ratings) = Ratings::new(&rows, 3) {
            for scale in [Scale::Nominal, Scale::Linear, Scale::Interval, Scale::Ordinal] {
                for method in [gwet_ac, krippendorff_alpha] {
                    if let Ok(got) = method(&ratings, scale, Confidence::P95) {
                        prop_assert!(got.low <= got.point && got.point <= got.high && got.high <= 1.0, "{got:?}");
                        prop_assert!(got.low >= -1.0 || got.low == got.point, "{got:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn renaming_categories_changes_nothing(
        labels in prop::collection::vec((0..3_usize, 0..3_usize), 10..60),
    ) {
        let table = |order: [usize; 3]| {
            let (a, b): (Vec<_>, Vec<_>) = labels.iter().map(|(a, b)| (order[*a], order[*b])).unzip();
            cohen_kappa(&CrossTable::of(&a, &b, 3).unwrap(), Scale::Nominal, Confidence::P95)
        };
        match (table([0, 1, 2]), table([2, 0, 1])) {
            (Ok(one), Ok(other)) => prop_assert!((one.point - other.point).abs() < 1e-12),
            (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
        }
    }
}
