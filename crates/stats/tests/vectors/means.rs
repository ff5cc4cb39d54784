use trilemma_stats::Confidence;
use trilemma_stats::mean::{clustered_mean, clustered_standard_error, standard_error};
use trilemma_stats::resample::{Resampling, cluster_bootstrap_mean, differences};

use crate::support::{CLOSED, close, count, list, number, numbers, vectors};

#[test]
fn data_clustered_errors() {
    let Some(file) = vectors("clustered_se") else {
        return;
    };
    let (first, second) = (numbers(&file["y"]), numbers(&file["y2_pandalm"]));
    let clusters: Vec<usize> = list(&file["cluster"]).iter().map(count).collect();
    let spread = clustered_standard_error(&first, &clusters).unwrap();
    assert_eq!(spread.n_clusters, count(&file["n_clusters"]));
    close(
        standard_error(&first).unwrap(),
        &file["se_naive_ddof1"],
        CLOSED,
        "naive",
    );
    close(spread.plain, &file["se_cluster_miller"], CLOSED, "Miller");
    close(
        spread.plain,
        &file["se_cluster_statsmodels_nocorr"],
        CLOSED,
        "statsmodels, plain",
    );
    close(
        spread.corrected,
        &file["se_cluster_statsmodels_corr"],
        CLOSED,
        "statsmodels, corrected",
    );
    close(
        clustered_mean(&first, &clusters, Confidence::P95)
            .unwrap()
            .point,
        &file["mean"],
        CLOSED,
        "mean",
    );
    // The file's difference is second minus first.
    let paired = differences(&second, &first).unwrap();
    let got = clustered_mean(&paired, &clusters, Confidence::P95).unwrap();
    close(got.point, &file["paired_diff_mean"], CLOSED, "paired mean");
    close(
        standard_error(&paired).unwrap(),
        &file["paired_diff_se_naive_ddof1"],
        CLOSED,
        "paired naive",
    );
    let paired_spread = clustered_standard_error(&paired, &clusters).unwrap();
    close(
        paired_spread.plain,
        &file["paired_diff_se_cluster"],
        CLOSED,
        "paired clustered",
    );
    let resampled =
        cluster_bootstrap_mean(&paired, &clusters, Confidence::P95, &Resampling::new(1)).unwrap();
    let wanted = number(&file["paired_diff_se_cluster"]);
    assert!(
        (resampled.standard_error.unwrap() / wanted - 1.0).abs() < 0.06,
        "{resampled:?}"
    );
}
