//! Judges as instruments: what the report says of them, and that nobody's word is taken unchecked.

use serde_json::Value;

use crate::bench::{
    BY_RUBRIC, JUDGE, edit, grades, judgements, n_calls, outcome, rule, run, scripted, served,
    trials, value, write,
};

const N_ITEMS: usize = 60;

fn codes(decision: &Value) -> Vec<&str> {
    let warnings = decision["warnings"].as_array().unwrap();
    warnings
        .iter()
        .filter_map(|warning| warning["code"].as_str())
        .collect()
}

#[test]
fn a_judge_that_nobody_has_checked_is_marked() {
    let served = served(N_ITEMS, vec![(JUDGE, grades("5", "2"))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, N_ITEMS, BY_RUBRIC);
    let decision = value(here, &["select"], &[0]);
    assert_eq!(decision["judges"][0]["checked"], "unchecked");
    assert!(codes(&decision).contains(&"unchecked_judge"));
    let strict = run(here, &["decide", "--strict"]);
    assert_eq!(strict.status.code(), Some(3));
    let told = String::from_utf8(strict.stderr).unwrap();
    assert!(
        told.contains("refused (--strict)") && told.contains("review sample"),
        "{told}"
    );
    for format in ["terminal", "markdown", "html"] {
        let output = run(here, &["report", "--format", format]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("nobody has checked"), "{format}: {text}");
    }
    // A judge that counts for nothing is no reason to be careful.
    edit(here, "rubric = ", "weight = 0\nrubric = ");
    let text = fs_err::read_to_string(here.join("trilemma.toml")).unwrap();
    let text = format!("{text}[[scorers]]\ntype = \"regex\"\npattern = \"good\"\n");
    fs_err::write(here.join("trilemma.toml"), text).unwrap();
    value(here, &["score"], &[0]);
    let decision = value(here, &["decide"], &[0]);
    assert_eq!(decision["judges"][0]["counts"], false);
    assert!(!codes(&decision).contains(&"unchecked_judge"));
}

#[test]
fn a_stated_share_of_answers_is_judged_twice() {
    // The second time the judge finds every good answer poor.
    let mut moody = rule("[good ", "{\"score\": 5}");
    moody.answers.extend(rule("", "{\"score\": 2}").answers);
    let served = served(
        N_ITEMS,
        vec![(
            JUDGE,
            scripted(vec![moody, rule("[poor ", "{\"score\": 1}")]),
        )],
    );
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(
        here,
        &served.url,
        N_ITEMS,
        &format!("{BY_RUBRIC}recheck = 1.0\n"),
    );
    let decision = value(here, &["select"], &[0]);
    assert_eq!(n_calls(&served, JUDGE), 4 * N_ITEMS);
    let steady = &decision["judges"][0]["steadiness"];
    assert_eq!(steady["n_answers"], 2 * N_ITEMS);
    assert_eq!(steady["same_side"]["value"], 0.5);
    assert_eq!(steady["mean_change"]["value"], 0.375);
    // The second word counts for nothing.
    for trial in trials(here) {
        let expected = [1.0, 0.0][crate::bench::candidate_idx(&trial)];
        assert_eq!(outcome(&trial), Ok(expected));
    }
    let rounds = judgements(&trials(here));
    let again = rounds.iter().filter(|one| one["seat"]["round"] == 1);
    assert_eq!(again.count(), 2 * N_ITEMS);
    // A share is a share of the answers, and the same ones every time.
    edit(here, "recheck = 1.0", "recheck = 0.25");
    let before = n_calls(&served, JUDGE);
    value(here, &["score"], &[0]);
    assert_eq!(n_calls(&served, JUDGE), before, "all of these were asked");
    let decision = value(here, &["decide"], &[0]);
    let n_again = decision["judges"][0]["steadiness"]["n_answers"]
        .as_u64()
        .unwrap();
    assert!((10..=50).contains(&n_again), "{n_again} of 120");
}

#[test]
fn a_panel_shows_who_favours_its_own_family() {
    // `gpt-4o` finds the answers of its own family better by two grades than the other judge does.
    let fond = scripted(
        (0..N_ITEMS)
            .flat_map(|idx| {
                let grade = 2 + idx % 2;
                let word = |grade| format!("{{\"score\": {grade}}}");
                [
                    rule(&format!("[good {idx}]"), &word(grade + 2)),
                    rule(&format!("[poor {idx}]"), &word(grade)),
                ]
            })
            .collect(),
    );
    let fair = scripted(
        (0..N_ITEMS)
            .flat_map(|idx| {
                let word = format!("{{\"score\": {}}}", 2 + (idx / 2) % 2);
                [
                    rule(&format!("[good {idx}]"), &word),
                    rule(&format!("[poor {idx}]"), &word),
                ]
            })
            .collect(),
    );
    let served = served(N_ITEMS, vec![(JUDGE, fond), ("fair", fair)]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let panel = format!("models = [\"openai/{JUDGE}\", \"sim/fair\"]\nrubric = \"Is it right?\"\n");
    write(here, &served.url, N_ITEMS, &panel);
    edit(
        here,
        "model = \"sim/good\"",
        "model = \"sim/good\"\nidentity = \"openai/gpt-4o-mini-2024-07-18\"",
    );
    edit(
        here,
        "model = \"sim/poor\"",
        "model = \"sim/poor\"\nidentity = \"anthropic/claude-3-haiku-20240307\"",
    );
    let decision = value(here, &["select"], &[0, 1, 3]);
    let judge = &decision["judges"][0];
    assert_eq!(judge["family"], "gpt");
    // Every item has the same gap, which is a value without spread.
    let own = &judge["own_family"];
    assert_eq!(own["raw"]["value"], 0.5, "{judge}");
    assert_eq!(own["beside_others"]["value"], 0.5, "{judge}");
    let other = &decision["judges"][1];
    assert_eq!(other["family"], Value::Null);
    assert_eq!(other["own_family"], Value::Null);
}
