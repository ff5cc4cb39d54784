//! A new run against a recorded one, with three exit codes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on may panic"
)]

mod support;

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use support::{json, trilemma};

/// Imports one candidate's outcomes; `right` tells which of the items it answers rightly.
fn import(folder: &Path, name: &str, n_items: usize, right: impl Fn(usize) -> bool) {
    let mut table = String::from("item,candidate,score,input\n");
    for idx in 0..n_items {
        writeln!(table, "q{idx},prompt,{},say {idx}", u8::from(right(idx))).unwrap();
    }
    let file = folder.join(format!("{name}.csv"));
    std::fs::write(&file, table).unwrap();
    let output = trilemma(folder, &["import", &file.display().to_string()])
        .output()
        .unwrap();
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn runs(folder: &Path) -> Vec<String> {
    let output = trilemma(folder, &["--json", "runs", "list"])
        .output()
        .unwrap();
    let runs = json(&output, &[0]);
    let mut runs: Vec<(i64, String)> = runs
        .as_array()
        .unwrap()
        .iter()
        .map(|run| {
            (
                run["created_us"].as_i64().unwrap(),
                run["run"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    runs.sort();
    runs.into_iter().map(|(_, run)| run).collect()
}

fn gate(folder: &Path, more: &[&str], exits: &[i32]) -> Value {
    let runs = runs(folder);
    let mut arguments = vec!["--json", "gate", "--against", &runs[0], "--run", &runs[1]];
    arguments.extend(more);
    json(&trilemma(folder, &arguments).output().unwrap(), exits)
}

#[test]
fn three_verdicts_have_three_exit_codes() {
    // Of 300 items the recorded prompt answers 80 % rightly.
    let before = |idx: usize| !idx.is_multiple_of(5);
    type Right = fn(usize) -> bool;
    let cases: [(Right, i32, &str); 3] = [
        (
            |idx| !idx.is_multiple_of(5) || idx.is_multiple_of(2),
            0,
            "meets",
        ),
        (|idx| idx.is_multiple_of(2), 1, "fails"),
        // 12 of the items it knew are lost: 4 points, with an interval across the margin of 5.
        (
            |idx| !idx.is_multiple_of(5) && idx % 25 != 1,
            3,
            "undecided",
        ),
    ];
    for (after, exit, verdict) in cases {
        let folder = tempfile::tempdir().unwrap();
        import(folder.path(), "before", 300, before);
        import(folder.path(), "after", 300, after);
        let told = gate(folder.path(), &[], &[exit]);
        assert_eq!(told["verdict"], verdict);
        assert_eq!(
            told["decision"]["sample"]["n_items"], 300,
            "{}",
            told["decision"]["sample"]
        );
    }
}

#[test]
fn undecided_may_pass_and_a_wider_margin_decides() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), "before", 300, |idx| !idx.is_multiple_of(5));
    import(folder.path(), "after", 300, |idx| {
        !idx.is_multiple_of(5) && idx % 25 != 1
    });
    gate(folder.path(), &["--on-undecided", "warn"], &[0]);
    let told = gate(folder.path(), &["--margin", "0.1"], &[0]);
    assert_eq!(told["verdict"], "meets");
    let file = folder.path().join("gate.md");
    gate(folder.path(), &["--out", &file.display().to_string()], &[3]);
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("not worse than")
    );
    let file = folder.path().join("gate.xml");
    gate(folder.path(), &["--out", &file.display().to_string()], &[3]);
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("<testsuite")
    );
}

#[test]
fn items_that_changed_or_are_alone_do_not_pair() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), "before", 300, |_| true);
    import(folder.path(), "after", 200, |_| true);
    let runs = runs(folder.path());
    let arguments = ["gate", "--against", &runs[0], "--run", &runs[1]];
    let output = trilemma(folder.path(), &arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("not paired: 100 items are only in the recorded run"),
        "{told}"
    );
    assert_eq!(output.status.code(), Some(0), "{told}");
}

#[test]
fn unknown_names_are_told_with_those_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), "before", 20, |_| true);
    import(folder.path(), "after", 30, |_| true);
    let runs = runs(folder.path());
    let arguments = ["gate", "--against", &runs[0], "--incumbent", "nobody"];
    let output = trilemma(folder.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("one of prompt"));
    let output = trilemma(folder.path(), &["gate", "--against", "none"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_exported_run_comes_back_byte_for_byte_and_serves_as_the_recorded_one() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), "before", 61, |idx| !idx.is_multiple_of(3));
    let file = folder.path().join("before.jsonl").display().to_string();
    let before = runs(folder.path()).remove(0);
    let export = |run: &str, file: &str| {
        let output = trilemma(folder.path(), &["export", run, "--out", file])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        std::fs::read(file).unwrap()
    };
    let first = export(&before, &file);
    let removed = trilemma(folder.path(), &["runs", "rm", &before])
        .output()
        .unwrap();
    assert!(removed.status.success());
    import(folder.path(), "after", 60, |idx| !idx.is_multiple_of(3));
    let output = trilemma(
        folder.path(),
        &["--json", "gate", "--against", &file, "--margin", "0.3"],
    )
    .output()
    .unwrap();
    assert_eq!(json(&output, &[0])["verdict"], "meets");
    assert_eq!(runs(folder.path()).len(), 2);
    let again = folder.path().join("again.jsonl").display().to_string();
    assert!(
        export(&before, &again) == first,
        "the run came back as it was"
    );
    // A second time it is there already.
    let output = trilemma(folder.path(), &["import", &file])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("is back in the store"));
    assert_eq!(runs(folder.path()).len(), 2);
}

#[test]
fn a_damaged_export_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), "before", 30, |_| true);
    let file = folder.path().join("before.jsonl");
    let before = runs(folder.path()).remove(0);
    let name = file.display().to_string();
    trilemma(folder.path(), &["export", &before, "--out", &name])
        .output()
        .unwrap();
    trilemma(folder.path(), &["runs", "rm", &before])
        .output()
        .unwrap();
    let whole = std::fs::read(&file).unwrap();
    for share in [0.3, 0.6, 0.99] {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a small file"
        )]
        let end = (whole.len() as f64 * share) as usize;
        std::fs::write(&file, &whole[..end]).unwrap();
        let output = trilemma(folder.path(), &["import", &name])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("line "));
        assert_eq!(runs(folder.path()).len(), 0);
    }
}

/// Imports outcomes of three candidates. The cheap two say the same, rightly where an item is easy; on every item of
/// which `spoilt` says so they say the same and are wrong. The large one knows everything. Gives the run.
fn import_three(folder: &Path, name: &str, spoilt: impl Fn(usize) -> bool) -> String {
    let before = if name == "first" {
        Vec::new()
    } else {
        runs(folder)
    };
    let mut text = String::new();
    for idx in 0..240_usize {
        for (who, cost) in [("tiny", 0.0001), ("small", 0.0002), ("large", 0.002)] {
            let is_easy = !idx.is_multiple_of(3);
            let (output, is_right) = match () {
                () if who == "large" => ("yes".to_owned(), true),
                () if spoilt(idx) => ("no".to_owned(), false),
                () if is_easy => ("yes".to_owned(), true),
                () => (format!("no {who} {name}"), false),
            };
            let row = serde_json::json!({
                "item": format!("i{idx}"), "candidate": who, "input": format!("question number {idx}"),
                "output": output, "score": f64::from(u8::from(is_right)), "cost_usd": cost,
            });
            writeln!(text, "{row}").unwrap();
        }
    }
    let file = folder.join(format!("{name}.jsonl"));
    std::fs::write(&file, text).unwrap();
    let output = trilemma(folder, &["import", &file.display().to_string()])
        .output()
        .unwrap();
    assert!(
        output.status.code().is_some_and(|code| code != 2),
        "{output:?}"
    );
    // Runs of one second stand in any order.
    let mut all = runs(folder).into_iter();
    all.find(|run| !before.contains(run)).unwrap()
}

/// Trains a cascade on a first run, and records a second in which cheap answers agree and are wrong: every single
/// candidate that was large is as good as before, the policy is not. Gives both runs.
fn spoilt_after_training(folder: &Path) -> [String; 2] {
    let first = import_three(folder, "first", |_| false);
    let words = ["route", "train", "--kind", "cascade"];
    let trained = trilemma(folder, &words).output().unwrap();
    assert_eq!(trained.status.code(), Some(0), "{trained:?}");
    let spoilt = import_three(folder, "spoilt", |idx| idx % 4 == 1);
    [first, spoilt]
}

fn gate_both(folder: &Path, [against, run]: &[String; 2], more: &[&str]) -> std::process::Output {
    let words = [
        "--json",
        "gate",
        "--against",
        against,
        "--run",
        run,
        "--incumbent",
        "large",
    ];
    trilemma(folder, &[&words[..], more].concat())
        .output()
        .unwrap()
}

const LARGE: [&str; 2] = ["--candidate", "large"];

#[test]
fn a_policy_is_held_to_what_it_did_on_the_recorded_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let both = spoilt_after_training(folder);
    assert_eq!(
        json(&gate_both(folder, &both, &LARGE), &[0])["verdict"],
        "meets"
    );
    let at = |name: &str| folder.join(name).display().to_string();
    let (policy, out) = (at("policy.json"), at("gate.xml"));
    let more = ["--policy", &policy, "--out", &out];
    let with_policy = [&LARGE[..], &more].concat();
    let told = json(&gate_both(folder, &both, &with_policy), &[1]);
    assert_eq!(
        (&told["verdict"], &told["policy"]["verdict"]),
        (&"fails".into(), &"fails".into())
    );
    let xml = std::fs::read_to_string(folder.join("gate.policy.xml")).unwrap();
    assert!(
        xml.contains("<testsuite") && xml.contains("failure"),
        "{xml}"
    );
    assert!(folder.join("gate.xml").exists());
    // The answers of the first run again: nothing is worse.
    let [first, _] = both;
    let same = [first, import_three(folder, "again", |_| false)];
    let told = json(&gate_both(folder, &same, &with_policy), &[0]);
    assert_eq!(told["policy"]["verdict"], "meets", "{told}");
    assert_eq!(told["policy"]["counts"]["n_scored"], 240);
    let reason = told["policy"]["gates"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("0.0 points") && reason.contains("n = 240"),
        "{reason}"
    );
}

#[test]
fn the_policy_that_is_served_is_judged_where_no_candidate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let both = spoilt_after_training(folder);
    let config = folder.join("trilemma.toml");
    let old = std::fs::read_to_string(&config).unwrap();
    std::fs::write(
        &config,
        format!("{old}\n[serve]\npolicy = \"policy.json\"\n"),
    )
    .unwrap();
    let told = json(&gate_both(folder, &both, &[]), &[1]);
    assert_eq!(told["policy"]["verdict"], "fails", "{told}");
    assert!(json(&gate_both(folder, &both, &LARGE), &[0])["policy"].is_null());
    // One that cannot be used is told; by name it is refused.
    let policy = std::fs::read_to_string(folder.join("policy.json")).unwrap();
    let mut strange: Value =
        serde_json::from_str(&policy.replace("\"tiny\"", "\"elsewhere\"")).unwrap();
    strange.as_object_mut().unwrap().remove("hash");
    std::fs::write(folder.join("policy.json"), strange.to_string()).unwrap();
    let output = gate_both(folder, &both, &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("is not judged") && said.contains("failed to find candidate `elsewhere`"),
        "{said}"
    );
    assert!(json(&output, &[1])["policy"].is_null());
    let policy = folder.join("policy.json").display().to_string();
    let named = ["--policy", &policy];
    let output = gate_both(folder, &both, &named);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    for hostile in ["", "{", "[]", "\u{0}"] {
        std::fs::write(folder.join("policy.json"), hostile).unwrap();
        let output = gate_both(folder, &both, &named);
        assert_eq!(output.status.code(), Some(2), "{hostile:?}");
    }
    let output = gate_both(folder, &both, &["--policy", "nowhere.json"]);
    assert_eq!(output.status.code(), Some(2));
}
