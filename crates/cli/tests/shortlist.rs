//! `trilemma shortlist`: with a project and without, and what it prints to paste.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod desk;

use desk::{run, stderr, stdout, value};
use serde_json::Value;

fn here() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn ids(list: &Value) -> Vec<String> {
    let proposals = list["proposals"].as_array().unwrap();
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    proposals.iter().map(id).collect()
}

#[test]
fn it_needs_a_task_or_a_project() {
    let folder = here();
    assert!(stderr(&run(folder.path(), &["shortlist"]), 2).contains("--task KIND"));
    let named = ["shortlist", "-p", "nowhere.toml", "--task", "rag"];
    assert!(stderr(&run(folder.path(), &named), 2).contains("nowhere.toml"));
}

#[test]
fn every_model_is_in_exactly_one_list_and_has_reasons() {
    let folder = here();
    let list = value(
        &run(
            folder.path(),
            &["shortlist", "--task", "generation", "--json"],
        ),
        0,
    );
    let proposed = ids(&list);
    assert!((3..=5).contains(&proposed.len()), "{proposed:?}");
    let all = value(
        &run(folder.path(), &["catalog", "list", "--all", "--json"]),
        0,
    );
    let mut seen = proposed;
    for part in ["passed_over", "undecided", "excluded"] {
        for one in list[part].as_array().unwrap() {
            assert!(!one["reasons"].as_array().unwrap().is_empty());
            seen.push(one["id"].as_str().unwrap().to_owned());
        }
    }
    seen.sort();
    let mut known: Vec<String> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    known.sort();
    assert_eq!(seen, known);
}

#[test]
fn options_are_gates() {
    let folder = here();
    let ask = |more: &[&str], exit: i32| {
        let mut args = vec!["shortlist", "--task", "classification", "--json"];
        args.extend(more);
        value(&run(folder.path(), &args), exit)
    };
    let cheap = ask(&["--max-query-usd", "0.001"], 0);
    for one in cheap["proposals"].as_array().unwrap() {
        let low: f64 = one["usd_per_query"]["low"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(low <= 0.001);
    }
    let own = ask(&["--self-hosted"], 0);
    assert!(ids(&own).iter().all(|id| id.starts_with("open-weights/")));
    let private = ask(&["--region", "EU", "--training-forbidden"], 0);
    assert!(!ids(&private).iter().any(|id| id.starts_with("deepseek/")));
    let none = ask(&["--context", "99000000"], 1);
    assert!(ids(&none).is_empty());
    let low = ids(&ask(&["--stakes", "low"], 0));
    let high = ids(&ask(&["--stakes", "high"], 0));
    assert_ne!(low.first(), high.first());
    let given = ask(&["--input-tokens", "100", "--output-tokens", "7"], 0);
    assert_eq!(given["tokens"]["output"], 7);
    assert_eq!(given["tokens"]["input_from"], "given");
    for wrong in [
        ["--max-query-usd", "cheap"],
        ["--max-query-usd", "0"],
        ["--queries-per-day", "-3"],
        ["--queries-per-day", "NaN"],
        ["--capability", "telepathy"],
    ] {
        let args = ["shortlist", "--task", "other", wrong[0], wrong[1]];
        stderr(&run(folder.path(), &args), 2);
    }
}

#[test]
fn the_short_text_counts_and_all_lists() {
    let folder = here();
    let short = stdout(&run(folder.path(), &["shortlist", "--task", "rag"]), 0);
    assert!(short.contains("Left out: "), "{short}");
    assert!(short.contains("shut down ("), "{short}");
    let all = run(folder.path(), &["shortlist", "--task", "rag", "--all"]);
    let all = stdout(&all, 0);
    assert!(
        all.contains("openai/gpt-4-turbo-2024-04-09: shut down"),
        "{all}"
    );
    assert!(all.lines().count() > 2 * short.lines().count());
}

/// What `--toml` prints, pasted into a project, is a project.
#[test]
fn toml_can_be_pasted() {
    let folder = here();
    let args = ["shortlist", "--task", "classification", "--toml"];
    let block = stdout(&run(folder.path(), &args), 0);
    let project = format!(
        "[task]\nname = \"t\"\nkind = \"classification\"\ngolden = \"g.jsonl\"\n{block}\n\
         [[scorers]]\ntype = \"exact\"\n"
    );
    fs_err::write(folder.path().join("trilemma.toml"), project).unwrap();
    fs_err::write(
        folder.path().join("g.jsonl"),
        "{\"id\": \"a\", \"input\": \"one two three\", \"expected\": \"x\"}\n",
    )
    .unwrap();
    let list = value(&run(folder.path(), &["shortlist", "--json"]), 0);
    let named = list["named"].as_array().unwrap();
    assert_eq!(named.len(), ids(&list).len());
    assert!(
        named.iter().all(|one| one["problem"].is_null()),
        "{named:?}"
    );
    // The golden set is measured: three words and a label.
    assert!(list["tokens"]["input"].as_u64().unwrap() < 10);
    assert_eq!(list["tokens"]["output"], 1);
}

/// A project's own candidates are warned about, never left out.
#[test]
fn named_candidates_are_warned_about() {
    let folder = here();
    fs_err::write(
        folder.path().join("trilemma.toml"),
        "[task]\nname = \"t\"\nkind = \"rag\"\ngolden = \"missing.jsonl\"\n\
         [providers.work]\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\n\
         [[candidates]]\nmodel = \"openai/gpt-4o\"\n\
         [[candidates]]\nmodel = \"work/own\"\n\
         [[scorers]]\ntype = \"exact\"\n",
    )
    .unwrap();
    let list = value(&run(folder.path(), &["shortlist", "--json"]), 0);
    assert!(list["golden_problem"].as_str().unwrap().contains("missing"));
    let named = list["named"].as_array().unwrap();
    assert_eq!(named.len(), 2);
    let gpt = &named[0];
    assert_eq!(gpt["id"], "openai/gpt-4o-2024-08-06");
    assert!(gpt["fails"][0].as_str().unwrap().contains("2027-01-14"));
    assert!(named[1]["problem"].is_string());
    let text = stdout(&run(folder.path(), &["shortlist"]), 0);
    assert!(text.contains("Your candidates"), "{text}");
    assert!(text.contains("golden set was not measured"), "{text}");
}
