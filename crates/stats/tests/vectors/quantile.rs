use trilemma_stats::Confidence;
use trilemma_stats::quantile::{Sorted, interpolated, quantile};

use crate::support::{CLOSED, close, close_interval, list, number, numbers, vectors};

#[test]
fn data_latency_quantiles() {
    let Some(file) = vectors("latency_quantiles") else {
        return;
    };
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 2);
    for case in cases {
        let sample = Sorted::new(numbers(&case["values_s"])).unwrap();
        let quantiles = case["quantiles"].as_object().unwrap();
        assert_eq!(quantiles.len(), 4);
        for (text, expected) in quantiles {
            let p = text.parse().unwrap();
            let got = quantile(&sample, p, Confidence::P95).unwrap();
            close(got.point, &expected["harrell_davis"], CLOSED, text);
            close(
                interpolated(&sample, p).unwrap(),
                &expected["type7"],
                CLOSED,
                text,
            );
            close_interval(
                (got.low, got.high),
                &expected["ci95_exact_scipy"],
                0.0,
                text,
            );
            // A histogram with three digits may be off by one in the third, which is 1 ms here.
            let histogram = number(&expected["hdr_ms_3digits"]) / 1000.0;
            assert!((interpolated(&sample, p).unwrap() - histogram).abs() < 0.005 * histogram);
        }
    }
}
