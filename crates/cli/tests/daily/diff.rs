//! Two runs side by side: what was asked differently, what came out, which items changed sides.

use fs_err as fs;
use serde_json::{Value, json};
use trilemma_sim::{Answers, Behaviour, Scenario, SimOptions};

use crate::desk::{next, run, text, value};
use crate::support::{Served, serve, write_golden, write_project};

/// Two models: one echoes, one always says the same.
fn project(n_items: usize) -> (tempfile::TempDir, Served) {
    let stubborn = Behaviour {
        answers: Some(Answers::Text {
            text: "say 1".to_owned(),
        }),
        ..Behaviour::default()
    };
    let served = serve(SimOptions {
        scenario: Scenario {
            models: [
                ("echo".to_owned(), Behaviour::default()),
                ("stubborn".to_owned(), stubborn),
            ]
            .into_iter()
            .collect(),
            ..Scenario::default()
        },
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), n_items);
    write_project(folder.path(), &served.url, &["echo"], "concurrency = 20");
    (folder, served)
}

fn candidate<'a>(diff: &'a Value, id: &str) -> &'a Value {
    let candidates = diff["candidates"].as_array().unwrap();
    candidates.iter().find(|one| one["id"] == id).unwrap()
}

#[test]
fn a_worse_model_under_the_same_name_is_seen_item_by_item() {
    let (folder, _served) = project(70);
    let file = folder.path().join("trilemma.toml");
    let named = |model: &str, temperature: &str| {
        let text = fs::read_to_string(&file).unwrap();
        let start = text.find("[[candidates]]").unwrap();
        let candidate = format!(
            "[[candidates]]\nid = \"ours\"\nmodel = \"sim/{model}\"\nparams = {{ temperature = {temperature} }}\n\
             price = {{ input = \"1\", output = \"2\" }}\n"
        );
        fs::write(&file, format!("{}{candidate}", &text[..start])).unwrap();
    };
    named("echo", "0.0");
    run(folder.path(), &["bench"], &[0]);
    named("stubborn", "0.5");
    run(folder.path(), &["bench"], &[0]);

    let output = run(folder.path(), &["runs", "diff", "--json"], &[0]);
    let diff = value(&output);
    assert_eq!(diff["same_calls"], false);
    assert_eq!(diff["settings"], json!([]));
    assert_eq!(diff["items"]["n_shared"], 70);
    let ours = candidate(&diff, "ours");
    assert_eq!(ours["found"], "both");
    let changed: Vec<&str> = ours["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["setting"].as_str().unwrap())
        .collect();
    assert_eq!(changed, ["params.temperature", "target.model"]);
    // The echo is right where no seventh item asks for something else: 60 of 70; the other once.
    assert_eq!(ours["before"]["counts"]["n_passed"], 60);
    assert_eq!(ours["after"]["counts"]["n_passed"], 1);
    let difference = ours["difference"]["value"].as_f64().unwrap();
    assert!(
        (difference - (1.0 - 60.0) / 70.0).abs() < 1e-9,
        "{difference}"
    );
    assert!(ours["difference"]["high"].as_f64().unwrap() < 0.0);
    assert_eq!(ours["now_failing"].as_array().unwrap().len(), 59);
    assert_eq!(ours["now_passing"], json!([]));

    let shown = run(folder.path(), &["runs", "diff"], &[0]);
    let words = text(&shown.stdout);
    let out = words.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "params.temperature 0.0 → 0.5",
        "target.model echo → stubborn",
        "70 are in both and compared",
        "pass rate −84.3 points (",
        "more than chance explains",
        "59 now fail: i2, i3, i4, i5, i6, i8, i9, i10, i11, i12, and 49 more",
        "served model echo → stubborn",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(
        next(&shown).starts_with("trilemma report 2"),
        "{}",
        next(&shown)
    );

    // The other way round, by name.
    let (before, after) = (&diff["before"]["run"], &diff["after"]["run"]);
    let (before, after) = (before.as_str().unwrap(), after.as_str().unwrap());
    let arguments = ["runs", "diff", after, before, "--json"];
    let back = value(&run(folder.path(), &arguments, &[0]));
    let now_passing = candidate(&back, "ours")["now_passing"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(now_passing, 59);
    let same = ["runs", "diff", after, after];
    let out = text(&run(folder.path(), &same, &[0]).stdout);
    assert!(out.contains("the same calls, prices and scorers"), "{out}");
    assert!(out.contains("pass rate 0.0 points"), "{out}");
}

#[test]
fn items_and_candidates_of_one_run_only_are_told_and_not_compared() {
    let (folder, served) = project(30);
    run(folder.path(), &["bench"], &[0]);
    write_golden(folder.path(), 25);
    let golden = folder.path().join("golden.jsonl");
    let items = fs::read_to_string(&golden).unwrap();
    let items = items.replace("\"say 3\"", "\"say three\"");
    fs::write(
        &golden,
        format!("{items}{{\"id\": \"new\", \"input\": \"x\", \"expected\": \"x\"}}\n"),
    )
    .unwrap();
    write_project(
        folder.path(),
        &served.url,
        &["echo", "stubborn"],
        "seed = 7",
    );
    run(folder.path(), &["bench"], &[0]);

    let diff = value(&run(folder.path(), &["runs", "diff", "--json"], &[0]));
    assert_eq!(diff["items"]["n_shared"], 24);
    assert_eq!(diff["items"]["changed"], json!(["i3"]));
    assert_eq!(diff["items"]["only_after"], json!(["new"]));
    assert_eq!(diff["items"]["only_before"].as_array().unwrap().len(), 5);
    assert_eq!(candidate(&diff, "stubborn")["found"], "only_after");
    assert_eq!(candidate(&diff, "stubborn")["after"], Value::Null);
    let echo = candidate(&diff, "echo");
    assert_eq!(echo["difference"]["value"], 0.0);
    assert_eq!(echo["after"]["counts"]["n_answered"], 24);
    let settings: Vec<&str> = diff["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["setting"].as_str().unwrap())
        .collect();
    assert_eq!(settings, ["golden_set", "seed"]);
    let out = text(&run(folder.path(), &["runs", "diff"], &[0]).stdout);
    assert!(out.contains("only in the later run"), "{out}");
    assert!(out.contains("1 changed their content (i3)"), "{out}");
}

#[test]
fn one_run_has_nothing_to_differ_from() {
    let (folder, _served) = project(5);
    let said = text(&run(folder.path(), &["runs", "diff"], &[2]).stderr);
    assert!(said.contains("hint:"), "{said}");
    run(folder.path(), &["bench"], &[0]);
    let said = text(&run(folder.path(), &["runs", "diff"], &[2]).stderr);
    assert!(said.contains("failed to find two runs"), "{said}");
    let said = text(&run(folder.path(), &["runs", "diff", "nothing"], &[2]).stderr);
    assert!(said.contains("nothing"), "{said}");
}
