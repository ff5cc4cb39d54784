use proptest::prelude::*;

use super::*;
use crate::{Confidence, Method, StatsError};

fn uniform(stream: &mut ChaChaStream) -> f64 {
    stream.next_index(1 << 30) as f64 / f64::from(1 << 30)
}

#[test]
fn streams_are_pinned() {
    // SplitMix64 of seed 1234567, as published with the reference implementation.
    let mut reference = SplitMix64::new(1_234_567);
    let expected = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
    ];
    for value in expected {
        assert_eq!(reference.next_u64(), value);
    }
    let draw = |seed| {
        let mut stream = ChaChaStream::new(seed);
        [
            stream.next_index(1000),
            stream.next_index(1000),
            stream.next_index(1000),
        ]
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    assert_eq!(ChaChaStream::new(1).next_index(0), 0);
    assert_eq!(SplitMix64::new(1).next_index(0), 0);
}

#[test]
fn resampling_is_recorded_by_name() {
    let text = serde_json::to_string(&Resampling::new(7)).unwrap();
    assert_eq!(text, r#"{"seed":7,"resamples":2000,"generator":"chacha8"}"#);
    assert_eq!(
        serde_json::from_str::<Resampling>(&text).unwrap(),
        Resampling::new(7)
    );
}

#[test]
fn sums_are_drawn_as_the_general_bootstrap_draws_them() {
    let mut stream = ChaChaStream::new(5);
    let values: Vec<f64> = (0..40).map(|_| uniform(&mut stream)).collect();
    let resampling = Resampling::new(9);
    let rows: Vec<Vec<f64>> = values.iter().map(|v| vec![1.0, *v]).collect();
    let sums = bootstrap_sums(&rows, &resampling, |sums| sums[1] / sums[0]).unwrap();
    let means = bootstrap_mean(&values, &resampling).unwrap();
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(sums.point(), means.point());
    close(sums.acceleration(), means.acceleration());
    for (a, b) in sums.replicates().iter().zip(means.replicates()) {
        close(*a, *b);
    }
    assert!(matches!(
        bootstrap_sums(&rows[..3], &resampling, |sums| sums[1]),
        Err(StatsError::TooFew(_))
    ));
    let uneven = [rows.clone(), vec![vec![1.0]]].concat();
    assert!(matches!(
        bootstrap_sums(&uneven, &resampling, |sums| sums[1]),
        Err(StatsError::LengthMismatch { .. })
    ));
}

#[test]
fn too_little_is_refused() {
    let resampling = Resampling::new(1);
    assert!(matches!(
        bootstrap_mean(&[1.0, 2.0], &resampling),
        Err(StatsError::TooFew(_))
    ));
    assert_eq!(
        bootstrap_mean(&[1.0; 20], &resampling),
        Err(StatsError::NoSpread { n: 20 })
    );
    assert!(matches!(
        sign_flip(&[], &resampling),
        Err(StatsError::TooFew(_))
    ));
    let nan = bootstrap_statistic(
        &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0],
        &resampling,
        |_| f64::NAN,
    );
    assert_eq!(nan, Err(StatsError::NotFinite { idx: 0 }));
    assert!(paired_mean_difference(&[1.0], &[], Confidence::P95, &resampling).is_err());
}

#[test]
fn mean_interval_covers_as_claimed_and_matches_the_general_form() {
    let mut stream = ChaChaStream::new(5);
    let resampling = Resampling::new(9).with_resamples(400);
    let mut missed = 0;
    for _ in 0..400 {
        // Squares of uniforms: skewed, mean 1/3.
        let values: Vec<f64> = (0..60).map(|_| uniform(&mut stream).powi(2)).collect();
        missed += usize::from(
            !bootstrap_mean(&values, &resampling)
                .unwrap()
                .bca(Confidence::P95)
                .contains(1.0 / 3.0),
        );
    }
    assert!(
        (8..=40).contains(&missed),
        "missed {missed} of 400, expected about 20"
    );
    let values: Vec<f64> = (0..60).map(|_| uniform(&mut stream)).collect();
    let special = bootstrap_mean(&values, &resampling)
        .unwrap()
        .bca(Confidence::P95);
    let general = bootstrap_statistic(&values, &resampling, |v| {
        v.iter().sum::<f64>() / v.len() as f64
    });
    let general = general.unwrap().bca(Confidence::P95);
    assert!((special.low - general.low).abs() < 1e-9 && (special.high - general.high).abs() < 1e-9);
}

#[test]
fn ratio_covers_the_truth() {
    let mut stream = ChaChaStream::new(6);
    let resampling = Resampling::new(2).with_resamples(400);
    let mut missed = 0;
    for _ in 0..400 {
        // Cost 1 + uniform, accepted with chance 0.8: 1.5 / 0.8 per accepted answer.
        let cost: Vec<f64> = (0..80).map(|_| 1.0 + uniform(&mut stream)).collect();
        let accepted: Vec<f64> = (0..80)
            .map(|_| f64::from(u8::from(uniform(&mut stream) < 0.8)))
            .collect();
        let got = ratio_of_means(&cost, &accepted, Confidence::P95, &resampling).unwrap();
        missed += usize::from(!got.contains(1.875));
    }
    assert!(
        (8..=40).contains(&missed),
        "missed {missed} of 400, expected about 20"
    );
}

#[test]
fn ratio_without_denominator_has_no_upper_end() {
    let resampling = Resampling::new(1);
    let cost = [1.0; 40];
    let mut accepted = [0.0; 40];
    let got = ratio_of_means(&cost, &accepted, Confidence::P95, &resampling);
    assert_eq!(got, Err(StatsError::Unbounded { low: None }));
    accepted[..2].fill(1.0);
    let got = ratio_of_means(&cost, &accepted, Confidence::P95, &resampling);
    assert!(
        matches!(got, Err(StatsError::Unbounded { low: Some(low) }) if low > 4.0 && low < 20.0),
        "{got:?}"
    );
    assert_eq!(
        ratio_of_means(&cost, &[1.0; 40], Confidence::P95, &resampling),
        Err(StatsError::NoSpread { n: 40 })
    );
    assert!(ratio_of_means(&cost, &[-1.0; 40], Confidence::P95, &resampling).is_err());
}

#[test]
fn cluster_bootstrap_agrees_with_the_robust_error() {
    let mut stream = ChaChaStream::new(8);
    let mut values = Vec::new();
    let mut clusters = Vec::new();
    for cluster in 0..60 {
        let level = uniform(&mut stream);
        for _ in 0..=stream.next_index(5) {
            values.push(level + 0.1 * uniform(&mut stream));
            clusters.push(cluster * 17);
        }
    }
    let resampled =
        cluster_bootstrap_mean(&values, &clusters, Confidence::P95, &Resampling::new(3)).unwrap();
    let robust = crate::mean::clustered_mean(&values, &clusters, Confidence::P95).unwrap();
    assert_eq!(resampled.method, Method::ClusterBootstrap);
    assert_eq!(resampled.n, values.len());
    assert!((resampled.point - robust.point).abs() < 1e-12);
    assert!(
        (resampled.width() / robust.width() - 1.0).abs() < 0.1,
        "{resampled:?} {robust:?}"
    );
    let few = cluster_bootstrap_mean(
        &values[..9],
        &clusters[..9],
        Confidence::P95,
        &Resampling::new(3),
    );
    assert!(matches!(few, Err(StatsError::TooFew(_))));
}

#[test]
fn quantile_difference_covers_the_truth() {
    let mut stream = ChaChaStream::new(4);
    let resampling = Resampling::new(2).with_resamples(300);
    let mut missed = 0;
    for _ in 0..200 {
        // The same slow items are slow for both; the second is uniform on 0..1, the first on 0..2.
        let second: Vec<f64> = (0..200).map(|_| uniform(&mut stream)).collect();
        let first: Vec<f64> = second.iter().map(|v| 2.0 * v).collect();
        let got =
            paired_quantile_difference(&first, &second, 0.9, Confidence::P95, &resampling).unwrap();
        assert!(got.low <= got.high);
        missed += usize::from(!got.contains(0.9));
    }
    assert!(missed <= 22, "missed {missed} of 200, expected about 10");
}

#[test]
fn quantile_difference_uses_the_harrell_davis_points() {
    let first: Vec<f64> = (0..100).map(|i| f64::from(i * i % 101)).collect();
    let second: Vec<f64> = (0..100).map(|i| f64::from(i * 7 % 13)).collect();
    let got =
        paired_quantile_difference(&first, &second, 0.95, Confidence::P95, &Resampling::new(1))
            .unwrap();
    let point = |v: &[f64]| {
        crate::quantile::harrell_davis(&crate::quantile::Sorted::new(v.to_vec()).unwrap(), 0.95)
    };
    assert!((got.point - (point(&first).unwrap() - point(&second).unwrap())).abs() < 1e-9);
    let swapped =
        paired_quantile_difference(&second, &first, 0.95, Confidence::P95, &Resampling::new(1))
            .unwrap();
    assert!((swapped.low + got.high).abs() < 1e-9);
    let too_few =
        paired_quantile_difference(&first, &second, 0.99, Confidence::P95, &Resampling::new(1));
    assert!(matches!(too_few, Err(StatsError::TooFew(few)) if few.needed == 368));
}

#[test]
fn sampled_flips_approach_the_exact_p() {
    let differences: Vec<f64> = (0..20).map(|i| f64::from(i % 7) - 2.2).collect();
    let exact = sign_flip(&differences, &Resampling::new(1)).unwrap();
    assert_eq!(exact.flips, Flips::Exact);
    let resampling = Resampling::new(1).with_resamples(20_000);
    let sampled = super::sign_flip::sampled_for_test(&differences, &resampling);
    assert!(
        (sampled - exact.p_value).abs() < 0.01,
        "{sampled} {}",
        exact.p_value
    );
    let none = sign_flip(&[0.0; 30], &Resampling::new(1)).unwrap();
    assert_eq!((none.p_value, none.n), (1.0, 30));
}

#[test]
fn sign_flips_reject_as_often_as_claimed() {
    let mut stream = ChaChaStream::new(14);
    let resampling = Resampling::new(3).with_resamples(400);
    let mut rejected = 0;
    for _ in 0..600 {
        let differences: Vec<f64> = (0..40).map(|_| uniform(&mut stream) - 0.5).collect();
        rejected += usize::from(sign_flip(&differences, &resampling).unwrap().p_value <= 0.05);
    }
    assert!(
        (12..=50).contains(&rejected),
        "rejected {rejected} of 600, expected about 30"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn swapping_mirrors_sign_flips(values in prop::collection::vec(-1.0..1.0_f64, 1..15)) {
        let mirrored: Vec<f64> = values.iter().map(|v| -v).collect();
        let (a, b) = (sign_flip(&values, &Resampling::new(1)).unwrap(), sign_flip(&mirrored, &Resampling::new(1)).unwrap());
        prop_assert!((a.p_value - b.p_value).abs() < 1e-12 && (a.difference + b.difference).abs() < 1e-12);
        prop_assert!(a.p_value > 0.0 && a.p_value <= 1.0);
    }

    #[test]
    fn wider_confidence_widens_the_interval(values in prop::collection::vec(0.0..1.0_f64, 12..60), seed in 0_u64..1000) {
        if let Ok(bootstrap) = bootstrap_mean(&values, &Resampling::new(seed).with_resamples(300)) {
            for form in [Bootstrap::percentile, Bootstrap::bca] {
                let (narrow, wide) = (form(&bootstrap, Confidence::P90), form(&bootstrap, Confidence::P99));
                prop_assert!(wide.low <= narrow.low + 1e-9 && narrow.high <= wide.high + 1e-9);
            }
        }
    }
}

#[test]
fn figures_are_drawn_as_the_other_bootstraps_draw_them() {
    let values: Vec<f64> = (0..40).map(|idx| f64::from(idx * idx % 17)).collect();
    let resampling = Resampling::new(11).with_resamples(400);
    let plain = bootstrap_mean(&values, &resampling)
        .unwrap()
        .percentile(Confidence::P95);
    let mean = |counts: &[u32]| {
        let sum: f64 = counts
            .iter()
            .zip(&values)
            .map(|(n, v)| f64::from(*n) * v)
            .sum();
        sum / 40.0
    };
    let [found, constant, halved] =
        bootstrap_figures(40, Confidence::P95, &resampling, |counts: &[u32]| {
            // The last one is there in about 1 − 1/e of the resamples.
            let is_drawn = counts.first() != Some(&0);
            [
                Some(mean(counts)),
                Some(1.0),
                is_drawn.then(|| mean(counts)),
            ]
        });
    let found = found.unwrap();
    assert_eq!((found.n, found.method), (40, Method::BootstrapPercentile));
    for (one, other) in [
        (found.point, plain.point),
        (found.low, plain.low),
        (found.high, plain.high),
    ] {
        assert!((one - other).abs() < 1e-12, "{one} is not {other}");
    }
    assert_eq!(constant, Err(NoInterval::Same));
    let Err(NoInterval::Lacking { share }) = halved else {
        panic!("{halved:?}")
    };
    assert!((0.30..0.44).contains(&share), "{share}");
    let [few] = bootstrap_figures(9, Confidence::P95, &resampling, |_: &[u32]| [Some(0.0)]);
    let text = few.unwrap_err().to_string();
    assert_eq!(text, "9 independent items are too few, 10 are needed");
}
