use trilemma_stats::Confidence;
use trilemma_stats::quantile::{Sorted, interpolated};
use trilemma_stats::resample::{
    Flips, Generator, Resampling, bootstrap_mean, bootstrap_statistic, paired_mean_difference,
    sign_flip,
};

use crate::support::{CLOSED, close, close_interval, count, list, number, numbers, vectors};

#[test]
fn data_bootstrap_intervals() {
    let Some(file) = vectors("bootstrap_bca") else {
        return;
    };
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 4);
    for case in cases {
        let data = numbers(&case["data"]);
        let resampling = Resampling {
            seed: case["seed"].as_u64().unwrap(),
            resamples: count(&case["B"]),
            generator: Generator::SplitMix64,
        };
        let statistic = case["statistic"].as_str().unwrap();
        let got = match statistic {
            "mean_diff" => bootstrap_mean(&data, &resampling),
            "p95_chars" => bootstrap_statistic(&data, &resampling, |values| {
                interpolated(&Sorted::new(values.to_vec()).unwrap(), 0.95).unwrap()
            }),
            other => panic!("unknown statistic {other}"),
        }
        .unwrap();
        close(got.point(), &case["theta_hat"], CLOSED, statistic);
        let replicates = got.replicates();
        let boot_mean = replicates.iter().sum::<f64>() / replicates.len() as f64;
        close(boot_mean, &case["boot_mean"], CLOSED, statistic);
        close(
            got.standard_error(),
            &case["boot_sd_ddof1"],
            CLOSED,
            statistic,
        );
        close(got.bias_correction(), &case["z0"], CLOSED, statistic);
        close(got.acceleration(), &case["accel"], CLOSED, statistic);
        let percentile = got.percentile(Confidence::P95);
        close_interval(
            (percentile.low, percentile.high),
            &case["percentile_ci95"],
            CLOSED,
            statistic,
        );
        let bca = got.bca(Confidence::P95);
        close_interval((bca.low, bca.high), &case["bca_ci95"], CLOSED, statistic);
        if let Some(scipy) = case["scipy_bca_B20000_tol"].as_array() {
            // SciPy at 20,000 resamples of its own; the manifest allows 0.01. Ours with the product's generator.
            let zeros = vec![0.0; data.len()];
            let own = Resampling::new(1).with_resamples(20_000);
            let own = paired_mean_difference(&data, &zeros, Confidence::P95, &own).unwrap();
            assert!(
                (own.low - number(&scipy[0])).abs() <= 0.01
                    && (own.high - number(&scipy[1])).abs() <= 0.01
            );
        }
    }
}

#[test]
fn data_sign_flips() {
    let Some(file) = vectors("paired_permutation") else {
        return;
    };
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 3);
    for case in cases {
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let differences = trilemma_stats::resample::differences(&x, &y).unwrap();
        let got = sign_flip(&differences, &Resampling::new(1)).unwrap();
        assert_eq!(got.flips, Flips::Exact);
        close(
            got.difference,
            &case["mean_diff"],
            CLOSED,
            "mean difference",
        );
        close(got.p_value, &case["p_two_sided_exact"], CLOSED, "p value");
    }
}
