//! Judges that fail: recorded, never a score of 0, and decisive only where they can be.

use trilemma_sim::{Behaviour, FaultKind, FaultRule};

use crate::bench::{
    BY_RUBRIC, JUDGE, candidate_idx, edit, grades, judgements, n_calls, nano, outcome, rule,
    scripted, served, trials, value, write,
};

const N_ITEMS: usize = 20;

fn failing_first(n: u64) -> Behaviour {
    Behaviour {
        faults: Some(vec![FaultRule {
            every: None,
            first: Some(n),
            ..FaultRule::every(FaultKind::ServerError, 1)
        }]),
        ..grades("5", "2")
    }
}

#[test]
fn a_judge_that_fails_leaves_scores_missing_and_the_same_command_goes_on() {
    let served = served(N_ITEMS, vec![(JUDGE, failing_first(1_000))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, N_ITEMS, BY_RUBRIC);
    // Nothing is scored, so what is missing would decide: a provider's failure.
    let decision = value(here, &["select"], &[4]);
    for candidate in decision["candidates"].as_array().unwrap() {
        assert_eq!(candidate["score"], serde_json::Value::Null);
        assert_eq!(candidate["pass_rate"], serde_json::Value::Null);
        assert_eq!(candidate["counts"]["n_unscored"], N_ITEMS);
        assert_eq!(candidate["counts"]["n_failed"], 0);
    }
    let all = trials(here);
    for trial in &all {
        let why = outcome(trial).unwrap_err();
        assert!(why.starts_with("the judge failed: "), "{why}");
    }
    let n_attempts: usize = judgements(&all)
        .iter()
        .map(|one| one["attempts"].as_array().unwrap().len())
        .sum();
    assert_eq!(
        n_attempts,
        n_calls(&served, JUDGE),
        "every attempt is on record"
    );
}

#[test]
fn a_judge_that_counts_for_nothing_may_fail() {
    let served = served(N_ITEMS, vec![(JUDGE, failing_first(1_000))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let scorers =
        format!("{BY_RUBRIC}weight = 0\n[[scorers]]\ntype = \"regex\"\npattern = \"good\"\n");
    write(here, &served.url, N_ITEMS, &scorers);
    let summary = value(here, &["bench"], &[0]);
    assert_eq!(summary["n_unscored"], 0);
    assert_eq!(summary["judges"]["n_failed"], 2 * N_ITEMS);
    value(here, &["score", "--retry-failed"], &[0]);
}

#[test]
fn a_judge_that_recovers_is_asked_what_is_missing_only() {
    // The first 6 HTTP calls fail; with two attempts each, up to 6 questions stay open.
    let served = served(N_ITEMS, vec![(JUDGE, failing_first(6))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, N_ITEMS, BY_RUBRIC);
    edit(here, "max_attempts = 2", "max_attempts = 1");
    value(here, &["bench"], &[4]);
    let n_missing = trials(here)
        .iter()
        .filter(|trial| outcome(trial).is_err())
        .count();
    assert!(n_missing >= 6, "{n_missing}");
    let before = n_calls(&served, JUDGE);
    let decision = value(here, &["select"], &[0]);
    assert_eq!(n_calls(&served, JUDGE), before + n_missing);
    assert_eq!(decision["conclusion"]["decided"]["recommended_id"], "good");
    let all = trials(here);
    assert!(all.iter().all(|trial| outcome(trial).is_ok()));
    // Failed attempts of the first session are kept beside the ones that brought the reply.
    let n_attempts: usize = judgements(&all)
        .iter()
        .map(|one| one["attempts"].as_array().unwrap().len())
        .sum();
    assert_eq!(n_attempts, n_calls(&served, JUDGE));
}

#[test]
fn missing_judgements_that_cannot_change_the_outcome_are_a_warning() {
    // One reply of the good candidate holds no grade; 19 of 20 settle the gate of 50 % anyway.
    let judge = scripted(vec![
        rule("[good 7]", "no grade today"),
        rule("[good ", "{\"score\": 5}"),
        rule("[poor ", "{\"score\": 1}"),
    ]);
    let served = served(N_ITEMS, vec![(JUDGE, judge)]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, N_ITEMS, BY_RUBRIC);
    let decision = value(here, &["select"], &[0]);
    assert_eq!(decision["conclusion"]["decided"]["recommended_id"], "good");
    let codes: Vec<&str> = decision["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|warning| warning["code"].as_str())
        .collect();
    assert!(codes.contains(&"missing_results"), "{codes:?}");
}

#[test]
fn a_panel_keeps_the_words_of_each_judge() {
    let served = served(
        N_ITEMS,
        vec![
            ("j1", grades("5", "5")),
            ("j2", grades("4", "1")),
            ("j3", scripted(vec![rule("[", "no idea")])),
        ],
    );
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let panel = "models = [\"sim/j1\", \"sim/j2\", \"sim/j3\"]\nrubric = \"Is it right?\"\n";
    write(here, &served.url, N_ITEMS, panel);
    value(here, &["select"], &[0, 1, 3]);
    for trial in trials(here) {
        // The mean of the two that gave a grade: more than half of three.
        let expected = [0.875, 0.5][candidate_idx(&trial)];
        assert_eq!(outcome(&trial), Ok(expected));
        let words = judgements(std::slice::from_ref(&trial));
        let models: Vec<&str> = words
            .iter()
            .filter_map(|one| one["model"].as_str())
            .collect();
        assert_eq!(models, ["sim/j1", "sim/j2", "sim/j3"]);
        let scores: Vec<Option<f64>> = words
            .iter()
            .map(|one| one["grade"]["scored"]["score"].as_f64())
            .collect();
        assert_eq!(scores[2], None);
        let why = trial["scores"][0]["outcome"]["scored"]["explanation"].as_str();
        assert!(why.unwrap().contains("sim/j3: no grade"), "{why:?}");
        // The price of `sim` models is unknown, and unknown is not zero.
        assert_eq!(trial["scores"][0]["cost"], serde_json::Value::Null);
    }
    assert_eq!(n_calls(&served, "j3"), 2 * N_ITEMS);
    edit(here, "rubric = ", "combine = \"majority\"\nrubric = ");
    let before = served.log.records().len();
    value(here, &["score"], &[4]);
    assert_eq!(
        served.log.records().len(),
        before,
        "the words are on record"
    );
    for trial in trials(here) {
        // Two of three say pass to the good one; of the poor one they disagree, so it is open.
        let expected = [Some(1.0), None][candidate_idx(&trial)];
        assert_eq!(outcome(&trial).ok(), expected);
    }
    let spent = value(here, &["bench"], &[4]);
    assert!(nano(&spent["spent"]) > 0);
}
