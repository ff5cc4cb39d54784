//! The whole path: judged, recorded, priced, reported, used again.

use serde_json::Value;

use crate::bench::{
    BY_RUBRIC, CANDIDATES, JUDGE, PRICE, edit, grades, judgements, n_calls, nano, outcome, run,
    served, trials, value, write,
};

const N_ITEMS: usize = 30;
const N_ANSWERS: usize = N_ITEMS * CANDIDATES.len();

/// What the call of one judgement must cost by its own token counts.
fn cost_by_tokens(attempt: &Value) -> i64 {
    let usage = &attempt["usage"];
    let input = usage["input_uncached"].as_i64().unwrap();
    PRICE.0 * input + PRICE.1 * usage["output"].as_i64().unwrap()
}

#[test]
fn select_judges_over_http_and_never_asks_twice() {
    let served = served(N_ITEMS, vec![(JUDGE, grades("5", "2"))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, N_ITEMS, BY_RUBRIC);
    let decision = value(here, &["select"], &[0]);
    assert_eq!(n_calls(&served, JUDGE), N_ANSWERS);
    assert_eq!(decision["conclusion"]["decided"]["recommended_id"], "good");

    crate::desk::assert_fits("decision", &decision);
    let all = trials(here);
    assert_eq!(all.len(), N_ANSWERS);
    crate::desk::assert_fits("export", &all[0]);
    for trial in &all {
        let expected = [1.0, 0.25][crate::bench::candidate_idx(trial)];
        assert_eq!(outcome(trial), Ok(expected));
        assert_eq!(
            trial["scores"][0]["cost"],
            judgements(std::slice::from_ref(trial))[0]["cost"]
        );
    }
    for judgement in judgements(&all) {
        let attempts = judgement["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 1);
        let attempt = &attempts[0];
        assert_eq!(judgement["origin"], "called");
        assert_eq!(judgement["model"], format!("openai/{JUDGE}"));
        assert_eq!(attempt["status"], 200);
        assert!(attempt["request_id"].is_string(), "{attempt}");
        assert!(attempt["timing"]["end"].is_object(), "{attempt}");
        assert!(attempt["started_us"].as_i64().unwrap() > 0);
        assert_eq!(nano(&attempt["cost"]), cost_by_tokens(attempt));
        assert_eq!(judgement["cost"], attempt["cost"]);
        assert!(judgement["price_row"].is_string());
        let reply = &judgement["outcome"]["answered"]["reply"];
        assert_eq!(reply["response"]["served_model"], JUDGE);
        assert_eq!(judgement["grade"]["scored"]["explanation"], "seen");
    }
    judges_are_reported_apart(here, &decision, &all);

    // Nothing is asked again: by the same command, by `score`, by a fresh run.
    let before = served.log.records().len();
    value(here, &["select"], &[0]);
    let scored = value(here, &["score"], &[0]);
    assert_eq!(scored["n_scored"], 0);
    value(here, &["select", "--fresh"], &[0]);
    assert_eq!(served.log.records().len(), before);
    let fresh = judgements(&trials(here));
    assert_eq!(fresh.len(), N_ANSWERS);
    assert!(
        fresh
            .iter()
            .all(|one| one["origin"]["replayed"]["run"].is_string())
    );
    let summary = value(here, &["bench"], &[0]);
    assert_eq!(summary["judges"]["n_calls"], 0);
}

/// Money of judges stands beside the candidates', never in it.
fn judges_are_reported_apart(here: &std::path::Path, decision: &Value, all: &[Value]) {
    for (idx, name) in CANDIDATES.iter().enumerate() {
        let own: Vec<&Value> = all
            .iter()
            .filter(|trial| crate::bench::candidate_idx(trial) == idx)
            .collect();
        let billed: i64 = own.iter().map(|trial| nano(&trial["trial"]["cost"])).sum();
        let judged: i64 = own
            .iter()
            .flat_map(|trial| judgements(&[(*trial).clone()]))
            .map(|judgement| nano(&judgement["cost"]))
            .sum();
        assert!(billed > 0 && judged > 0);
        let cost = &decision["candidates"][idx]["cost"];
        let dollars = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        let same = |value: &Value, nano: i64| (dollars(value) - nano as f64 / 1e9).abs() < 1e-12;
        assert!(same(&cost["billed_total"], billed), "{name}: {cost}");
        assert!(same(&cost["scoring_total"], judged), "{name}: {cost}");
    }
    let terminal = run(here, &["report", "--format", "terminal"]);
    let terminal = String::from_utf8(terminal.stdout).unwrap();
    assert!(terminal.contains("Judges"), "{terminal}");
    assert!(terminal.contains("apart from the candidates"), "{terminal}");
    let html = fs_err::read_to_string(here.join("trilemma-report.html")).unwrap();
    assert!(html.contains("judges 0.0"), "the cost table names them");
    assert!(
        html.contains("Same word in both orders"),
        "the table of judges"
    );
}

#[test]
fn a_new_rubric_asks_judges_only_and_says_what_it_costs_before() {
    let served = served(N_ITEMS, vec![(JUDGE, grades("5", "2"))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, N_ITEMS, BY_RUBRIC);
    value(here, &["bench"], &[0]);
    let calls = |model| n_calls(&served, model);
    let candidates = calls("good") + calls("poor");

    // Another weight, another way to read the same replies: no call.
    edit(here, "rubric = ", "invert = true\nweight = 2\nrubric = ");
    let output = run(here, &["score"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(calls(JUDGE), N_ANSWERS);
    assert_eq!(outcome(&trials(here)[0]), Ok(0.0));
    edit(here, "invert = true\nweight = 2\n", "");

    edit(here, "Is it right?", "Is it kind?");
    let output = run(here, &["score"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("at most 60 calls (60 answers), about $0."),
        "{told}"
    );
    assert_eq!(calls(JUDGE), 2 * N_ANSWERS);
    assert_eq!(calls("good") + calls("poor"), candidates);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("judges: 60 calls, $0."), "{printed}");
    // The old rubric's words are still there.
    edit(here, "Is it kind?", "Is it right?");
    value(here, &["score"], &[0]);
    assert_eq!(calls(JUDGE), 2 * N_ANSWERS);
}

#[test]
fn identical_answers_are_judged_once() {
    let n_items = 8;
    let served = served(n_items, vec![(JUDGE, grades("5", "2"))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, n_items, BY_RUBRIC);
    edit(here, "model = \"sim/poor\"", "model = \"sim/good\"");
    value(here, &["bench"], &[0]);
    assert_eq!(n_calls(&served, JUDGE), n_items);
    let all = trials(here);
    assert!(all.iter().all(|trial| outcome(trial) == Ok(1.0)));
    let replayed = judgements(&all)
        .iter()
        .filter(|one| one["origin"]["replayed"].is_object())
        .count();
    assert_eq!(replayed, n_items);
}

#[test]
fn a_budget_refuses_a_judge_whose_price_nobody_knows() {
    let n_items = 3;
    let served = served(n_items, vec![("j", grades("5", "2"))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let scorer = "model = \"sim/j\"\nrubric = \"Is it right?\"\n";
    write(
        here,
        &served.url,
        n_items,
        "model = \"sim/j\"\nrubric = \"old\"\n",
    );
    value(here, &["bench"], &[0]);
    edit(here, "model = \"sim/j\"\nrubric = \"old\"\n", scorer);
    let before = n_calls(&served, "j");
    let refused = run(here, &["score", "--budget", "1"]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("`j`") && told.contains("no price is known"),
        "{told}"
    );
    assert_eq!(n_calls(&served, "j"), before);
    // Its own price bounds it, and is what its calls cost.
    edit(
        here,
        scorer,
        &format!("{scorer}price = {{ input = \"1000\", output = \"0\" }}\n"),
    );
    let scored = value(here, &["score", "--budget", "100"], &[0]);
    assert_eq!(n_calls(&served, "j"), before + 2 * n_items);
    let spent = nano(&scored["judges"]["spent"]);
    let tokens: i64 = judgements(&trials(here))
        .iter()
        .filter(|one| one["scorer_idx"] == 0 && one["origin"] == "called")
        .map(|one| {
            one["attempts"][0]["usage"]["input_uncached"]
                .as_i64()
                .unwrap()
        })
        .sum();
    assert_eq!(spent, tokens * 1_000_000);
}

#[test]
fn judges_stop_before_the_budget_and_go_on_later() {
    let n_items = 12;
    let served = served(n_items, vec![(JUDGE, grades("5", "2"))]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, n_items, BY_RUBRIC);
    // Candidates cost nearly nothing; judges reserve up to 0.3 cents a call.
    edit(
        here,
        "input = \"1\", output = \"2\"",
        "input = \"0.001\", output = \"0.001\"",
    );
    let stopped = value(here, &["bench", "--budget", "0.01"], &[4]);
    assert_eq!(stopped["stop"], "budget");
    let asked = n_calls(&served, JUDGE);
    assert!((1..2 * n_items).contains(&asked), "{asked} judged");
    let spent = nano(&stopped["spent"]);
    assert!(spent <= 10_000_000, "{spent}");
    assert_eq!(
        stopped["n_unscored"].as_u64().unwrap() as usize,
        2 * n_items - asked
    );
    // `score` keeps to the same budget, and goes on with a larger one.
    let still = value(here, &["score", "--budget", "0.01"], &[4]);
    assert_eq!(still["stopped_by_budget"], true);
    let done = value(here, &["score", "--budget", "1"], &[0]);
    assert_eq!(done["n_unscored"], 0);
    assert_eq!(n_calls(&served, JUDGE), 2 * n_items);
}
