//! A classifier is asked and paid, and stands beside everything that is about answers.

use std::path::Path;

use serde_json::Value;

use crate::support::trilemma;
use crate::{CLASSIFIER, LABEL, N_ITEMS, benched, project, refused, told};

/// Requirements that only the large one meets, and everybody where quality is not asked for.
const WANTED: &str = "[requirements]\nnot_worse_than = { candidate = \"large\", margin = 0.05 }\n";
const TRAFFIC: &str = "[traffic]\nqueries_per_day = 1000\n";

fn ids(decision: &Value) -> Vec<&str> {
    let all = decision["candidates"].as_array().unwrap();
    all.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

fn text(folder: &Path, words: &[&str]) -> String {
    let output = trilemma(folder, words).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&told);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_classifier_is_no_candidate_of_a_decision() {
    let (folder, sim) = benched(&format!("{CLASSIFIER}{WANTED}"));
    let folder = folder.path();
    let url = sim.url.clone();
    let decided = told(folder, &["decide", "--json"], &[0, 1, 3]);
    assert_eq!(ids(&decided)[..2], ["small", "large"]);
    assert!(!ids(&decided).contains(&"triage"), "{:?}", ids(&decided));
    let warnings = decided["warnings"].as_array().unwrap();
    let own: Vec<&Value> = (warnings.iter())
        .filter(|one| one["code"] == "gives_labels")
        .collect();
    assert_eq!(own.len(), 1, "{warnings:?}");
    let words = own[0]["text"].as_str().unwrap();
    assert!(words.contains("`triage` gives labels"), "{words}");
    // 120 labels at 0.000005 USD.
    assert!(
        words.contains("asked 120 times in this run, for $0.000600"),
        "{words}"
    );

    // Undeclared, it is a candidate like any other, and one more of those that were tried.
    project(folder, &url, WANTED);
    let plain = told(folder, &["decide", "--json"], &[0, 1, 3]);
    assert!(ids(&plain).contains(&"triage"), "{:?}", ids(&plain));
    project(folder, &url, &format!("{CLASSIFIER}{WANTED}"));

    // Whoever is compared is held to what a run without the classifier holds it to.
    let gates = |decision: &Value| decision["candidates"][0]["gates"].clone();
    let ours = gates(&decided);
    let without = fs_err::read_to_string(folder.join("trilemma.toml")).unwrap();
    let (head, rest) = without
        .split_once("[[candidates]]\nid = \"triage\"")
        .unwrap();
    let (_, tail) = rest.split_once("[serve]").unwrap();
    let without = format!("{head}[serve]{tail}").replace(CLASSIFIER, "");
    fs_err::write(folder.join("trilemma.toml"), without).unwrap();
    let done = trilemma(folder, &["bench"]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let alone = told(folder, &["decide", "--json"], &[0, 1, 3]);
    assert_eq!(ours, gates(&alone));
}

#[test]
fn without_a_requirement_on_quality_a_classifier_is_not_recommended() {
    // It is the cheapest of the three by far.
    let (folder, _sim) = benched(&format!("{CLASSIFIER}{TRAFFIC}"));
    let folder = folder.path();
    let decided = told(
        folder,
        &["decide", "--json", "--prefer", "cost_per_query"],
        &[0],
    );
    let chosen = &decided["conclusion"]["decided"]["recommended_id"];
    assert_eq!(chosen, "small", "{}", decided["conclusion"]);
    for words in [
        &["report", "--format", "markdown"][..],
        &["report", "--format", "html", "--with-content"],
    ] {
        let page = text(folder, words);
        assert!(page.contains("gives labels to queries"), "{page}");
    }
}

#[test]
fn money_is_told_of_answers_and_the_price_of_a_label_beside_it() {
    let (folder, _sim) = benched(&format!("{CLASSIFIER}{TRAFFIC}"));
    let folder = folder.path();
    for command in ["cost", "tco", "limits"] {
        let sheet = told(folder, &[command, "--json"], &[0]);
        crate::assert_fits(command, &sheet);
        let names: Vec<&Value> = (sheet["candidates"].as_array().unwrap().iter())
            .map(|one| &one["name"])
            .collect();
        assert!(names.iter().all(|name| **name != "triage"), "{names:?}");
        let left_out = &sheet["left_out"][0];
        assert_eq!(left_out["name"], "triage", "{sheet}");
        let why = left_out["why"].as_str().unwrap();
        assert!(why.contains(&format!("router_usd={LABEL:.6}")), "{why}");
        assert!(text(folder, &[command]).contains("gives labels and answers nobody"));
    }
    // Stated so, every query pays it.
    let plain = told(folder, &["cost", "--json"], &[0]);
    let paid = told(
        folder,
        &["cost", "--json", "--set", "router_usd=0.000005"],
        &[0],
    );
    let usd = |sheet: &Value| -> f64 {
        let text = sheet["candidates"][0]["usd_per_query"].as_str().unwrap();
        text.parse().unwrap()
    };
    assert!((usd(&paid) - usd(&plain) - LABEL).abs() < 1e-12);
}

#[test]
fn gate_drift_and_review_look_at_answers_only() {
    let (folder, _sim) = benched(CLASSIFIER);
    let folder = folder.path();
    let old = fs_err::read_to_string(folder.join("trilemma.toml")).unwrap();
    // Another prompt for everybody, the classifier too.
    let new = old.replace(
        "stream = false",
        "stream = false\nparams = { temperature = 0.5 }",
    );
    let new = new.replace(
        "params = { temperature = 0.5 }\nprice = { input = \"0.1\", output = \"1\" }\nprompt = \"triage\"\nparams = { max_output_tokens = 16 }",
        "price = { input = \"0.1\", output = \"1\" }\nprompt = \"triage\"\nparams = { max_output_tokens = 17 }",
    );
    fs_err::write(folder.join("trilemma.toml"), new).unwrap();
    let runs = told(folder, &["runs", "list", "--json"], &[0]);
    let first = runs[0]["run"].as_str().unwrap().to_owned();
    let done = trilemma(folder, &["bench"]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let words = [
        "gate",
        "--against",
        &first,
        "--incumbent",
        "large",
        "--json",
    ];
    let gated = told(folder, &words, &[0, 1, 3]);
    let names = ids(&gated["decision"]);
    assert_eq!(names[1..], ["small", "large"], "{gated}");
    for who in ["--incumbent", "--candidate"] {
        let words = ["gate", "--against", &first, who, "triage"];
        let words = match who {
            "--candidate" => [&words[..], &["--incumbent", "large"]].concat(),
            _ => words.to_vec(),
        };
        let told = refused(folder, &words, 2);
        assert!(
            told.contains("gives labels and is no candidate for answers"),
            "{told}"
        );
        assert!(told.contains("hint:"), "{told}");
    }
    // Where the small one fails, the large one passes: 48 items are contested. A classifier passes nowhere, and
    // would contest all of them.
    let watched = text(folder, &["drift", "baseline", "--dry-run", "--items", "60"]);
    assert!(!watched.contains("triage"), "{watched}");
    let n_hard = (0..N_ITEMS)
        .filter(|idx| crate::query(*idx).contains("theorem"))
        .count();
    assert!(
        watched.contains(&format!("of the {n_hard} items on which")),
        "{watched}"
    );
    let named = text(
        folder,
        &[
            "drift",
            "baseline",
            "--dry-run",
            "--items",
            "60",
            "--candidate",
            "triage",
        ],
    );
    assert!(named.contains("Watching `triage`"), "{named}");
    let sampled = told(folder, &["review", "sample", "-n", "20", "--json"], &[0]);
    assert_eq!(sampled["n_drawn"], 20, "{sampled}");
    let status = text(folder, &["review", "export"]);
    assert!(!status.contains("HARD-TO-TELL"), "{status}");
}

#[test]
fn a_classifier_does_not_race_and_is_asked_everything() {
    let race = "[bench]\nadaptive = \"MODE\"\n[requirements]\npass_rate = { min = 0.9 }\n";
    for mode in ["calibrated", "cheapest", "certified", "gates"] {
        let (folder, sim) = benched(&format!("{CLASSIFIER}{}", race.replace("MODE", mode)));
        let folder = folder.path();
        let asked = |name: &str| {
            let calls = sim.log.records();
            calls.iter().filter(|one| &*one.model == name).count()
        };
        assert_eq!(asked("triage"), N_ITEMS, "{mode}");
        let n_calls = sim.log.n_ended();
        let again = told(folder, &["bench", "--json"], &[0]);
        assert_eq!(sim.log.n_ended(), n_calls, "{mode}");
        assert_eq!(again["race"]["aside"], serde_json::json!([2]), "{again}");
        assert_eq!(again["race"]["n_asked"][2], 0, "{again}");
        let said = text(folder, &["bench"]);
        assert!(said.contains("only gives labels did not race"), "{said}");
        let decided = told(folder, &["decide", "--json"], &[0, 1, 3]);
        assert!(!ids(&decided).contains(&"triage"), "{:?}", ids(&decided));
        let warnings = decided["warnings"].as_array().unwrap();
        let race = warnings.iter().find(|one| one["code"] == "adaptive_run");
        let words = race.unwrap()["text"].as_str().unwrap();
        assert!(
            !words.contains("triage") && words.contains("of 2 candidates"),
            "{words}"
        );
    }
}

#[test]
fn where_everybody_gives_labels_nobody_is_decided_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(folder, "http://127.0.0.1:1", CLASSIFIER);
    let file = folder.join("trilemma.toml");
    let old = fs_err::read_to_string(&file).unwrap();
    let (head, rest) = old.split_once("[[candidates]]\nid = \"small\"").unwrap();
    let (_, tail) = rest.split_once("[[candidates]]\nid = \"triage\"").unwrap();
    let only = format!("{head}[[candidates]]\nid = \"triage\"{tail}");
    fs_err::write(
        &file,
        only.replace("[task]", "[bench]\nadaptive = \"calibrated\"\n[task]"),
    )
    .unwrap();
    let told = refused(folder, &["bench"], 2);
    assert!(told.contains("all candidates give labels"), "{told}");
    // Nor can anything be compared with it.
    let incumbent = old.replace("[task]\n", "[task]\nincumbent = \"triage\"\n");
    fs_err::write(&file, incumbent).unwrap();
    let told = refused(folder, &["check"], 2);
    assert!(
        told.contains("gives labels to queries") && told.contains("line 2"),
        "{told}"
    );
}
