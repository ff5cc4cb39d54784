use proptest::prelude::*;

use super::*;
use crate::resample::{ChaChaStream, IndexStream};

fn uniform(stream: &mut ChaChaStream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn item(n_before: u32, yes_before: u32, n_now: u32, yes_now: u32) -> BinaryItem {
    BinaryItem {
        n_before,
        yes_before,
        n_now,
        yes_now,
    }
}

fn weight(one: &BinaryItem) -> f64 {
    let (n, yes) = (one.n_before + one.n_now, one.yes_before + one.yes_now);
    ((f64::from(n) + 1.0) / (f64::from(yes) + 0.5) / 2.0)
        .round()
        .clamp(1.0, 8.0)
}

/// The p value by going through every way in which an item's answers can be dealt out.
fn enumerated(items: &[BinaryItem], tie: f64, weight: impl Fn(&BinaryItem) -> f64) -> f64 {
    let mut sums = vec![(0.0, 1.0)];
    let mut observed = 0.0;
    for one in items {
        let (n, yes) = (one.n_before + one.n_now, one.yes_before + one.yes_now);
        if yes == 0 || yes == n {
            continue;
        }
        observed += weight(one) * f64::from(one.yes_now);
        let deals: Vec<u32> = (0_u32..1 << n)
            .filter(|deal| deal.count_ones() == one.n_now)
            .collect();
        let mut next = Vec::new();
        for (sum, chance) in sums {
            for deal in &deals {
                // The first `yes` answers are the "yes".
                let yes_now = (deal & ((1 << yes) - 1)).count_ones();
                next.push((
                    sum + weight(one) * f64::from(yes_now),
                    chance / deals.len() as f64,
                ));
            }
        }
        sums = next;
    }
    let total = |keep: &dyn Fn(f64) -> bool| -> f64 {
        sums.iter()
            .filter(|(sum, _)| keep(*sum))
            .map(|(_, chance)| chance)
            .sum()
    };
    total(&|sum| sum > observed + 1e-9) + tie * total(&|sum| (sum - observed).abs() < 1e-9)
}

#[test]
fn exact_p_values_are_those_of_enumeration() {
    for items in [
        vec![item(5, 0, 1, 1)],
        vec![item(3, 1, 2, 2), item(5, 2, 1, 0)],
        vec![
            item(4, 1, 1, 1),
            item(4, 0, 1, 1),
            item(4, 4, 1, 1),
            item(3, 2, 1, 0),
        ],
    ] {
        for tie in [1.0, 0.3] {
            let (exact, counted) = (
                binary_p_value(&items, tie).unwrap(),
                enumerated(&items, tie, weight),
            );
            assert!(
                (exact - counted).abs() < 1e-12,
                "{items:?}: {exact} {counted}"
            );
        }
    }
    // One item is Fisher's exact test; the value is SciPy's `fisher_exact([[8, 2], [3, 7]], "greater")`.
    let fisher = binary_p_value(&[item(10, 3, 10, 8)], 1.0).unwrap();
    assert!(
        (fisher - 0.034_889_259_347_463_68).abs() < 1e-12,
        "{fisher}"
    );
}

#[test]
fn pooled_p_values_are_those_of_enumeration() {
    let items = [item(3, 1, 3, 2), item(3, 0, 2, 1), item(4, 2, 2, 2)];
    for largest in [1, 3] {
        let counted = enumerated(&items, 1.0, |one| weight(one).min(f64::from(largest)));
        let exact = pooled_p_value(&items, largest).unwrap();
        assert!((exact - counted).abs() < 1e-12, "{exact} {counted}");
    }
}

#[test]
fn ways_of_pooling_share_the_chance() {
    for looks in [1, 2, 7, 30, 90, 365] {
        let shares = |checks: std::ops::RangeInclusive<usize>| -> f64 {
            let due = checks.flat_map(|check| pooled_ways(check, looks));
            due.map(|way| 1.0 / way.factor).sum()
        };
        let n = looks as usize;
        for first in [1, n + 1, 5 * n + 1] {
            let sum = shares(first..=first + n - 1);
            assert!(
                sum <= f64::from(looks) * (1.0 + 1e-12),
                "{looks} from {first}: {sum}"
            );
        }
        assert!((1..=n).all(|check| !pooled_ways(check, looks).is_empty()));
    }
    let spans = |check| -> Vec<usize> {
        let ways = pooled_ways(check, 90);
        ways.iter().map(|way| way.n_checks).collect()
    };
    assert_eq!(spans(1), [1, 1]);
    assert_eq!(spans(10), [4, 4, 8, 8, 10, 10]);
    assert_eq!(spans(11), [4, 4]);
    assert!(spans(0).is_empty());
}

#[test]
fn evidence_is_what_the_formula_says() {
    let mut detector = Detector::new();
    assert_eq!(detector.log_evidence(), f64::NEG_INFINITY);
    // p of 1/2 is z = 0: every factor is exp(-λ²/2).
    let first = detector.observe(0.5).exp();
    let sizes: [f64; 5] = [0.5, 1.0, 1.5, 2.0, 3.0];
    let factor = |size: f64, z: f64| (size * z - size * size / 2.0).exp();
    let mean = |each: &dyn Fn(f64) -> f64| sizes.iter().map(|size| each(*size)).sum::<f64>() / 5.0;
    assert!((first - mean(&|size| factor(size, 0.0))).abs() < 1e-12);
    let z = 1.959_963_984_540_054;
    let second = detector.observe(0.025).exp();
    let expected = mean(&|size| (1.0 + factor(size, 0.0)) * factor(size, z));
    assert!((second - expected).abs() < 1e-9, "{second} {expected}");
    assert_eq!((detector.began(), detector.n_looks()), (Some(1), 2));
}

#[test]
fn thresholds_share_the_chance() {
    let alarms = FalseAlarms::DEFAULT;
    assert!((alarms.log_threshold(1.0).exp() - 1_800.0).abs() < 1e-6);
    assert!((alarms.log_threshold(0.25).exp() - 7_200.0).abs() < 1e-6);
    assert!((alarms.mean_looks_between() - 1_800.0).abs() < 1e-9);
    assert!(FalseAlarms::new(0.0, 90).is_err() && FalseAlarms::new(0.05, 0).is_err());
}

#[test]
fn one_item_is_dealt_out_evenly() {
    // Six answers of which the new one scores highest: one deal in six is as large.
    let top = [SwapItem {
        scores: vec![1.0, 2.0, 3.0, 4.0, 5.0, 9.0],
        n_new: 1,
    }];
    let p = swap_p_value(&top, Tail::Upper, (20_000, 3)).unwrap();
    assert!(p < 0.35, "{p}");
    let bottom = [SwapItem {
        scores: vec![9.0, 5.0, 4.0, 3.0, 2.0, 1.0],
        n_new: 1,
    }];
    assert!(swap_p_value(&bottom, Tail::Upper, (2_000, 3)).unwrap() > 0.8);
}

#[test]
fn unlike_answers_score_high() {
    let answers = [
        vec![1, 2, 3, 4],
        vec![1, 2, 3, 4],
        vec![1, 2, 3, 5],
        vec![9, 9, 9, 9],
    ];
    let scores = similarity_scores(&answers);
    // Of the last: the others are alike by (1 + 0.75 + 0.75) / 3, it is like none of them.
    assert!((scores[3] - 2.5 / 3.0).abs() < 1e-12, "{scores:?}");
    assert!(scores[0] < scores[2] && scores[2] < scores[3]);
    assert_eq!(similarity_scores(&answers[..2]), [0.0, 0.0]);
}

/// Share of p values at or below each of three levels while nothing changes.
fn sizes(mut p_value: impl FnMut(u64) -> f64, n: u32) -> [f64; 3] {
    let mut below = [0.0; 3];
    for seed in 0..n {
        let p = p_value(u64::from(seed));
        for (count, level) in below.iter_mut().zip([0.01, 0.1, 0.5]) {
            *count += f64::from(u8::from(p <= level)) / f64::from(n);
        }
    }
    below
}

#[test]
fn swapped_p_values_are_uniform() {
    let below = sizes(
        |seed| {
            let mut stream = ChaChaStream::new(seed);
            let items: Vec<SwapItem> = (0..8)
                .map(|idx| SwapItem {
                    // Many ties, and another spread for each item.
                    scores: (0..6)
                        .map(|_| (uniform(&mut stream) * 3.0).floor() * f64::from(idx))
                        .collect(),
                    n_new: 1,
                })
                .collect();
            swap_p_value(&items, Tail::Upper, (999, seed)).unwrap()
        },
        3_000,
    );
    let [one, ten, half] = below;
    assert!((0.005..0.016).contains(&one), "{below:?}");
    assert!((0.08..0.12).contains(&ten), "{below:?}");
    assert!((0.46..0.54).contains(&half), "{below:?}");
}

#[test]
fn refuses_what_it_cannot_use() {
    assert!(binary_p_value(&[], 1.0).is_err());
    assert!(binary_p_value(&[item(0, 0, 1, 1)], 1.0).is_err());
    assert!(binary_p_value(&[item(1, 2, 1, 1)], 1.0).is_err());
    let lonely = SwapItem {
        scores: vec![1.0],
        n_new: 1,
    };
    assert!(swap_p_value(&[lonely], Tail::Both, (99, 1)).is_err());
    let infinite = SwapItem {
        scores: vec![f64::INFINITY, 1.0],
        n_new: 1,
    };
    assert!(swap_p_value(&[infinite], Tail::Both, (99, 1)).is_err());
}

/// Without change: alarms within 90 looks, over a stored sample of five.
fn false_alarm_share(n_histories: u32, alarms: FalseAlarms) -> f64 {
    let mut n_alarms = 0_u32;
    for seed in 0..n_histories {
        let mut stream = ChaChaStream::new(u64::from(seed));
        let rates: Vec<f64> = (0..40).map(|_| uniform(&mut stream).powi(4)).collect();
        let mut before: Vec<(u32, u32)> = rates
            .iter()
            .map(|rate| {
                let yes = (0..5)
                    .map(|_| u32::from(uniform(&mut stream) < *rate))
                    .sum();
                (5, yes)
            })
            .collect();
        let mut detector = Detector::new();
        let mut is_alarmed = false;
        for _ in 0..alarms.looks {
            let mut items = Vec::new();
            for ((n, yes), rate) in before.iter_mut().zip(&rates) {
                let now = u32::from(uniform(&mut stream) < *rate);
                items.push(item(*n, *yes, 1, now));
                (*n, *yes) = (*n + 1, *yes + now);
            }
            let tie = uniform(&mut stream);
            let evidence = detector.observe(binary_p_value(&items, tie).unwrap());
            is_alarmed |= evidence >= alarms.log_threshold(1.0);
        }
        n_alarms += u32::from(is_alarmed);
    }
    f64::from(n_alarms) / f64::from(n_histories)
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests learn from the environment how far to go"
)]
#[test]
fn slow_false_alarms_stay_below_what_is_stated() {
    if std::env::var_os("TRILEMMA_SLOW_TESTS").is_none() {
        return;
    }
    let share = false_alarm_share(
        2_000,
        FalseAlarms {
            chance: 0.1,
            looks: 60,
        },
    );
    assert!(share <= 0.1 && share > 0.0, "{share}");
}

#[test]
fn false_alarms_are_rare() {
    let share = false_alarm_share(
        200,
        FalseAlarms {
            chance: 0.2,
            looks: 30,
        },
    );
    assert!(share <= 0.2, "{share}");
}

proptest! {
    #[test]
    fn more_yes_now_is_never_less_surprising(
        before in 0_u32..=6, others in prop::collection::vec((1_u32..6, 0_u32..6, 0_u32..2), 0..6),
    ) {
        let rest: Vec<BinaryItem> = others
            .into_iter()
            .map(|(n, yes, now)| item(n, yes.min(n), 1, now))
            .collect();
        let of = |yes_now| {
            let mut items = rest.clone();
            items.push(item(6, before, 2, yes_now));
            binary_p_value(&items, 1.0).unwrap()
        };
        for p in [of(0), of(1), of(2)] {
            prop_assert!(p > 0.0 && p <= 1.0);
        }
    }
}
