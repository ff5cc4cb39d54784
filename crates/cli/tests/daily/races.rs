//! An adaptive run calls fewer, goes on where it was, and is decided on for what it measured in full.

use serde_json::{Value, json};
use trilemma_sim::{Answers, Behaviour, Scenario, SimOptions};

use crate::desk::{project, run, value};
use crate::support::{serve, write_golden, write_project};

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
