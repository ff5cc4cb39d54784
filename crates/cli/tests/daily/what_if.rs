//! Decisions under other facts, a newcomer to an earlier run, and models that are not the pinned ones.

use fs_err as fs;
use trilemma_sim::{Answers, Behaviour, Scenario, SimOptions};

use crate::desk::{append, next, project, run, text, typed, value};
use crate::support::{Served, serve, write_golden, write_project};

/// Two equal candidates at one price.
fn two() -> (tempfile::TempDir, Served) {
    let (folder, served) = project(60, &["a", "b"]);
    append(folder.path(), "[requirements]\npass_rate = { min = 0.7 }");
    run(folder.path(), &["bench"], &[0]);
    (folder, served)
}

#[test]
fn another_price_another_choice_and_no_call() {
    let (folder, served) = two();
    let n_before = served.log.records().len();
    let cheaper = ["decide", "--json", "--what-if", "price.b=0.5/1"];
    let changes = value(&run(folder.path(), &cheaper, &[0]));
    let holding = &changes["recommendation"];
    assert_eq!(holding["now"]["candidate"], "a");
    assert_eq!(holding["then"]["candidate"], "b");
    assert_eq!(holding["holds"], "no");
    let per_query = |which: &str| {
        let b = &changes[which]["candidates"][1]["cost"]["per_query"];
        b["value"].as_str().unwrap().parse::<f64>().unwrap()
    };
    assert!((per_query("now") / per_query("then") - 2.0).abs() < 1e-9);
    let moved = ["decide", "--json", "--what-if", "price.b=-50%"];
    let same = value(&run(folder.path(), &moved, &[0]));
    assert_eq!(same["then"]["candidates"], changes["then"]["candidates"]);
    let shown = text(&run(folder.path(), &cheaper_text(), &[0]).stdout);
    assert!(
        shown.contains("The recommendation changes from `a` to `b`."),
        "{shown}"
    );
    assert_eq!(served.log.records().len(), n_before, "nobody is called");
}

fn cheaper_text() -> [&'static str; 3] {
    ["decide", "--what-if", "price.b=0.5/1"]
}

#[test]
fn a_retired_model_is_out_but_still_what_others_are_compared_with() {
    let (folder, _served) = two();
    let file = folder.path().join("trilemma.toml");
    let project = fs::read_to_string(&file)
        .unwrap()
        .replace("[task]", "[task]\nincumbent = \"a\"");
    fs::write(&file, project).unwrap();
    append(
        folder.path(),
        "not_worse_than = { candidate = \"incumbent\", margin = 0.2 }",
    );
    let decide = ["decide", "--json", "--what-if", "without=a"];
    let changes = value(&run(folder.path(), &decide, &[0]));
    assert_eq!(changes["recommendation"]["then"]["candidate"], "b");
    assert_eq!(changes["gates"][0]["gate"], "offered");
    let b = &changes["then"]["candidates"][1]["gates"];
    assert_eq!(b[1]["gate"], "not_worse_than");
    assert_eq!(b[1]["verdict"], "meets");
    let both = ["decide", "--what-if", "without=a", "--what-if", "without=b"];
    let shown = text(&run(folder.path(), &both, &[1]).stdout);
    assert!(shown.contains("no longer holds"), "{shown}");
}

#[test]
fn requirements_and_what_does_not_fit() {
    let (folder, _served) = two();
    let stricter = ["decide", "--what-if", "requirements.pass_rate.min=0.99"];
    let output = run(folder.path(), &stricter, &[1]);
    let shown = text(&output.stdout);
    assert!(shown.contains("meets → fails"), "{shown}");
    typed(
        folder.path(),
        &next(&output).replace("--project", "-p"),
        &[0],
    );
    for (bad, said) in [
        (
            "requirements.pass_rate.min=2",
            "`requirements.pass_rate.min`",
        ),
        ("requirements.pass_rat.min=0.5", "did you mean `pass_rate`"),
        ("traffic.queries_per_day.x=1", "queries_per_day"),
        ("price.c=1/2", "one of `a`, `b`"),
        ("without=c", "one of `a`, `b`"),
        ("bench.repeats=3", "cannot be supposed"),
    ] {
        let output = run(folder.path(), &["decide", "--what-if", bad], &[2]);
        let err = text(&output.stderr);
        assert!(err.contains(said), "{bad}: {err}");
    }
}

#[test]
fn a_newcomer_alone_is_called() {
    let (folder, served) = two();
    let n_before = served.log.records().len();
    let output = run(
        folder.path(),
        &["bench", "--new-candidate", "sim/c", "--json"],
        &[0],
    );
    let summary = value(&output);
    assert_eq!(served.log.records().len() - n_before, 60);
    assert_eq!(summary["n_replayed"], 120);
    assert_eq!(summary["n_answered"], 60);
    let said = text(&output.stderr);
    assert!(said.contains("adding `c`"), "{said}");
    let decision = value(&run(folder.path(), &["decide", "--json"], &[0]));
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 3);
    // What bears on the others' calls has changed: they would be called again.
    let file = folder.path().join("trilemma.toml");
    let project = fs::read_to_string(&file).unwrap().replace(
        "model = \"sim/a\"",
        "model = \"sim/a\"\nparams = { temperature = 0.5 }",
    );
    fs::write(&file, project).unwrap();
    let refused = run(folder.path(), &["bench", "--new-candidate", "sim/d"], &[2]);
    let said = text(&refused.stderr);
    assert!(said.contains("the calls of `a` have changed"), "{said}");
    assert_eq!(served.log.records().len() - n_before, 60);
}

#[test]
fn another_model_than_the_pinned_one_is_marked_everywhere() {
    let other = Behaviour {
        served_model: Some("a-2".to_owned()),
        answers: Some(Answers::Echo),
        ..Behaviour::default()
    };
    let served = serve(SimOptions {
        scenario: Scenario {
            models: [
                ("a".to_owned(), other),
                ("b".to_owned(), Behaviour::default()),
            ]
            .into(),
            ..Scenario::default()
        },
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 30);
    write_project(folder.path(), &served.url, &["a", "b"], "");
    let before = value(&run(folder.path(), &["check", "--strict", "--json"], &[0]));
    assert_eq!(before["pins"][0]["run"], serde_json::Value::Null);
    let bench = run(folder.path(), &["bench"], &[0]);
    assert!(text(&bench.stderr).contains("served other: `a-2` (30)"));
    let check = run(folder.path(), &["check", "--json"], &[0]);
    let pins = &value(&check)["pins"];
    assert_eq!(pins[0]["differs"], true);
    assert_eq!(pins[0]["served"][0]["name"], "a-2");
    assert_eq!(pins[1]["differs"], false);
    run(folder.path(), &["check", "--strict"], &[5]);
    run(folder.path(), &["decide", "--strict"], &[5]);
    let shown = text(&run(folder.path(), &["check"], &[0]).stdout);
    assert!(shown.contains("other: `a-2` (30)"), "{shown}");
    let doctor = run(folder.path(), &["catalog", "doctor", "--json"], &[0]);
    assert_eq!(value(&doctor)["pins"][0]["served"][0]["as_asked"], false);
    let report = run(folder.path(), &["report", "--format", "markdown"], &[0]);
    assert!(text(&report.stdout).contains("`a-2`"));
    let name = value(&run(folder.path(), &["runs", "list", "--json"], &[0]))[0]["run"]
        .as_str()
        .unwrap()
        .to_owned();
    let show = run(folder.path(), &["runs", "show", &name], &[0]);
    assert!(text(&show.stderr).contains("not the model that was asked for"));
}
