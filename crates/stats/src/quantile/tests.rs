use proptest::prelude::*;

use super::*;
use crate::resample::{ChaChaStream, IndexStream};
use crate::{Confidence, Side, StatsError, TooFew};

fn sorted(values: &[f64]) -> Sorted {
    Sorted::new(values.to_vec()).unwrap()
}

#[test]
fn too_few_values_name_the_number_needed() {
    let hundred = Sorted::new((0..100).map(f64::from).collect()).unwrap();
    let expected = StatsError::TooFew(TooFew {
        n: 100,
        needed: 368,
    });
    assert_eq!(quantile(&hundred, 0.99, Confidence::P95), Err(expected));
    assert!(quantile(&hundred, 0.95, Confidence::P95).is_ok());
    assert_eq!(needed_for_interval(0.95, Confidence::P95), Ok(72));
    assert_eq!(needed_for_interval(0.05, Confidence::P95), Ok(72));
    assert_eq!(needed_for_interval(0.5, Confidence::P95), Ok(6));
    assert_eq!(needed_for_bound(0.95, Confidence::P95, Side::Upper), Ok(59));
    assert_eq!(needed_for_bound(0.95, Confidence::P95, Side::Lower), Ok(1));
    for n in [71, 72] {
        let sample = Sorted::new((0..n).map(f64::from).collect()).unwrap();
        assert_eq!(quantile(&sample, 0.95, Confidence::P95).is_ok(), n == 72);
    }
}

#[test]
fn unusable_samples_and_levels_are_refused() {
    assert!(Sorted::new(vec![]).is_err());
    assert_eq!(
        Sorted::new(vec![1.0, f64::NAN]),
        Err(StatsError::NotFinite { idx: 1 })
    );
    for p in [0.0, 1.0, f64::NAN] {
        assert!(quantile(&sorted(&[1.0]), p, Confidence::P95).is_err());
        assert!(interpolated(&sorted(&[1.0]), p).is_err());
    }
}

#[test]
fn small_samples_have_known_points() {
    let sample = sorted(&[3.0, 1.0, 2.0]);
    // Weights of the median of three: I_{1/3}(2, 2) = 7/27, 13/27, 7/27.
    assert!((harrell_davis(&sample, 0.5).unwrap() - 2.0).abs() < 1e-12);
    let skewed = sorted(&[0.0, 0.0, 27.0]);
    assert!((harrell_davis(&skewed, 0.5).unwrap() - 7.0).abs() < 1e-12);
    assert!((interpolated(&sample, 0.95).unwrap() - 2.9).abs() < 1e-12);
    assert_eq!(harrell_davis(&sorted(&[5.0]), 0.99).unwrap(), 5.0);
}

#[test]
fn points_of_twenty_thousand_values_equal_scipy() {
    // numpy: w = diff(beta.cdf(arange(n + 1) / n, (n + 1) p, (n + 1) (1 - p))), SciPy 1.17.
    let n = 20_011_u64;
    let sample = Sorted::new((0..n).map(|i| (i * i % n) as f64 / 7.0).collect()).unwrap();
    let known = [
        (0.5, 1_414.313_341_604_463_9),
        (0.95, 2_712.146_843_013_78),
        (0.999, 2_855.641_345_083_546),
    ];
    for (p, expected) in known {
        let got = harrell_davis(&sample, p).unwrap();
        assert!(
            (got - expected).abs() < 1e-11 * expected,
            "{p}: {got} {expected}"
        );
    }
}

#[test]
fn large_samples_are_exact_where_negligible_weights_are_skipped() {
    // Of the values 1..=n with n + 1 weights, the Harrell-Davis point is close to n p + 1/2.
    let n = 100_000;
    let sample = Sorted::new((1..=n).map(f64::from).collect()).unwrap();
    for p in [0.5, 0.9, 0.95, 0.99, 0.999] {
        let got = harrell_davis(&sample, p).unwrap();
        let expected = f64::from(n) * p + 0.5;
        assert!(
            (got - expected).abs() < 1e-6 * expected,
            "{p}: {got} {expected}"
        );
    }
}

#[test]
fn interval_covers_the_true_quantile() {
    let mut stream = ChaChaStream::new(3);
    let (mut missed, mut missed_bound) = (0, 0);
    for _ in 0..1000 {
        let sample = Sorted::new(
            (0..150)
                .map(|_| stream.next_index(1_000_000) as f64)
                .collect(),
        )
        .unwrap();
        missed += usize::from(
            !quantile(&sample, 0.95, Confidence::P95)
                .unwrap()
                .contains(950_000.0),
        );
        let bound = quantile_bound(&sample, 0.95, Confidence::P95, Side::Upper).unwrap();
        missed_bound += usize::from(bound.value < 950_000.0);
    }
    assert!(
        missed <= 60,
        "missed {missed} of 1000, at most about 50 are allowed"
    );
    assert!(missed_bound <= 60, "missed {missed_bound} of 1000");
}

#[test]
fn dependent_values_are_worth_fewer() {
    // Every value ten times over: 1,500 values that are worth 150.
    let mut stream = ChaChaStream::new(11);
    let (mut missed, mut missed_plain) = (0, 0);
    for _ in 0..500 {
        let drawn: Vec<f64> = (0..150)
            .map(|_| stream.next_index(1_000_000) as f64)
            .collect();
        let repeated = drawn.iter().flat_map(|value| [*value; 10]).collect();
        let sample = Sorted::new(repeated).unwrap();
        let found = quantile_of_dependent(&sample, 150.0, 0.95, Confidence::P95).unwrap();
        missed += usize::from(!found.contains(950_000.0));
        let plain = quantile(&sample, 0.95, Confidence::P95).unwrap();
        missed_plain += usize::from(!plain.contains(950_000.0));
    }
    assert!(missed <= 33, "missed {missed} of 500");
    assert!(
        missed_plain > 150,
        "plain missed only {missed_plain} of 500"
    );

    let sample = Sorted::new((0..400).map(f64::from).collect()).unwrap();
    let whole = quantile_of_dependent(&sample, 400.0, 0.95, Confidence::P95).unwrap();
    let plain = quantile(&sample, 0.95, Confidence::P95).unwrap();
    assert_eq!(whole, plain);
    assert!(quantile_of_dependent(&sample, 71.9, 0.95, Confidence::P95).is_err());
    assert!(quantile_of_dependent(&sample, 401.0, 0.95, Confidence::P95).is_err());
}

proptest! {
    #[test]
    fn points_lie_in_the_sample_and_rise_with_p(values in prop::collection::vec(-1e6..1e6_f64, 1..200)) {
        let sample = sorted(&values);
        let mut previous = f64::NEG_INFINITY;
        for p in [0.01, 0.25, 0.5, 0.75, 0.95, 0.999] {
            let point = harrell_davis(&sample, p).unwrap();
            prop_assert!(point >= previous - 1e-6, "{point} after {previous}");
            prop_assert!(point >= sample.at(0) - 1e-6 && point <= sample.at(usize::MAX) + 1e-6);
            previous = point;
            if let Ok(estimate) = quantile(&sample, p, Confidence::P95) {
                prop_assert!(estimate.contains(estimate.point));
            }
        }
    }

    #[test]
    fn reversing_the_values_reverses_the_point(values in prop::collection::vec(-1e3..1e3_f64, 1..80), p in 0.01..0.99_f64) {
        let reversed: Vec<f64> = values.iter().map(|v| -v).collect();
        let (a, b) = (harrell_davis(&sorted(&values), p).unwrap(), harrell_davis(&sorted(&reversed), 1.0 - p).unwrap());
        prop_assert!((a + b).abs() < 1e-7, "{a} {b}");
    }
}

/// Weeks in remission, Freireich and others, Blood 21, 1963: 6-mercaptopurine and placebo. The figures are those of
/// SAS's LIFETEST and of R's survfit with `conf.type = "log-log"`.
#[test]
fn the_leukaemia_trial_has_its_published_figures() {
    let relapsed = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
    let still_well = [
        6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0,
    ];
    let found = |p| quantile_of_censored(&relapsed, &still_well, p, Confidence::P95).unwrap();
    let quarter = found(0.25).unwrap();
    // As lifelines (PyPI) 0.30.3 has them, which was run on both groups on 2026-11-30.
    assert_eq!(
        (quarter.point, quarter.low, quarter.high, quarter.n),
        (13.0, 6.0, 22.0, 21)
    );
    // The median is at week 23, from 13 on: nothing bounds it from above.
    assert_eq!(found(0.5), None);
    let placebo = [
        1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 5.0, 8.0, 8.0, 8.0, 8.0, 11.0, 11.0, 12.0, 12.0,
        15.0, 17.0, 22.0, 23.0,
    ];
    let median = quantile_of_censored(&placebo, &[], 0.5, Confidence::P95).unwrap();
    let median = median.unwrap();
    assert_eq!((median.point, median.low, median.high), (8.0, 4.0, 11.0));
    let few = quantile_of_censored(&placebo, &[], 0.95, Confidence::P95);
    assert_eq!(few, Err(StatsError::TooFew(TooFew { n: 21, needed: 72 })));
    assert!(quantile_of_censored(&[f64::NAN; 80], &[], 0.5, Confidence::P95).is_err());
    assert_eq!(
        quantile_of_censored(&[], &[1.0; 80], 0.5, Confidence::P95),
        Ok(None)
    );
}

#[test]
fn times_nobody_waited_for_do_not_shorten_a_quantile() {
    let mut stream = ChaChaStream::new(17);
    let (mut missed, mut missed_without, rounds) = (0, 0, 500);
    for _ in 0..rounds {
        let (mut seen, mut left) = (Vec::new(), Vec::new());
        for _ in 0..300 {
            // Half of those who wait do so for some time of their own and no longer.
            let time = stream.next_index(1_000_000) as f64;
            let patience = stream.next_index(2_000_000) as f64;
            if time <= patience {
                seen.push(time);
            } else {
                left.push(patience);
            }
        }
        let found = quantile_of_censored(&seen, &left, 0.5, Confidence::P95).unwrap();
        missed += usize::from(!found.unwrap().contains(500_000.0));
        let without = quantile(&Sorted::new(seen).unwrap(), 0.5, Confidence::P95).unwrap();
        missed_without += usize::from(!without.contains(500_000.0));
    }
    assert!(
        missed <= 38,
        "missed {missed} of {rounds}, about 25 are allowed"
    );
    assert!(
        missed_without > 250,
        "left out they shorten it: {missed_without}"
    );
}
