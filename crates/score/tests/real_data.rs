//! Recorded answers of real models, scored with general options only.
//!
//! Source of the answers and of the published accuracies: WildEval/ZeroEval, commit 8c1485e
//! (Apache-2.0), on the questions of GSM8K (MIT).

#![cfg(test)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use trilemma_domain::{Expected, Input, Item, ItemId, ScoredOutcome, ScorerSpec};
use trilemma_score::{Answer, Scorer, build};

const SCORER: &str = r#"
tolerance = 0
extract = [
    { step = "json_field", field = "answer", lenient = true },
    "strip:$,",
    "fraction",
    "first_number",
]
expected_extract = ["strip:$,", "first_number"]
"#;

#[expect(clippy::disallowed_methods, reason = "tests find their data by it")]
fn data(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TRILEMMA_TEST_DATA");
    if root.is_none() {
        println!("skipped: TRILEMMA_TEST_DATA is not set");
    }
    Some(PathBuf::from(root?).join(folder))
}

fn scorer() -> Scorer {
    build(&ScorerSpec {
        kind: "numeric".to_owned(),
        label: "numeric".to_owned(),
        weight: 1.0,
        options: toml::from_str(SCORER).unwrap(),
    })
    .unwrap()
}

fn lines(path: &std::path::Path) -> Vec<Value> {
    let text = fs_err::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn item(line: &Value) -> Item {
    let text = |key: &str| line[key].as_str().unwrap().to_owned();
    serde_json::from_value::<ItemId>(line["id"].clone())
        .map(|id| Item {
            expected: Some(Expected::Text(text("expected"))),
            ..Item::new(id, Input::Text(text("input")))
        })
        .unwrap()
}

#[test]
fn data_published_accuracies_of_twelve_models() {
    let Some(folder) = data("zeroeval-gsm8k") else {
        return;
    };
    let scorer = scorer();
    let items: BTreeMap<String, Item> = lines(&folder.join("golden.jsonl"))
        .iter()
        .map(|line| (line["id"].as_str().unwrap().to_owned(), item(line)))
        .collect();
    assert_eq!(items.len(), 1319);
    let published: Value =
        serde_json::from_str(&fs_err::read_to_string(folder.join("published.json")).unwrap())
            .unwrap();
    let published = published["published"].as_object().unwrap();
    assert_eq!(published.len(), 12);
    let mut wrong = Vec::new();
    for (model, accuracy) in published {
        let answers = lines(&folder.join(format!("responses/{model}.jsonl")));
        assert_eq!(answers.len(), items.len(), "{model}");
        let mut right = 0.0;
        for line in &answers {
            let item = &items[line["id"].as_str().unwrap()];
            let answer = Answer::text(line["output"].as_str().unwrap());
            match scorer.score(item, &answer) {
                ScoredOutcome::Scored { score, .. } => right += score.value(),
                other => panic!("{model} {:?}: {other:?}", item.id),
            }
        }
        let percent = 100.0 * right / items.len() as f64;
        let wanted = accuracy.as_f64().unwrap();
        println!("{model}: {percent:.2} (published {wanted})");
        // The source prints two decimals.
        if (percent - wanted).abs() > 0.0051 {
            wrong.push(format!("{model}: {percent:.3}, published {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn data_an_escaped_answer_inside_a_string_is_no_answer() {
    let Some(folder) = data("zeroeval-gsm8k") else {
        return;
    };
    let scorer = scorer();
    let items = lines(&folder.join("golden.jsonl"));
    let answers = lines(&folder.join("responses/Phi-3.5-mini-instruct.jsonl"));
    for number in [591, 869] {
        let id = format!("gsm8k-main-test-#{number}");
        let find = |lines: &[Value]| lines.iter().find(|line| line["id"] == *id).unwrap().clone();
        let answer = find(&answers);
        let outcome = scorer.score(
            &item(&find(&items)),
            &Answer::text(answer["output"].as_str().unwrap()),
        );
        let ScoredOutcome::Scored { score, explanation } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(score.value(), 0.0);
        assert!(explanation.unwrap().starts_with("no answer found"));
    }
}
