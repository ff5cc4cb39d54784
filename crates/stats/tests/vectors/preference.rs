use trilemma_stats::Confidence;
use trilemma_stats::preference::{Battle, Strengths, bradley_terry, length_controlled};

use crate::support::{ITERATED, close, count, list, number, numbers, vectors};

/// The file's preferences are rounded to six digits.
const ROUNDED: f64 = 1e-6;

fn strengths(file: &serde_json::Value, with_ties: bool) -> Strengths {
    let battles: Vec<Battle> = list(&file["comparisons_a_b_label"])
        .iter()
        .filter(|row| with_ties || count(&row[2]) != 0)
        .map(|row| Battle {
            first: count(&row[0]),
            second: count(&row[1]),
            share: match count(&row[2]) {
                1 => 1.0,
                2 => 0.0,
                _ => 0.5,
            },
        })
        .collect();
    let n = list(&file["models"]).len();
    bradley_terry(n, &battles, None, Confidence::P95).unwrap()
}

#[test]
fn data_bradley_terry() {
    let Some(file) = vectors("bradley_terry") else {
        return;
    };
    let got = strengths(&file, true);
    let errors = got.covariance.iter().enumerate();
    let errors: Vec<f64> = errors.map(|(at, line)| line[at].sqrt()).collect();
    let elo: Vec<f64> = got
        .contenders
        .iter()
        .map(|one| 1000.0 + 400.0 / 10.0_f64.ln() * one.estimate.point)
        .collect();
    let after_first = |values: &[f64]| -> Vec<f64> {
        std::iter::once(0.0).chain(values.iter().copied()).collect()
    };
    for (name, values) in [
        ("beta_ties_half_ref0", got.against_first()),
        ("se_hessian", after_first(&got.model_errors)),
        ("se_sandwich_hc0", after_first(&errors)),
        ("elo_scale400_mean1000", elo),
    ] {
        let expected = list(&file[name]);
        assert_eq!(values.len(), expected.len());
        for (got, expected) in values.iter().zip(expected) {
            close(*got, expected, ITERATED, name);
        }
    }
    for (line, expected) in got.covariance.iter().zip(list(&file["cov_sandwich"])) {
        for (got, expected) in line.iter().zip(list(expected)) {
            close(*got, expected, ITERATED, "cov_sandwich");
        }
    }
    // `choix` iterates to six digits or so.
    let without_ties = strengths(&file, false);
    let expected = list(&file["choix_ilsr_no_ties_centered"]);
    for (own, expected) in without_ties.contenders.iter().zip(expected) {
        close(own.estimate.point, expected, 1e-5, "choix");
    }
}

#[test]
fn data_length_controlled() {
    let Some(file) = vectors("length_controlled") else {
        return;
    };
    let wins = numbers(&file["y"]);
    // The file's lead is the rival's.
    let leads: Vec<f64> = numbers(&file["len_1_baseline"])
        .iter()
        .zip(numbers(&file["len_2_model"]))
        .map(|(rival, own)| own - rival)
        .collect();
    assert_eq!(wins.len(), leads.len());
    let got = length_controlled(&wins, &leads, None, Confidence::P95).unwrap();
    close(got.raw, &file["raw_winrate"], ROUNDED, "raw win rate");
    close(
        -got.length_effect.point,
        &file["coef"][0],
        ROUNDED,
        "effect of length",
    );
    let intercept = (got.win_rate.point / (1.0 - got.win_rate.point)).ln();
    close(intercept, &file["coef"][1], ROUNDED, "intercept");
    close(
        got.win_rate.point,
        &file["lc_minimal_winrate"],
        ROUNDED,
        "win rate at equal lengths",
    );
    assert!(got.win_rate.low < number(&file["lc_minimal_winrate"]));
}
