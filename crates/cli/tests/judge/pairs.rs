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
    let why = decision["pairs"][0]["unranked"].as_str().unwrap();
    assert!(why.contains("24 independent items"), "{why}");
    let before = n_calls(&served, JUDGE);
    value(here, &["select"], &[0, 1, 3]);
    assert_eq!(n_calls(&served, JUDGE), before);
}

#[test]
fn pairs_are_ranked_where_there_are_enough_of_them() {
    // The good answer is preferred but on every fifth item, whatever the order.
    let n_items = 45;
    let verdict = |winner: &str| format!("{{\"explanation\": \"seen\", \"winner\": \"{winner}\"}}");
    let rules = (0..n_items).flat_map(|idx| {
        let (good, poor) = if idx % 5 == 0 { ("B", "A") } else { ("A", "B") };
        let good_first = format!("[good {idx}]\n</answer-a-");
        [
            rule(&good_first, &verdict(good)),
            rule(&format!("[case {idx}]"), &verdict(poor)),
        ]
    });
    let served = served(n_items, vec![(JUDGE, scripted(rules.collect()))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, n_items, PAIRWISE);
    let decision = value(here, &["select"], &[0, 1, 3]);
    let ranking = &decision["pairs"][0];
    assert_eq!(ranking["n_pairs"], n_items, "{ranking}");
    assert_eq!(ranking["unranked"], serde_json::Value::Null);
    let [good, poor] = [&ranking["contenders"][0], &ranking["contenders"][1]];
    assert_eq!(
        (&good["name"], &poor["name"]),
        (&"good".into(), &"poor".into())
    );
    assert_eq!(poor["is_rival"], true);
    let share = good["share"]["value"].as_f64().unwrap();
    assert!((share - 0.8).abs() < 1e-9, "{ranking}");
    assert_eq!(good["rank"], serde_json::json!([1, 1]));
    let strength = |one: &serde_json::Value| one["strength"]["value"].as_f64().unwrap();
    assert!((strength(good) - strength(poor) - 400.0 * 4.0_f64.log10()).abs() < 1e-3);
    // `[good 7]` and `[poor 7]` are equally long: there is nothing to take out, and it says so.
    assert_eq!(good["at_equal_length"], serde_json::Value::Null);
    assert!(
        good["no_equal_length"]
            .as_str()
            .unwrap()
            .contains("same length")
    );
    for format in ["terminal", "markdown", "html"] {
        let text = String::from_utf8(run(here, &["report", "--format", format]).stdout).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("Preferred in pairs") && text.contains("80.0"),
            "{format}: {text}"
        );
    }
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
