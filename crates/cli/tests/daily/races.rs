//! An adaptive run calls fewer, goes on where it was, and is decided on for what it measured in full.

use serde_json::{Value, json};
use trilemma_sim::{Answers, Behaviour, FaultKind, FaultRule, Scenario, SimOptions};

use crate::desk::{append, project, project_on, run, text, value};
use crate::support::{Served, serve, write_golden, write_project};

#[test]
fn a_race_saves_calls_and_is_resumed_without_any() {
    let (folder, served) = project(200, &["a", "b", "c"]);
    let first = value(&run(
        folder.path(),
        &["bench", "--adaptive", "--json"],
        &[0],
    ));
    let calls = served.log.n_ended();
    assert_eq!(first["n_answered"], calls, "{first}");
    assert!((200..600).contains(&calls), "{calls} of 600");
    assert_eq!(first["race"]["mode"], "calibrated");
    assert_eq!(first["race"]["guarantee"]["kind"], "calibrated");
    assert_eq!(first["race"]["n_all"], 600);
    assert_eq!(first["n_open"], 0);

    // The race is derived again from the record: the same choice, and nobody is called.
    let again = value(&run(
        folder.path(),
        &["bench", "--adaptive", "--json"],
        &[0],
    ));
    assert_eq!(served.log.n_ended(), calls);
    assert_eq!(again["race"], first["race"]);

    // Only who was measured in full is decided on, and the decision says so.
    let decision = value(&run(folder.path(), &["decide", "--json"], &[0, 1, 3]));
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 1);
    let warnings = decision["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|one| one["code"] == "adaptive_run"));

    // A plain run is another one; what is known is replayed.
    run(folder.path(), &["bench"], &[0]);
    assert_eq!(served.log.n_ended(), 600);
    let decision = value(&run(folder.path(), &["decide", "--json"], &[0, 1, 3]));
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 3);
}

#[test]
fn a_trial_that_failed_is_told_and_called_once() {
    for mode in ["calibrated", "certified", "gates"] {
        let options = SimOptions {
            scenario: Scenario {
                faults: vec![FaultRule::per_100(FaultKind::ServerError, 20)],
                ..Scenario::default()
            },
            ..SimOptions::default()
        };
        let (folder, served) = project_on(options, 100, &["a", "b", "c"]);
        let file = folder.path().join("trilemma.toml");
        let old = fs_err::read_to_string(&file).unwrap();
        let once = old.replace("concurrency = 20", "concurrency = 20\nmax_attempts = 1");
        fs_err::write(&file, once).unwrap();
        append(folder.path(), "[requirements]\npass_rate = { min = 0.4 }");
        let mode = format!("--adaptive={mode}");
        let summary = value(&run(folder.path(), &["bench", &mode, "--json"], &[4]));
        let records = text(&run(folder.path(), &["export"], &[0]).stdout);
        let is = |line: &&str, word: &str| line.contains(word);
        let trials = records.lines().filter(|line| is(line, "\"trial\""));
        let (failed, all): (usize, usize) = trials.fold((0, 0), |(failed, all), line| {
            (failed + usize::from(is(&line, "\"failed\"")), all + 1)
        });
        assert!(failed > 0, "{records}");
        assert_eq!(summary["n_failed"], failed, "{mode}: {summary}");
        assert_eq!(summary["n_answered"], all - failed, "{mode}: {summary}");
        assert_eq!(served.log.n_ended(), all as u64, "{mode}: {summary}");
    }
}

#[test]
fn a_certified_race_says_what_it_certifies() {
    let (folder, _served) = project(100, &["a", "b"]);
    let arguments = ["bench", "--adaptive=certified", "--json"];
    let summary = value(&run(folder.path(), &arguments, &[0]));
    let guarantee = &summary["race"]["guarantee"];
    assert_eq!(guarantee["kind"], "certified", "{summary}");
    assert_eq!(guarantee["population"]["finite"], 100);
}

#[test]
fn answers_and_labels_of_a_race_stay_with_their_candidate() {
    let says = |text: &str| Behaviour {
        answers: Some(Answers::Text {
            text: text.to_owned(),
        }),
        ..Behaviour::default()
    };
    let served = serve(SimOptions {
        scenario: Scenario {
            models: [
                ("bad".to_owned(), says("never-right")),
                ("good".to_owned(), Behaviour::default()),
            ]
            .into(),
            ..Scenario::default()
        },
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_golden(folder, 200);
    // The one that falls out comes first, so that places in run and decision differ.
    write_project(folder, &served.url, &["bad", "good"], "concurrency = 20");
    run(folder, &["bench", "--adaptive"], &[0]);
    run(folder, &["review", "sample", "--n", "40"], &[0]);
    let sheet = folder.join("sheet.jsonl");
    let path = sheet.to_str().unwrap();
    run(folder, &["review", "export", path], &[0]);
    let filled: Vec<String> = fs_err::read_to_string(&sheet)
        .unwrap()
        .lines()
        .map(|line| {
            let mut row: Value = serde_json::from_str(line).unwrap();
            row["verdict"] = json!("pass");
            row.to_string()
        })
        .collect();
    fs_err::write(&sheet, filled.join("\n")).unwrap();
    run(
        folder,
        &["review", "import", path, "--reviewer", "ann"],
        &[0],
    );

    let decision = value(&run(folder, &["decide", "--json"], &[0, 1, 3]));
    let names: Vec<&Value> = decision["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(names, ["good"], "{decision}");
    assert_eq!(decision["review"][0]["candidate"], 0);
    assert_eq!(decision["review"][0]["n_labels"], 40);
    let page = folder.join("report.html");
    let to = page.to_str().unwrap();
    run(
        folder,
        &["report", "--with-content", "--out", to],
        &[0, 1, 3],
    );
    let page = fs_err::read_to_string(&page).unwrap();
    assert!(page.contains("something else") && !page.contains("never-right"));
}

/// A project over 400 items with a cheap candidate that is mostly wrong, and two that pass 85.7 %.
fn three_prices(requirements: &str) -> (tempfile::TempDir, Served) {
    let wrong = Behaviour {
        answers: Some(Answers::Text {
            text: "something else".to_owned(),
        }),
        ..Behaviour::default()
    };
    let served = serve(SimOptions {
        scenario: Scenario {
            models: [
                ("cheap".to_owned(), wrong),
                ("middle".to_owned(), Behaviour::default()),
                ("dear".to_owned(), Behaviour::default()),
            ]
            .into(),
            ..Scenario::default()
        },
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 400);
    write_project(folder.path(), &served.url, &[], "concurrency = 20");
    for (name, price) in [("dear", "8"), ("cheap", "1"), ("middle", "4")] {
        append(
            folder.path(),
            &format!(
                "[[candidates]]\nmodel = \"sim/{name}\"\nprice = {{ input = \"{price}\", output = \"{price}\" }}"
            ),
        );
    }
    append(folder.path(), requirements);
    (folder, served)
}

#[test]
fn the_cheapest_that_meets_the_bar_is_found_without_asking_the_dearer_ones() {
    let (folder, served) = three_prices("[requirements]\npass_rate = { min = 0.80 }");
    let arguments = ["select", "--adaptive=gates", "--json"];
    let decision = value(&run(folder.path(), &arguments, &[0]));
    assert_eq!(
        decision["conclusion"]["decided"]["recommended_id"],
        "middle"
    );
    // 20 items of each, and the rest of the one that is taken.
    assert_eq!(served.log.n_ended(), 60 + 380);
    let summary = value(&run(
        folder.path(),
        &["bench", "--adaptive=gates", "--json"],
        &[0],
    ));
    assert_eq!(served.log.n_ended(), 440, "a resumed race calls nobody");
    let race = &summary["race"];
    assert_eq!(race["chosen"], 2);
    assert_eq!(race["guarantee"], json!({"kind": "shown", "alpha": 0.05}));
    let given_up = race["given_up"].as_array().unwrap();
    let why: Vec<(&Value, &Value)> = given_up
        .iter()
        .map(|one| (&one["candidate"], &one["why"]["kind"]))
        .collect();
    assert_eq!(
        why,
        [
            (&json!(1), &json!("hopeless")),
            (&json!(0), &json!("dearer"))
        ]
    );
    // The error is held over all three, as in a full run, though only one is judged.
    let gate = &decision["candidates"][0]["gates"][0];
    let reason = gate["reason"].as_str().unwrap();
    assert!(reason.contains("over 3 candidates together"), "{gate}");
    let text = text(&run(folder.path(), &["bench", "--adaptive=gates"], &[0]).stdout);
    assert!(
        text.contains("440 of 1200 trials asked, 440 with the completion, 63 % saved"),
        "{text}"
    );
}

#[test]
fn a_race_against_the_incumbent_asks_it_only_beside_those_that_have_a_chance() {
    let (folder, served) = three_prices(
        "[requirements]\nnot_worse_than = { candidate = \"incumbent\", margin = 0.05 }",
    );
    let file = folder.path().join("trilemma.toml");
    let old = fs_err::read_to_string(&file).unwrap();
    let with = old.replace("golden = ", "incumbent = \"dear\"\ngolden = ");
    fs_err::write(&file, with).unwrap();
    let arguments = ["select", "--adaptive=gates", "--json"];
    let decision = value(&run(folder.path(), &arguments, &[0]));
    assert_eq!(
        decision["conclusion"]["decided"]["recommended_id"],
        "middle"
    );
    assert_eq!(served.log.n_ended(), 20 + 400 + 400);
}

#[test]
fn a_race_against_the_best_lets_go_whoever_is_not() {
    let (folder, served) =
        three_prices("[requirements]\nnot_worse_than = { candidate = \"best\", margin = 0.05 }");
    let arguments = ["select", "--adaptive=gates", "--json"];
    let decision = value(&run(folder.path(), &arguments, &[0]));
    assert_eq!(
        decision["conclusion"]["decided"]["recommended_id"],
        "middle"
    );
    // The one that is mostly wrong is let go soon; the two that cannot be told apart answer everything.
    let calls = served.log.n_ended();
    assert!((820..900).contains(&calls), "{calls} of 1200");
    let judged = decision["candidates"].as_array().unwrap();
    let verdicts: Vec<&Value> = judged.iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["meets", "meets"], "{decision}");
    let gate = judged[0]["gates"][0]["reason"].as_str().unwrap();
    assert!(gate.contains("over 3 candidates together"), "{gate}");
    // Resumed it calls nobody; the plan says beforehand what it would take.
    run(folder.path(), &["bench", "--adaptive=gates"], &[0]);
    assert_eq!(served.log.n_ended(), calls);
    let check = value(&run(folder.path(), &["check", "--json"], &[0]));
    let races = check["races"].as_array().unwrap();
    assert!(
        races.iter().any(|race| race["mode"] == "gates"),
        "{races:?}"
    );
}

#[test]
fn other_races_say_that_they_may_have_lost_the_best() {
    let (folder, _served) =
        three_prices("[requirements]\nnot_worse_than = { candidate = \"best\", margin = 0.05 }");
    run(folder.path(), &["bench", "--adaptive"], &[0]);
    let decision = value(&run(folder.path(), &["decide", "--json"], &[3]));
    let gate = &decision["candidates"][0]["gates"][0];
    assert_eq!(gate["verdict"], "undecided", "{gate}");
    let reason = gate["reason"].as_str().unwrap();
    assert!(reason.contains("may be the best"), "{reason}");
}

#[test]
fn a_race_follows_what_ranks() {
    let (folder, served) = three_prices(
        "[requirements]\npass_rate = { min = 0.5 }\n[preference]\nrank_by = \"pass_rate\"",
    );
    let arguments = ["select", "--adaptive=gates", "--json"];
    let decision = value(&run(folder.path(), &arguments, &[0]));
    // Both answer the same: nobody is ahead, and the tie goes as in a full run.
    let adaptive = &decision["conclusion"]["decided"]["recommended_id"];
    let calls = served.log.n_ended();
    assert!((800..900).contains(&calls), "{calls} of 1200");
    let full = value(&run(folder.path(), &["select", "--json"], &[0]));
    assert_eq!(&full["conclusion"]["decided"]["recommended_id"], adaptive);
}

#[test]
fn a_race_that_nobody_wins_ends_with_a_decision() {
    let (folder, served) = three_prices("[requirements]\npass_rate = { min = 0.95 }");
    let arguments = ["select", "--adaptive=gates", "--json"];
    let decision = value(&run(folder.path(), &arguments, &[1, 3]));
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 1);
    // The likeliest was completed, the others were given up early.
    let calls = served.log.n_ended();
    assert!((400..700).contains(&calls), "{calls}");
}

#[test]
fn what_a_race_for_requirements_cannot_answer_is_refused_before_any_call() {
    for (requirements, says) in [
        ("", "no quality requirement"),
        (
            "[requirements]\nnot_worse_than = { candidate = \"best\", margin = 0.05 }",
            "share clusters",
        ),
    ] {
        let (folder, served) = three_prices(requirements);
        let golden = folder.path().join("golden.jsonl");
        let items = fs_err::read_to_string(&golden).unwrap();
        let clustered = items.replace("\"input\":", "\"cluster\": \"c\", \"input\":");
        fs_err::write(&golden, clustered).unwrap();
        let refused = run(folder.path(), &["bench", "--adaptive=gates"], &[2]);
        let said = text(&refused.stderr);
        assert!(said.contains(says), "{said}");
        assert!(said.contains("hint:"), "{said}");
        let refused = run(
            folder.path(),
            &["bench", "--adaptive=certified-traffic"],
            &[2],
        );
        assert!(text(&refused.stderr).contains("share clusters"));
        assert_eq!(served.log.n_ended(), 0);
    }
}

#[test]
fn a_race_heeds_what_items_count() {
    // The echo fails every seventh item; the other answers those and nothing else, and they are what counts.
    let (folder, served) = three_prices("");
    let golden = folder.path().join("golden.jsonl");
    let items = fs_err::read_to_string(&golden).unwrap();
    let weighted: Vec<String> = items
        .lines()
        .map(|line| {
            let mut item: Value = serde_json::from_str(line).unwrap();
            let is_echoed = item["input"] == item["expected"];
            item["weight"] = json!(if is_echoed { 1.0 } else { 50.0 });
            item.to_string()
        })
        .collect();
    fs_err::write(&golden, weighted.join("\n")).unwrap();
    let refused = run(
        folder.path(),
        &["bench", "--adaptive=certified-traffic"],
        &[2],
    );
    let said = text(&refused.stderr);
    assert!(
        said.contains("differ in weight") && said.contains("--adaptive=certified"),
        "{said}"
    );
    let check = value(&run(folder.path(), &["check", "--json"], &[0]));
    let modes: Vec<&Value> = check["races"]
        .as_array()
        .unwrap()
        .iter()
        .map(|race| &race["mode"])
        .collect();
    assert_eq!(modes, ["calibrated", "cheapest", "certified"]);
    assert_eq!(served.log.n_ended(), 0);
    for mode in ["calibrated", "cheapest", "certified"] {
        let arguments = ["bench", &format!("--adaptive={mode}"), "--json"];
        let summary = value(&run(folder.path(), &arguments, &[0]));
        assert_eq!(summary["race"]["chosen"], 1, "{mode}: {summary}");
    }
}
