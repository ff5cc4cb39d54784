//! Simulations.

use serde_json::Value;
use trilemma_cost::risk::{Candidate, Inputs, Range, simulate, tornado};

use crate::data::{close, float, load};

fn range(value: &Value) -> Range {
    let figures: Vec<f64> = value.as_array().unwrap().iter().map(float).collect();
    Range::new(figures[0], figures[1], figures[2]).unwrap()
}

fn inputs(case: &Value) -> Inputs {
    Inputs {
        queries_per_day: range(&case["queries_per_day"]),
        days_per_month: 30.0,
        input_tokens: range(&case["tokens_in"]),
        growth_per_month: Range::exactly(0.0),
        months: 1,
        candidates: vec![Candidate {
            input_usd_per_mtok: float(&case["price_in"]),
            output_usd_per_mtok: float(&case["price_out"]),
            output_tokens: range(&case["tokens_out"]),
            input_ratio: Range::exactly(1.0),
            price_change_per_year: Range::exactly(0.0),
            fixed_usd_month: Range::exactly(0.0),
            one_off_usd: Range::exactly(0.0),
            steps: Vec::new(),
        }],
        draws: 100_000,
        seed: 20_261_123,
    }
}

#[test]
fn data_simulations_equal_the_vectors() {
    let Some(vectors) = load("montecarlo.json") else {
        return;
    };
    for case in vectors["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let inputs = inputs(case);
        let tolerance = float(&case["tolerance_rel"]);
        let outcome = simulate(&inputs).unwrap().outcomes[0];
        close(id, outcome.mode, float(&case["mode_case"]), 1e-9);
        for (what, found, expected) in [
            ("mean", outcome.mean, &case["mean_exact"]),
            ("p10", outcome.p10, &case["p10"]),
            ("p50", outcome.p50, &case["p50"]),
            ("p90", outcome.p90, &case["p90"]),
        ] {
            close(&format!("{id} {what}"), found, float(expected), tolerance);
        }
        let swings = tornado(&inputs, &inputs.candidates[0]);
        let expected = case["tornado"].as_array().unwrap();
        assert_eq!(swings.len(), expected.len());
        for (found, wanted) in swings.iter().zip(expected) {
            assert_eq!(found.input.name(), wanted["input"].as_str().unwrap());
            close(id, found.low, float(&wanted["low"]), 1e-9);
            close(id, found.high, float(&wanted["high"]), 1e-9);
            close(id, found.width(), float(&wanted["swing"]), 1e-9);
        }
    }
}
