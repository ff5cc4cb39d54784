use proptest::prelude::*;

use super::*;
use crate::resample::{ChaChaStream, IndexStream, Resampling};
use crate::{Confidence, StatsError};

fn outcomes(stream: &mut ChaChaStream, n: usize, rate_per_mille: usize) -> Vec<f64> {
    (0..n)
        .map(|_| f64::from(u8::from(stream.next_index(1000) < rate_per_mille)))
        .collect()
}

#[test]
fn adjustments_of_a_small_example() {
    // R: p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm") and "BH".
    let p = [0.04, 0.01, 0.03, 0.02];
    let expected = [0.06, 0.04, 0.06, 0.06];
    for (got, expected) in holm(&p).unwrap().iter().zip(expected) {
        assert!((got - expected).abs() < 1e-12);
    }
    assert!(
        benjamini_hochberg(&p)
            .unwrap()
            .iter()
            .all(|q| (q - 0.04).abs() < 1e-12)
    );
    assert!(holm(&[]).unwrap().is_empty());
    assert!(holm(&[1.5]).is_err() && benjamini_hochberg(&[f64::NAN]).is_err());
}

#[test]
fn family_refuses_what_it_cannot_compare() {
    let resampling = Resampling::new(1).with_resamples(10);
    let refused =
        |scores: &[Vec<f64>]| compare_family(scores, Confidence::P95, &resampling).unwrap_err();
    assert!(matches!(refused(&[vec![1.0; 20]]), StatsError::TooFew(_)));
    assert!(matches!(
        refused(&[vec![1.0; 5], vec![0.0; 5]]),
        StatsError::TooFew(_)
    ));
    assert!(matches!(
        refused(&[vec![1.0; 20], vec![0.0; 21]]),
        StatsError::LengthMismatch { .. }
    ));
    assert!(matches!(
        refused(&[vec![1.0; 20], vec![2.0; 20]]),
        StatsError::OutOfRange { .. }
    ));
}

#[test]
fn identical_members_stay_tied_with_an_interval() {
    let mut stream = ChaChaStream::new(2);
    let same = outcomes(&mut stream, 100, 900);
    let other = outcomes(&mut stream, 100, 400);
    let family = compare_family(
        &[same.clone(), same, other],
        Confidence::P95,
        &Resampling::new(3),
    )
    .unwrap();
    let tied = &family.pairs[0].difference;
    assert!(tied.point == 0.0 && tied.width() > 0.02, "{tied:?}");
    assert!(
        family.members[0].may_be_best
            && family.members[1].may_be_best
            && !family.members[2].may_be_best
    );
    assert!((family.members[0].probability_best - 0.5).abs() < 1e-9);
    assert_eq!(
        (family.members[2].rank_best, family.members[2].rank_worst),
        (3, 3)
    );
    assert_eq!(
        (family.members[0].rank_best, family.members[0].rank_worst),
        (1, 2)
    );
    assert!(family.members[2].largest_regret > 0.3 && family.members[0].largest_regret < 0.05);
}

#[test]
fn set_of_the_best_holds_it() {
    let mut stream = ChaChaStream::new(21);
    let resampling = Resampling::new(5).with_resamples(300);
    let (mut lost, mut wrong_interval, mut excluded_worst) = (0, 0, 0);
    for _ in 0..200 {
        let scores: Vec<Vec<f64>> = [900, 880, 880, 700]
            .map(|rate| outcomes(&mut stream, 120, rate))
            .to_vec();
        let family = compare_family(&scores, Confidence::P95, &resampling).unwrap();
        lost += usize::from(!family.members[0].may_be_best);
        excluded_worst += usize::from(!family.members[3].may_be_best);
        let truth = [0.02, 0.02, 0.2, 0.0, 0.18, 0.18];
        let all_hold = family
            .pairs
            .iter()
            .zip(truth)
            .all(|(pair, truth)| pair.difference.contains(truth));
        wrong_interval += usize::from(!all_hold);
    }
    assert!(
        lost <= 18,
        "lost the best {lost} times of 200, at most about 10 are allowed"
    );
    assert!(
        wrong_interval <= 24,
        "{wrong_interval} of 200 families had a wrong interval, expected about 10"
    );
    assert!(
        excluded_worst >= 180,
        "20 points below the best is seen: {excluded_worst}"
    );
}

proptest! {
    #[test]
    fn adjusted_values_keep_order_and_never_shrink(p in prop::collection::vec(0.0..=1.0_f64, 1..20)) {
        for (method, adjusted) in [("holm", holm(&p).unwrap()), ("bh", benjamini_hochberg(&p).unwrap())] {
            for (i, a) in adjusted.iter().enumerate() {
                prop_assert!(*a >= p[i] - 1e-15 && *a <= 1.0, "{method}");
                for (j, b) in adjusted.iter().enumerate() {
                    prop_assert!(p[i] > p[j] || a <= b, "{method}");
                }
            }
        }
        let (strict, lenient) = (holm(&p).unwrap(), benjamini_hochberg(&p).unwrap());
        prop_assert!(strict.iter().zip(&lenient).all(|(h, b)| *h >= b - 1e-12));
    }
}
