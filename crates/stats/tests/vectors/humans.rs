use serde_json::Value;
use trilemma_stats::humans::{
    Corrected, RoganGladen, Stratum, Tuning, prediction_powered, rogan_gladen,
};
use trilemma_stats::mean::standard_error;
use trilemma_stats::proportion::Count;
use trilemma_stats::{Confidence, Side};

use crate::support::{CLOSED, close, close_interval, count, list, number, numbers, vectors};

fn stratum(file: &Value, weight: f64) -> Stratum {
    Stratum {
        weight,
        human: numbers(&file["Y"]),
        judge: numbers(&file["Yhat"]),
        unlabelled: numbers(&file["Yhat_unlabeled"]),
    }
}

/// ppi-python's interval is the normal one.
fn normal(corrected: &Corrected) -> (f64, f64) {
    let half = Confidence::P95.z_two_sided() * corrected.standard_error;
    (corrected.point - half, corrected.point + half)
}

#[test]
fn data_prediction_powered() {
    let Some(file) = vectors("ppi_rogan_gladen") else {
        return;
    };
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 6);
    for case in cases {
        let what = format!("{} {}", case["judge"], case["n"]);
        assert_eq!(number(&case["alpha"]), 0.05);
        let one = [stratum(case, 1.0)];
        let run = |tuning| prediction_powered(&one, tuning).unwrap();
        let tuned = run(Tuning::Tuned);
        close(tuned.lambdas[0], &case["lambda_hat_formula"], CLOSED, &what);
        close(tuned.point, &case["formula_check"]["est"], CLOSED, &what);
        close(
            tuned.standard_error,
            &case["formula_check"]["se"],
            CLOSED,
            &what,
        );
        close(tuned.point, &case["tuned"]["est"], CLOSED, &what);
        close_interval(normal(&tuned), &case["tuned"]["ci"], CLOSED, &what);
        let full = run(Tuning::Full);
        close(full.point, &case["lam1"]["est"], CLOSED, &what);
        close_interval(normal(&full), &case["lam1"]["ci"], CLOSED, &what);
        let alone = run(Tuning::LabelsOnly);
        close_interval(normal(&alone), &case["classical_ci"], CLOSED, &what);
        assert_eq!(alone.n_labels, count(&case["n"]));
        assert_eq!(alone.n_items, count(&case["n"]) + count(&case["N"]));
        check_statements(&tuned, number(&case["true_mean_all"]), &one[0].human);
    }
    let stratified = &file["stratified_ppi"];
    let strata: Vec<Stratum> = list(&stratified["strata"])
        .iter()
        .map(|one| stratum(one, number(&one["weight"])))
        .collect();
    let got = prediction_powered(&strata, Tuning::Tuned).unwrap();
    for (lambda, expected) in got.lambdas.iter().zip(list(&stratified["lambdas"])) {
        close(*lambda, expected, CLOSED, "stratified lambda");
    }
    close(got.point, &stratified["est"], CLOSED, "stratified");
    close(got.standard_error, &stratified["se"], CLOSED, "stratified");
    close_interval(normal(&got), &stratified["ci95"], CLOSED, "stratified");
}

/// Our own interval holds the normal one and, on these data, the truth.
fn check_statements(got: &Corrected, truth: f64, labels: &[f64]) {
    let ours = got.estimate(Confidence::P95);
    let theirs = normal(got);
    assert!(ours.low < theirs.0 && theirs.1 < ours.high, "{ours:?}");
    assert!(ours.width() < 1.25 * (theirs.1 - theirs.0), "{ours:?}");
    assert!(ours.contains(truth), "{ours:?}");
    let bound = got.bound(Side::Lower, Confidence::P95);
    assert!(bound.value < got.point && bound.value < truth, "{bound:?}");
    let alone = standard_error(labels).unwrap();
    assert!(got.gain(alone * alone).unwrap() > 1.0);
}

#[test]
fn data_rogan_gladen() {
    let Some(file) = vectors("ppi_rogan_gladen") else {
        return;
    };
    for case in list(&file["cases"]) {
        let what = format!("{} {}", case["judge"], case["n"]);
        let expected = &case["rogan_gladen"];
        let counted = |rate: &str, n: &str| {
            let n = count(&expected[n]);
            Count::new((number(&expected[rate]) * n as f64).round() as usize, n).unwrap()
        };
        let counts = RoganGladen {
            judged: counted("p", "n_test"),
            failed: counted("q0_spec", "m0"),
            passed: counted("q1_sens", "m1"),
        };
        let got = rogan_gladen(counts, Confidence::P95).unwrap();
        close(got.point, &expected["point"], CLOSED, &what);
        close_interval(
            (got.low, got.high),
            &expected["ci95_lee2025"],
            CLOSED,
            &what,
        );
    }
}
