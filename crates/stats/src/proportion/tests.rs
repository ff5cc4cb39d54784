use proptest::prelude::*;

use super::*;
use crate::{Confidence, Estimate, Side};

fn close(got: f64, expected: f64, what: &str) {
    assert!(
        (got - expected).abs() <= 5e-4,
        "{what}: {got}, expected {expected}"
    );
}

#[test]
fn published_values() {
    // Newcombe, Statistics in Medicine 17 (1998) 857, table I: 81/263, 15/148, 0/20, 1/29.
    let table = [
        (81, 263, [0.2553, 0.3662], [0.2527, 0.3676]),
        (15, 148, [0.0624, 0.1605], [0.0578, 0.1617]),
        (0, 20, [0.0, 0.1611], [0.0, 0.1684]),
        (1, 29, [0.0061, 0.1718], [0.0009, 0.1776]),
    ];
    for (k, n, expected_wilson, expected_exact) in table {
        let count = Count::new(k, n).unwrap();
        let got = wilson(count, Confidence::P95);
        close(got.low, expected_wilson[0], "Wilson low");
        close(got.high, expected_wilson[1], "Wilson high");
        let got = clopper_pearson(count, Confidence::P95);
        close(got.low, expected_exact[0], "Clopper-Pearson low");
        close(got.high, expected_exact[1], "Clopper-Pearson high");
    }
}

#[test]
fn rule_of_three_is_the_exact_bound_without_failures() {
    let bound = clopper_pearson_bound(Count::new(100, 100).unwrap(), Confidence::P95, Side::Lower);
    assert!((bound.value - 0.05_f64.powf(0.01)).abs() < 1e-13);
}

#[test]
fn counts_that_make_no_sense_are_refused() {
    assert!(Count::new(0, 0).is_err());
    assert!(Count::new(3, 2).is_err());
    assert!(Count::of(&[]).is_err());
    assert_eq!(
        Count::of(&[true, false, true]).unwrap(),
        Count::new(2, 3).unwrap()
    );
}

/// Exact coverage: sums the binomial probabilities of all counts whose interval holds the truth.
/// Exact coverage of both intervals at true rates from 50 to 98 %, by summing over all counts.
#[test]
fn clopper_pearson_covers_at_least_as_claimed_and_wilson_nearly() {
    let (mut least, mut sum, mut count) = (1.0_f64, 0.0, 0.0);
    for n in [50, 75, 100, 150, 200, 300, 400, 500] {
        let intervals: Vec<(Estimate, Estimate)> = (0..=n)
            .map(|k| {
                let count = Count::new(k, n).unwrap();
                let exact = clopper_pearson(count, Confidence::P95);
                (exact, wilson(count, Confidence::P95))
            })
            .collect();
        for percent in 50..=98 {
            let p = f64::from(percent) / 100.0;
            let (mut exact, mut score) = (0.0, 0.0);
            for (k, (clopper_pearson, wilson)) in intervals.iter().enumerate() {
                let weight = crate::special::binomial::pmf(k, n, p);
                exact += weight * f64::from(u8::from(clopper_pearson.contains(p)));
                score += weight * f64::from(u8::from(wilson.contains(p)));
            }
            assert!(
                exact >= 0.95 - 1e-12,
                "Clopper-Pearson {exact} at n = {n}, p = {p}"
            );
            assert!(score >= 0.92, "Wilson {score} at n = {n}, p = {p}");
            least = least.min(score);
            sum += score;
            count += 1.0;
        }
    }
    println!("Wilson: least {least:.4}, mean {:.4}", sum / count);
    assert!((0.94..=0.96).contains(&(sum / count)));
}

#[test]
fn korn_graubard_shrinks_n_only_when_clusters_agree() {
    let outcomes: Vec<bool> = (0..60).map(|i| (i / 6) % 3 != 0).collect();
    let together: Vec<usize> = (0..60).map(|i| i / 6).collect();
    let alone: Vec<usize> = (0..60).collect();
    let count = Count::of(&outcomes).unwrap();
    let naive = clopper_pearson(count, Confidence::P95);
    let clustered = korn_graubard(&outcomes, &together, Confidence::P95).unwrap();
    assert!(
        clustered.width() > 2.0 * naive.width(),
        "{} {}",
        clustered.width(),
        naive.width()
    );
    let independent = korn_graubard(&outcomes, &alone, Confidence::P95).unwrap();
    assert!((independent.width() / naive.width() - 1.0).abs() < 0.02);
    let lower = korn_graubard_bound(&outcomes, &together, Confidence::P95, Side::Lower).unwrap();
    assert!(lower.value < naive.low && lower.value > clustered.low);
    let all_pass =
        korn_graubard_bound(&[true; 60], &together, Confidence::P95, Side::Lower).unwrap();
    assert!(
        (all_pass.value - 0.05_f64.powf(0.1)).abs() < 1e-12,
        "ten clusters count as ten items"
    );
}

proptest! {
    #[test]
    fn intervals_hold_their_point_and_mirror(n in 1_usize..3000, share in 0.0..=1.0_f64, level in 0.5..0.999_f64) {
        let confidence = Confidence::new(level).unwrap();
        let k = (share * n as f64) as usize;
        let count = Count::new(k, n).unwrap();
        for method in [wilson, clopper_pearson, agresti_coull, jeffreys, uniform_prior] {
            let estimate = method(count, confidence);
            prop_assert!(estimate.contains(estimate.point), "{estimate:?}");
            prop_assert!(0.0 <= estimate.low && estimate.high <= 1.0 && estimate.width() > 0.0, "{estimate:?}");
            let mirror = method(count.failures(), confidence);
            prop_assert!((mirror.low - (1.0 - estimate.high)).abs() < 1e-12, "{estimate:?} {mirror:?}");
        }
    }

    #[test]
    fn more_items_at_the_same_rate_narrow_every_interval(k in 0_usize..50, extra in 0_usize..50, factor in 2_usize..10) {
        let n = k + extra + 1;
        let (small, large) = (Count::new(k, n).unwrap(), Count::new(k * factor, n * factor).unwrap());
        for method in [wilson, clopper_pearson, agresti_coull, jeffreys, uniform_prior] {
            prop_assert!(method(large, Confidence::P95).width() < method(small, Confidence::P95).width());
        }
    }

    #[test]
    fn bound_is_the_end_of_the_interval_at_twice_the_error(k in 0_usize..=200) {
        let count = Count::new(k, 200).unwrap();
        let interval = clopper_pearson(count, Confidence::P90);
        let lower = clopper_pearson_bound(count, Confidence::P95, Side::Lower).value;
        let upper = clopper_pearson_bound(count, Confidence::P95, Side::Upper).value;
        prop_assert!((interval.low - lower).abs() < 1e-12 && (interval.high - upper).abs() < 1e-12);
    }
}
