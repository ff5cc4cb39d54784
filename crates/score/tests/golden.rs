//! Published metrics against the numbers of the packages that define them.
//!
//! The numbers and the script that made them are in `tests/golden`.

#![cfg(test)]

use serde_json::{Value, json};
use trilemma_domain::{Expected, Input, Item, ScoredOutcome, ScorerSpec};
use trilemma_score::{Answer, build};

fn score(kind: &str, options: Value, case: &Value) -> f64 {
    let scorer = build(&ScorerSpec {
        kind: kind.to_owned(),
        label: kind.to_owned(),
        weight: 1.0,
        options: options.as_object().unwrap().clone(),
    })
    .unwrap();
    let references = case["references"].as_array().unwrap();
    let item = Item {
        expected: Some(Expected::List(
            references
                .iter()
                .map(|text| text.as_str().unwrap().to_owned())
                .collect(),
        )),
        ..Item::new("case", Input::Text(String::new()))
    };
    match scorer.score(&item, &Answer::text(case["answer"].as_str().unwrap())) {
        ScoredOutcome::Scored { score, .. } => score.value(),
        // rouge-score gives 0 where its tokenizer finds no word in the reference.
        ScoredOutcome::Failed { .. } if kind == "rouge_l" => 0.0,
        other => panic!("{other:?}"),
    }
}

fn check(kind: &str, file: &str, n_cases: usize, options: impl Fn(&Value) -> Vec<(Value, f64)>) {
    let golden: Value = serde_json::from_str(file).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert_eq!(cases.len(), n_cases);
    for case in cases {
        for (options, expected) in options(case) {
            let found = score(kind, options.clone(), case);
            assert!(
                (found - expected).abs() < 1e-12,
                "{kind} {options}: {found} instead of {expected} for {case}"
            );
        }
    }
}

#[test]
fn bleu_equals_sacrebleu() {
    check("bleu", include_str!("golden/bleu.json"), 58, |case| {
        let options = json!({ "ignore_case": case["ignore_case"] });
        vec![(options, case["score"].as_f64().unwrap())]
    });
}

#[test]
fn chrf_equals_sacrebleu() {
    check("chrf", include_str!("golden/chrf.json"), 116, |case| {
        let options = json!({
            "ignore_case": case["ignore_case"],
            "word_order": case["word_order"],
        });
        vec![(options, case["score"].as_f64().unwrap())]
    });
}

#[test]
fn rouge_l_equals_rouge_score() {
    check(
        "rouge_l",
        include_str!("golden/rouge_l.json"),
        126,
        |case| {
            ["f1", "precision", "recall"]
                .iter()
                .filter_map(|measure| {
                    let options = json!({ "stem": case["stem"], "measure": measure });
                    Some((options, case[*measure].as_f64()?))
                })
                .collect()
        },
    );
}
