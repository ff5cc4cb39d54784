use trilemma_stats::proportion::{
    Count, agresti_coull, clopper_pearson, clopper_pearson_bound, jeffreys, uniform_prior, wilson,
};
use trilemma_stats::{Confidence, Side};

use crate::support::{CLOSED, close, close_interval, count, list, number, vectors};

#[test]
fn data_binomial_intervals() {
    let Some(file) = vectors("binomial_ci") else {
        return;
    };
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 22);
    for case in cases {
        let subject = Count::new(count(&case["k"]), count(&case["n"])).unwrap();
        let confidence = Confidence::new(1.0 - number(&case["alpha"])).unwrap();
        let methods = [
            (wilson(subject, confidence), &case["ci"]["wilson"]),
            (clopper_pearson(subject, confidence), &case["ci"]["beta"]),
            (
                agresti_coull(subject, confidence),
                &case["ci"]["agresti_coull"],
            ),
            (jeffreys(subject, confidence), &case["ci"]["jeffreys"]),
            (
                uniform_prior(subject, confidence),
                &case["bayes_uniform_eqtail"],
            ),
        ];
        for (got, expected) in methods {
            close_interval(
                (got.low, got.high),
                expected,
                CLOSED,
                &format!("{:?} of {subject:?}", got.method),
            );
        }
        let bound = clopper_pearson_bound(subject, confidence, Side::Lower);
        close(
            bound.value,
            &case["one_sided_lower_cp"],
            CLOSED,
            "one-sided bound",
        );
    }
}
