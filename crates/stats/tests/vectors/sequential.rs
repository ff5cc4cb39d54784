use trilemma_stats::Confidence;
use trilemma_stats::identity::{Sampled, hamming_mmd};
use trilemma_stats::paired::{Cells, mcnemar_exact, tango};
use trilemma_stats::sequential::{
    Cusum, LikelihoodRatio, Population, ShiryaevRoberts, betting_mean, empirical_bernstein_mean,
    hoeffding_sequence_mean, log_margin_e_value, log_sign_e_value, log_two_sided_sign_e_value,
};

use crate::support::{CLOSED, close, close_interval, count, list, number, numbers, vectors};

#[test]
fn data_confidence_sequences() {
    let Some(file) = vectors("confidence_sequences") else {
        return;
    };
    let confidence = Confidence::new(1.0 - number(&file["alpha"])).unwrap();
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 4);
    for case in cases {
        let values = numbers(&case["values"]);
        for (position, t) in list(&case["t"]).iter().enumerate() {
            let seen = &values[..count(t)];
            let finite = Population::Finite(500);
            let sequences = [
                (
                    "predmix_empbern",
                    empirical_bernstein_mean(seen, confidence),
                ),
                (
                    "predmix_hoeffding",
                    hoeffding_sequence_mean(seen, confidence),
                ),
                (
                    "betting_breaks1000",
                    betting_mean(seen, confidence, Population::Source),
                ),
                ("betting_WoR_N500", betting_mean(seen, confidence, finite)),
            ];
            for (name, got) in sequences {
                let got = got.unwrap();
                let what = format!("{name} at {t}");
                close_interval((got.low, got.high), &case[name][position], CLOSED, &what);
            }
        }
    }
}

#[test]
fn data_paired_e_processes() {
    let Some(file) = vectors("paired_eprocess") else {
        return;
    };
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 7);
    for case in cases {
        let (b, c, n) = (count(&case["b"]), count(&case["c"]), count(&case["n"]));
        let cells = Cells {
            both: n - b - c,
            only_first: b,
            only_second: c,
            neither: 0,
        };
        let what = format!("{cells:?}");
        close(
            log_sign_e_value(cells),
            &case["log_e_onesided_mixture"],
            CLOSED,
            &what,
        );
        close(
            log_two_sided_sign_e_value(cells),
            &case["log_e_twosided_jeffreys"],
            CLOSED,
            &what,
        );
        let margins = case["log_e_margin"].as_object().unwrap();
        assert_eq!(margins.len(), 4);
        for (margin, expected) in margins {
            let got = log_margin_e_value(cells, margin.parse().unwrap()).unwrap();
            close(got, expected, CLOSED, &format!("{what}, margin {margin}"));
        }
    }
}

#[test]
fn data_change_detection() {
    let Some(file) = vectors("change_detection") else {
        return;
    };
    let ratio = LikelihoodRatio::new(number(&file["p0"]), number(&file["p1"])).unwrap();
    let (mut cusum, mut shiryaev_roberts) = (Cusum::new(ratio), ShiryaevRoberts::new(ratio));
    let outcomes = numbers(&file["x"]);
    assert_eq!(outcomes.len(), 300);
    for (t, outcome) in outcomes.iter().enumerate() {
        let outcome = (*outcome == 1.0).into();
        let what = format!("item {t}");
        close(cusum.observe(outcome), &file["cusum"][t], CLOSED, &what);
        close(
            shiryaev_roberts.observe(outcome),
            &file["log_shiryaev_roberts"][t],
            CLOSED,
            &what,
        );
    }
}

#[test]
fn data_hamming_mmd() {
    let Some(file) = vectors("mmd_hamming") else {
        return;
    };
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 2);
    for case in cases {
        let answers = |field: &str| -> Vec<Sampled> {
            let rows = list(&case[field]).iter();
            rows.map(|row| {
                let mut row = list(row).iter().map(|cell| cell.as_u64().unwrap());
                Sampled {
                    prompt: row.next().unwrap(),
                    symbols: row.map(|symbol| symbol as u32).collect(),
                }
            })
            .collect()
        };
        let got = hamming_mmd(&answers("X"), &answers("Y")).unwrap();
        close(got, &case["mmd2_hamming"], CLOSED, "squared discrepancy");
    }
}

/// A silent change of a model, seen by everything that compares pairs.
#[test]
fn data_drift_prime() {
    let Some(file) = vectors("drift_prime") else {
        return;
    };
    let outcomes = |name: &str| -> Vec<bool> {
        let text = file[name].as_str().unwrap();
        text.chars().map(|c| c == '1').collect()
    };
    let (old, new) = (outcomes("old_outcomes"), outcomes("new_outcomes"));
    let cells = Cells::of(&old, &new).unwrap();
    assert_eq!(cells.only_first, count(&file["n10"]));
    assert_eq!(cells.only_second, count(&file["n01"]));
    let rate = |values: &[bool]| {
        values.iter().filter(|right| **right).count() as f64 / values.len() as f64
    };
    close(rate(&old), &file["acc_old"], CLOSED, "old");
    close(rate(&new), &file["acc_new"], CLOSED, "new");
    let p = mcnemar_exact(cells);
    assert!(
        (p / number(&file["mcnemar_exact_p"]) - 1.0).abs() < 1e-9,
        "{p}"
    );
    let interval = tango(cells, Confidence::P95).unwrap();
    let expected = &file["tango_ci95_old_minus_new"];
    close_interval((interval.low, interval.high), expected, 1e-7, "Tango");
    for row in list(&file["log_e_onesided_t"]) {
        let t = count(&row[0]);
        let cells = Cells::of(&old[..t], &new[..t]).unwrap();
        assert_eq!(
            (cells.only_first, cells.only_second),
            (count(&row[1]), count(&row[2]))
        );
        close(
            log_sign_e_value(cells),
            &row[3],
            CLOSED,
            &format!("after {t}"),
        );
    }
}
