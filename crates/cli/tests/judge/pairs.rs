//! Comparisons with the incumbent: asked in both orders, counted only where both agree.

use crate::bench::{
    JUDGE, answer, candidate_idx, edit, item_idx, judgements, n_calls, outcome, rule, run,
    scripted, served, trials, value, write,
};

const N_ITEMS: usize = 24;
const PAIRWISE: &str = "model = \"openai/gpt-4o-2024-08-06\"\nmode = \"pairwise\"\n";

/// A judge that prefers the good answer, but whoever is first on every fourth item, and nobody on
/// every sixth.
fn judge() -> trilemma_sim::Behaviour {
    let verdict = |winner: &str| format!("{{\"explanation\": \"seen\", \"winner\": \"{winner}\"}}");
    let mut rules = Vec::new();
    for idx in 0..N_ITEMS {
        if idx.is_multiple_of(4) {
            rules.push(rule(&format!("[case {idx}]"), &verdict("A")));
        } else if idx % 6 == 1 {
            rules.push(rule(&format!("[case {idx}]"), &verdict("tie")));
        } else {
            let good_first = format!("[good {idx}]\n</answer-a-");
            rules.push(rule(&good_first, &verdict("A")));
            rules.push(rule(&format!("[case {idx}]"), &verdict("B")));
        }
    }
    scripted(rules)
}

#[test]
fn a_word_that_changes_with_the_order_is_a_tie() {
    let served = served(N_ITEMS, vec![(JUDGE, judge())]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, N_ITEMS, PAIRWISE);
    let decision = value(here, &["select"], &[0, 1, 3]);
    // The incumbent is not compared with itself; every other answer takes two calls.
    assert_eq!(n_calls(&served, JUDGE), 2 * N_ITEMS);
    for trial in trials(here) {
        let idx = item_idx(&trial);
        let is_incumbent = candidate_idx(&trial) == 1;
        let expected = if is_incumbent || idx.is_multiple_of(4) || idx % 6 == 1 {
            0.5
        } else {
            1.0
        };
        assert_eq!(outcome(&trial), Ok(expected), "item {idx}");
        let seats: Vec<String> = judgements(std::slice::from_ref(&trial))
            .iter()
            .map(|one| one["seat"]["order"].to_string())
            .collect();
        let orders: &[&str] = if is_incumbent {
            &[]
        } else {
            &["\"first\"", "\"second\""]
        };
        assert_eq!(seats, orders);
    }
    let judge = &decision["judges"][0];
    assert_eq!(judge["order"]["n_pairs"], N_ITEMS);
    // 6 of 24 change with the order, always for the first.
    let consistent = judge["order"]["consistency"]["value"].as_f64().unwrap();
    assert!((consistent - 0.75).abs() < 1e-9, "{judge}");
    // Of 24 pairs, 4 are ties in both orders (1, 7, 13, 19); the others decide twice.
    let first = judge["order"]["first_rate"]["value"].as_f64().unwrap();
    assert!((first - 26.0 / 40.0).abs() < 1e-9, "{judge}");
    let before = n_calls(&served, JUDGE);
    value(here, &["select"], &[0, 1, 3]);
    assert_eq!(n_calls(&served, JUDGE), before);
}

#[test]
fn an_expected_answer_can_be_the_other_one() {
    let served = served(N_ITEMS, vec![(JUDGE, judge())]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let scorer = format!(
        "{PAIRWISE}against = \"expected\"
"
    );
    write(here, &served.url, N_ITEMS, &scorer);
    let items = (0..N_ITEMS).map(|idx| {
        let expected = answer("good", idx);
        let item = serde_json::json!({
            "id": format!("i{idx}"), "input": format!("question [case {idx}]"), "expected": expected,
        });
        format!("{item}
")
    });
    fs_err::write(here.join("golden.jsonl"), items.collect::<String>()).unwrap();
    value(here, &["bench"], &[0]);
    // Where both texts are the same, so are both orders: one call, and a tie whatever it says.
    assert_eq!(n_calls(&served, JUDGE), 3 * N_ITEMS);
    for trial in trials(here) {
        let idx = item_idx(&trial);
        let is_open = idx.is_multiple_of(4) || idx % 6 == 1;
        let expected = if candidate_idx(&trial) == 0 || is_open {
            0.5
        } else {
            0.0
        };
        assert_eq!(outcome(&trial), Ok(expected), "item {idx}");
    }
}

#[test]
fn pairs_without_an_incumbent_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "http://127.0.0.1:9", N_ITEMS, PAIRWISE);
    edit(folder.path(), "incumbent = \"poor\"\n", "");
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("there is none") && told.contains("`incumbent` under `[task]`"),
        "{told}"
    );
}
