use proptest::prelude::*;

use super::*;
use crate::special::binomial;
use crate::{Confidence, Estimate, Side};

type Interval = fn(Cells, Confidence) -> Result<Estimate, crate::StatsError>;

const INTERVALS: [Interval; 3] = [tango, newcombe, bonett_price];

fn cells(both: usize, only_first: usize, only_second: usize, neither: usize) -> Cells {
    Cells {
        both,
        only_first,
        only_second,
        neither,
    }
}

/// Airway hyper-responsiveness before and after transplantation (Bentur et al. 2009), as analysed by
/// Fagerland, Lydersen, Laake, Statistics in Medicine 33 (2014) and BMC Med Res Methodol 13:91 (2013).
#[test]
fn published_example() {
    let example = cells(1, 1, 7, 12);
    let expected = [(-0.517, -0.026), (-0.507, -0.026), (-0.508, -0.013)];
    for (method, (low, high)) in INTERVALS.iter().zip(expected) {
        let got = method(example, Confidence::P95).unwrap();
        assert!(
            (got.low - low).abs() < 5e-4 && (got.high - high).abs() < 5e-4,
            "{got:?}"
        );
    }
    assert!((mcnemar_exact(example) - 0.0703).abs() < 5e-5);
    assert!((mcnemar_mid_p(example) - 0.0391).abs() < 5e-5);
    assert!((mcnemar_chi_squared(example).p_value - 0.0771).abs() < 5e-5);
}

#[test]
fn without_discordant_items_nothing_is_claimed() {
    let same = cells(90, 0, 0, 10);
    assert_eq!(mcnemar_exact(same), 1.0);
    assert_eq!(mcnemar_mid_p(same), 1.0);
    assert_eq!(mcnemar_chi_squared(same).p_value, 1.0);
    assert!((probability_first_better(same) - 0.5).abs() < 1e-14);
    let interval = tango(same, Confidence::P95).unwrap();
    let wanted = 3.841_458_820_694_124 / (100.0 + 3.841_458_820_694_124);
    assert!(
        (interval.high - wanted).abs() < 1e-9 && (interval.low + wanted).abs() < 1e-9,
        "{interval:?}"
    );
    assert!(tango(Cells::default(), Confidence::P95).is_err());
    assert!(newcombe(Cells::default(), Confidence::P95).is_err());
    assert!(bonett_price(Cells::default(), Confidence::P95).is_err());
}

/// The figures solve (1 - u)^n = 0.05, by Python; the percents are what Hanley and Lippman-Hand (1983) give as exact.
#[test]
fn nothing_seen_bounds_what_there_can_be() {
    for (n, exact, percent) in [
        (10, 0.258_865_6, 26.0),
        (20, 0.139_108_3, 14.0),
        (30, 0.095_033_9, 10.0),
        (50, 0.058_155_1, 6.0),
        (100, 0.029_513_0, 3.0),
    ] {
        let found = alike(0.0, n, Confidence::P95).unwrap();
        assert!((found.high - exact).abs() < 1e-7, "{found:?}");
        assert!((100.0 * found.high - percent).abs() <= 0.5, "{found:?}");
        assert_eq!((found.point, found.low, found.n), (0.0, -found.high, n));
    }
    // Where the first is always right and the second never, nothing can be better than that.
    let always = alike(1.0, 100, Confidence::P95).unwrap();
    assert_eq!(always.high, 1.0);
    assert!((always.low - (1.0 - 2.0 * 0.029_513_0)).abs() < 1e-6);
    assert!(alike(0.0, 0, Confidence::P95).is_err());
    assert!(alike(f64::NAN, 9, Confidence::P95).is_err());
    assert!(alike(1.5, 9, Confidence::P95).is_err());
}

/// Whatever the truth: where it lies outside, that all items are alike is seen in at most 5 % of samples. All others
/// differ as far as they can.
#[test]
fn an_interval_of_alike_items_covers() {
    for n in [1, 5, 40, 300] {
        for difference in [-1.0, -0.5, 0.0, 0.25, 1.0] {
            for step in 0_u32..=1_000 {
                let others = f64::from(step) / 1_000.0;
                for other in [-1.0, 1.0] {
                    let truth = difference + others * (other - difference);
                    let found = alike(difference, n, Confidence::P95).unwrap();
                    let is_in = truth >= found.low - 1e-12 && truth <= found.high + 1e-12;
                    let chance = (1.0 - others).powi(n as i32);
                    assert!(
                        is_in || chance <= 0.05,
                        "{n} {difference} {others} {found:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn cells_are_counted_item_by_item() {
    let got = Cells::of(
        &[true, true, false, false, true],
        &[true, false, true, false, true],
    )
    .unwrap();
    assert_eq!(got, cells(2, 1, 1, 1));
    assert!(Cells::of(&[true], &[]).is_err());
}

#[test]
fn margins_outside_their_range_are_refused() {
    for margin in [-0.01, 1.0, f64::NAN] {
        assert!(noninferiority(cells(1, 1, 1, 1), margin).is_err());
        assert!(equivalence(cells(1, 1, 1, 1), margin).is_err());
    }
    assert!(tango_z(cells(1, 1, 1, 1), 1.1).is_err());
}

#[test]
fn noninferiority_agrees_with_the_bound() {
    for (b, c) in [(0, 0), (3, 5), (10, 4), (2, 14)] {
        let pair = cells(200 - b - c - 5, b, c, 5);
        let low = tango_bound(pair, Confidence::P95, Side::Lower)
            .unwrap()
            .value;
        assert!((tango_z(pair, low).unwrap() - Confidence::P95.z_one_sided()).abs() < 1e-6);
        for margin in [0.01, 0.02, 0.05, 0.1] {
            assert_eq!(
                noninferiority(pair, margin).unwrap().p_value <= 0.05,
                low >= -margin,
                "{b} {c} {margin}"
            );
        }
    }
}

/// Exact coverage and exact false non-inferiority rate, by summing over all discordant counts.
#[test]
fn tango_holds_its_level_where_models_are_strong() {
    let (n, only_first, only_second) = (100, 0.02, 0.05);
    let (mut covered, mut falsely_passed) = (0.0, 0.0);
    for discordant in 0..=40 {
        let outer = binomial::pmf(discordant, n, only_first + only_second);
        for b in 0..=discordant {
            let weight =
                outer * binomial::pmf(b, discordant, only_first / (only_first + only_second));
            let pair = cells(n - discordant, b, discordant - b, 0);
            covered += weight
                * f64::from(u8::from(
                    tango(pair, Confidence::P95).unwrap().contains(-0.03),
                ));
            falsely_passed += weight
                * f64::from(u8::from(
                    noninferiority(pair, 0.03).unwrap().p_value <= 0.05,
                ));
        }
    }
    assert!((0.93..0.99).contains(&covered), "coverage {covered}");
    assert!(
        falsely_passed < 0.06,
        "at the margin itself, level {falsely_passed}"
    );
}

fn any_cells() -> impl Strategy<Value = Cells> {
    (0_usize..300, 0_usize..60, 0_usize..60, 0_usize..60)
        .prop_filter_map("no items", |(a, b, c, d)| {
            (a + b + c + d > 0).then(|| cells(a, b, c, d))
        })
}

proptest! {
    #[test]
    fn intervals_hold_their_point_and_mirror_under_swap(pair in any_cells(), level in 0.5..0.999_f64) {
        let confidence = Confidence::new(level).unwrap();
        for method in INTERVALS {
            let got = method(pair, confidence).unwrap();
            let mirrored = method(pair.swapped(), confidence).unwrap().negated();
            prop_assert!((got.low - mirrored.low).abs() < 1e-9 && (got.high - mirrored.high).abs() < 1e-9, "{got:?}");
            prop_assert!(-1.0 <= got.low && got.high <= 1.0 && got.low < got.high, "{got:?}");
        }
        let score = tango(pair, confidence).unwrap();
        prop_assert!(score.contains(score.point));
    }

    #[test]
    fn score_falls_as_the_hypothesis_rises(pair in any_cells(), a in -0.99..0.99_f64, b in -0.99..0.99_f64) {
        let (smaller, larger) = (a.min(b), a.max(b));
        prop_assert!(tango_z(pair, smaller).unwrap() >= tango_z(pair, larger).unwrap() - 1e-9);
        let mirrored = -tango_z(pair.swapped(), -a).unwrap();
        prop_assert!((tango_z(pair, a).unwrap() - mirrored).abs() < 1e-6 * (1.0 + mirrored.abs()));
    }

    #[test]
    fn p_values_are_probabilities_and_order(pair in any_cells(), margin in 0.0..0.5_f64) {
        let (exact, mid) = (mcnemar_exact(pair), mcnemar_mid_p(pair));
        prop_assert!((0.0..=1.0).contains(&mid) && mid <= exact && exact <= 1.0);
        prop_assert_eq!(exact, mcnemar_exact(pair.swapped()));
        let both_ways = probability_first_better(pair) + probability_first_better(pair.swapped());
        prop_assert!((both_ways - 1.0).abs() < 1e-12);
                prop_assert!(equivalence(pair, margin).unwrap().z <= noninferiority(pair, margin).unwrap().z);
    }

    #[test]
    fn more_items_of_the_same_kind_narrow_the_interval(pair in any_cells(), factor in 2_usize..8) {
        let larger = cells(pair.both * factor, pair.only_first * factor, pair.only_second * factor, pair.neither * factor);
        let width = |c| tango(c, Confidence::P95).unwrap().width();
        prop_assert!(width(larger) < width(pair));
    }
}

/// Chance that the interval holds the true difference, summed over all counts.
fn tango_coverage(n: usize, discordant: f64, difference: f64) -> f64 {
    let z = Confidence::P95.z_two_sided();
    let first_share = (discordant + difference) / (2.0 * discordant);
    (0..=n)
        .map(|m| {
            let weight = binomial::pmf(m, n, discordant);
            if weight < 1e-15 {
                return 0.0;
            }
            let holds = |b: &usize| score(n, *b, m - b, difference).abs() <= z;
            let inner: f64 = (0..=m)
                .filter(holds)
                .map(|b| binomial::pmf(b, m, first_share))
                .sum();
            weight * inner
        })
        .sum()
}

#[test]
fn tango_covers_at_least_93_percent_by_exact_enumeration() {
    let (mut least, mut sum, mut count) = (1.0_f64, 0.0, 0.0);
    for n in [50, 75, 100, 150, 200, 300] {
        for discordant in [0.04, 0.06, 0.08, 0.10, 0.15, 0.20, 0.30, 0.40] {
            for part in [0.0, 0.25, 0.5, 0.75, 0.95] {
                let coverage = tango_coverage(n, discordant, part * discordant);
                assert!(coverage >= 0.93, "n {n}, {discordant}, {part}: {coverage}");
                least = least.min(coverage);
                sum += coverage;
                count += 1.0;
            }
        }
    }
    println!("Tango: least {least:.4}, mean {:.4}", sum / count);
    assert!((0.945..0.96).contains(&(sum / count)));
}

/// Chance of a false "not worse", summed over all counts, of both tests.
fn false_claims(n: usize, discordant: f64, margin: f64, exact: &[Vec<bool>]) -> (f64, f64) {
    let z = Confidence::P95.z_one_sided();
    let first_share = (discordant - margin) / (2.0 * discordant);
    let (mut by_score, mut by_exact) = (0.0, 0.0);
    for (m, row) in exact.iter().enumerate() {
        let weight = binomial::pmf(m, n, discordant);
        for (b, shown) in row.iter().enumerate() {
            let chance = weight * binomial::pmf(b, m, first_share);
            by_score += chance * f64::from(u8::from(score(n, b, m - b, -margin) >= z));
            by_exact += chance * f64::from(u8::from(*shown));
        }
    }
    (by_score, by_exact)
}

#[test]
fn exact_noninferiority_never_exceeds_its_level() {
    let (mut worst_score, mut worst_exact, mut lost) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (n, margin) in [(50, 0.05), (50, 0.1), (100, 0.03), (100, 0.1), (150, 0.02)] {
        // More discordant items than this do not occur below.
        let most = n / 2;
        let shown = |m: usize, b: usize| {
            let cells = cells(n - m, b, m - b, 0);
            // The exact test only ever takes back what the score claims.
            noninferiority(cells, margin).unwrap().p_value <= 0.05
                && noninferiority_exact(cells, margin).unwrap().p_value <= 0.05
        };
        let exact: Vec<Vec<bool>> = (0..=most)
            .map(|m| (0..=m).map(|b| shown(m, b)).collect())
            .collect();
        for extra in [0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12] {
            let (by_score, by_exact) = false_claims(n, margin + extra, margin, &exact);
            worst_score = worst_score.max(by_score);
            worst_exact = worst_exact.max(by_exact);
            lost = lost.max(by_score - by_exact);
        }
    }
    println!(
        "false claims at 5 %: score {worst_score:.4}, exact {worst_exact:.4}, most lost {lost:.4}"
    );
    assert!(worst_score > 0.055, "the score test alone exceeds 5 %");
    assert!(worst_exact <= 0.050_2, "{worst_exact}");
}
