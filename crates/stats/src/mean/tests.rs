use proptest::prelude::*;

use super::*;
use crate::resample::{ChaChaStream, IndexStream};
use crate::{Confidence, StatsError};

#[test]
fn t_interval_of_a_textbook_sample() {
    // Student's sleep data, differences of the two drugs: mean 1.58, 95 % interval 0.7001 to 2.4599 (R, t.test).
    let differences = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
    let got = mean_t(&differences, Confidence::P95).unwrap();
    assert!((got.point - 1.58).abs() < 1e-12);
    assert!(
        (got.low - 0.700_114_2).abs() < 1e-6 && (got.high - 2.459_885_8).abs() < 1e-6,
        "{got:?}"
    );
}

#[test]
fn too_little_and_unusable_data_are_typed() {
    assert!(matches!(
        mean_t(&[1.0], Confidence::P95),
        Err(StatsError::TooFew(_))
    ));
    assert_eq!(
        mean_t(&[0.1; 7], Confidence::P95),
        Err(StatsError::NoSpread { n: 7 })
    );
    assert_eq!(
        standard_error(&[1.0, f64::NAN]),
        Err(StatsError::NotFinite { idx: 1 })
    );
    assert!(matches!(
        clustered_mean(&[1.0, 2.0], &[4, 4], Confidence::P95),
        Err(StatsError::TooFew(_))
    ));
    assert!(matches!(
        clustered_mean(&[1.0, 2.0], &[4], Confidence::P95),
        Err(StatsError::LengthMismatch { .. })
    ));
    assert!(matches!(
        bounded_mean(&[1.5], Confidence::P95),
        Err(StatsError::OutOfRange { .. })
    ));
}

#[test]
fn singleton_clusters_change_nothing_and_copies_do() {
    let values = [0.1, 0.9, 0.4, 0.7, 0.2, 0.8];
    let alone = clustered_standard_error(&values, &[5, 6, 7, 8, 9, 10]).unwrap();
    assert!((alone.corrected - standard_error(&values).unwrap()).abs() < 1e-12);
    let doubled: Vec<f64> = values.iter().flat_map(|v| [*v, *v]).collect();
    let pairs: Vec<usize> = (0..12).map(|i| i / 2).collect();
    let copied = clustered_standard_error(&doubled, &pairs).unwrap();
    assert!(
        (copied.corrected - alone.corrected).abs() < 1e-12,
        "a copy of every item brings no information"
    );
    assert!(design_effect(&doubled, &pairs).unwrap() > 2.0);
}

#[test]
fn bounded_mean_covers_and_handles_equal_values() {
    let perfect = bounded_mean(&[1.0; 100], Confidence::P95).unwrap();
    assert!(
        perfect.high == 1.0 && (perfect.low - (0.025_f64).powf(0.01)).abs() < 1e-9,
        "{perfect:?}"
    );
    let mut stream = ChaChaStream::new(11);
    let mut missed = 0;
    for _ in 0..500 {
        // Scores 0, 0.5 and 1 with chances 1, 1 and 8 in ten: mean 0.85.
        let values: Vec<f64> = (0..40)
            .map(|_| [0.0, 0.5, 1.0][stream.next_index(10).min(2)])
            .collect();
        missed += usize::from(
            !bounded_mean(&values, Confidence::P95)
                .unwrap()
                .contains(0.85),
        );
    }
    assert!(
        missed <= 25,
        "missed {missed} of 500, at most 5 % are allowed"
    );
}

#[test]
fn t_interval_covers_as_claimed() {
    let mut stream = ChaChaStream::new(12);
    let mut missed = 0;
    for _ in 0..2000 {
        let values: Vec<f64> = (0..30).map(|_| stream.next_index(1001) as f64).collect();
        missed += usize::from(!mean_t(&values, Confidence::P95).unwrap().contains(500.0));
    }
    assert!(
        (60..=140).contains(&missed),
        "missed {missed} of 2000, expected about 100"
    );
}

proptest! {
    #[test]
    fn shift_and_scale_carry_over(values in prop::collection::vec(-1e3..1e3_f64, 3..60), shift in -1e3..1e3_f64) {
        let moved: Vec<f64> = values.iter().map(|v| 2.0 * v + shift).collect();
        if let (Ok(a), Ok(b)) = (mean_t(&values, Confidence::P95), mean_t(&moved, Confidence::P95)) {
            prop_assert!((2.0 * a.low + shift - b.low).abs() < 1e-7);
            prop_assert!(a.contains(a.point) && b.contains(b.point));
        }
    }

    #[test]
    fn bounded_mean_holds_its_point(values in prop::collection::vec(0.0..=1.0_f64, 1..60)) {
        let got = bounded_mean(&values, Confidence::P95).unwrap();
        prop_assert!(got.contains(got.point) && got.width() > 0.0 && got.low >= 0.0 && got.high <= 1.0);
    }
}
