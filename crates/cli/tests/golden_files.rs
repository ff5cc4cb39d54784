//! `trilemma golden`: lint, sample and split, on good, odd and hostile files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod desk;

use std::path::Path;

use desk::{assert_printable, run, run_wide, stderr, stdout, value};
use serde_json::json;

fn here() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    fs_err::write(folder.join(name), bytes).unwrap();
}

fn lines(folder: &Path, name: &str, rows: impl IntoIterator<Item = serde_json::Value>) {
    let text: String = rows.into_iter().map(|row| format!("{row}\n")).collect();
    write(folder, name, text);
}

#[test]
fn lint_tells_codes_and_fails_only_on_errors() {
    let folder = here();
    let folder = folder.path();
    lines(
        folder,
        "small.jsonl",
        (0..5).map(
            |idx| json!({ "id": format!("i{idx}"), "input": format!("ask {idx} {}", idx * 7919), "expected": "x" }),
        ),
    );
    let small = value(
        &run(folder, &["golden", "lint", "small.jsonl", "--json"]),
        0,
    );
    let findings = small["findings"].as_array().unwrap();
    assert!(findings.iter().any(|one| one["code"] == "too-few-items"));
    assert!(findings.iter().all(|one| one["severity"] != "error"));
    assert_eq!(small["n_items"], 5);
    lines(
        folder,
        "bad.jsonl",
        [
            json!({ "id": "a\u{1b}[31m", "input": "the same", "expected": "x" }),
            json!({ "id": "b", "input": "the same", "expected": "y" }),
            json!({ "id": "c", "input": "", "expected": "y" }),
        ],
    );
    let out = run(folder, &["golden", "lint", "bad.jsonl"]);
    let text = stdout(&out, 2);
    assert_printable(&text);
    for part in [
        "error [empty-input]",
        "error [contradictory-duplicates]",
        "hint: ",
        "items: ",
        "3 items, fingerprint",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let narrow = stdout(
        &run_wide(folder, &["golden", "lint", "bad.jsonl"], Some("44")),
        2,
    );
    assert!(
        narrow.lines().all(|line| line.chars().count() <= 44),
        "{narrow}"
    );
}

#[test]
fn lint_reads_columns_and_takes_a_margin() {
    let folder = here();
    let folder = folder.path();
    let mut csv = String::from("\u{feff}ticket;question;label\r\n");
    for idx in 0..60 {
        csv.push_str(&format!(
            "t{idx};what about {} and {idx}?;yes\r\n",
            idx * 7919
        ));
    }
    write(folder, "t.csv", csv);
    let args = [
        "golden",
        "lint",
        "t.csv",
        "--column",
        "id=ticket",
        "--column",
        "input=question",
        "--column",
        "expected=label",
        "--task",
        "classification",
        "--margin",
        "0.02",
        "--json",
    ];
    let lint = value(&run(folder, &args), 0);
    let codes: Vec<&str> = lint["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"label-imbalance"), "{codes:?}");
    assert!(codes.contains(&"too-few-items"), "{codes:?}");
    let wrong = ["golden", "lint", "t.csv", "--column", "question"];
    assert!(stderr(&run(folder, &wrong), 2).contains("FIELD=COLUMN"));
    let wrong = ["golden", "lint", "t.csv", "--column", "inptu=question"];
    assert!(stderr(&run(folder, &wrong), 2).contains("inptu"));
    let wrong = ["golden", "lint", "t.csv", "--margin", "5"];
    assert!(stderr(&run(folder, &wrong), 2).contains("between 0 and 1"));
}

#[test]
fn hostile_files_are_told_and_nothing_panics() {
    let folder = here();
    let folder = folder.path();
    write(folder, "empty.jsonl", "");
    write(
        folder,
        "junk.jsonl",
        b"\x00\x01\x02\xff\xfe{\x1b[2J\n".repeat(50),
    );
    write(folder, "deep.jsonl", "[".repeat(100_000));
    write(
        folder,
        "twice.jsonl",
        "{\"id\":\"a\",\"input\":\"x\"}\n{\"id\":\"a\",\"input\":\"y\"}\n",
    );
    write(folder, "odd.xyz", "\x7fELF\x02\x01\x01");
    for file in [
        "missing.jsonl",
        "empty.jsonl",
        "junk.jsonl",
        "deep.jsonl",
        "twice.jsonl",
        "odd.xyz",
        ".",
    ] {
        for command in ["lint", "split", "sample"] {
            let text = stderr(&run(folder, &["golden", command, file, "--json"]), 2);
            assert!(
                text.contains(file) || text.contains("--out"),
                "{command} {file}: {text}"
            );
            assert_printable(&text);
        }
        let args = ["golden", "sample", file, "--out", "o.jsonl"];
        if file != "twice.jsonl" {
            stderr(&run(folder, &args), 2);
            assert!(!folder.join("o.jsonl").exists());
        }
    }
    // Without a file the project's golden set is meant, and there is no project.
    assert!(stderr(&run(folder, &["golden", "lint"]), 2).contains("trilemma.toml"));
}

fn write_log(folder: &Path) {
    let rows = (0..400).map(|idx| {
        let lang = if idx % 10 == 0 { "de" } else { "en" };
        let word = idx * 104_729 % 1_000_003;
        json!({
            "messages": [
                { "role": "user", "content": format!("request {word} of person{idx}@acme-mail.com, case {}", word * 31) },
                { "role": "assistant", "content": "done" },
            ],
            "lang": lang, "session": format!("s{}", idx / 2),
        })
    });
    lines(folder, "log.jsonl", rows);
}

#[test]
fn sample_draws_strata_warns_and_redacts() {
    let folder = here();
    let folder = folder.path();
    write_log(folder);
    let args = [
        "golden",
        "sample",
        "log.jsonl",
        "--n",
        "50",
        "--out",
        "drawn.jsonl",
        "--stratify",
        "lang",
        "--cluster",
        "session",
        "--keep",
        "lang",
    ];
    let told = stderr(&run(folder, &args), 0);
    assert!(
        told.contains("warning: likely personal data: e-mail address in 50 items"),
        "{told}"
    );
    assert!(told.contains("lang=de"), "{told}");
    let drawn = fs_err::read_to_string(folder.join("drawn.jsonl")).unwrap();
    assert_eq!(drawn.lines().count(), 50);
    assert!(drawn.contains("person") && drawn.contains("@acme-mail.com"));
    let first: serde_json::Value = serde_json::from_str(drawn.lines().next().unwrap()).unwrap();
    desk::assert_fits("golden-item", &first);
    assert_eq!(first["metadata"]["logged_answer"], "done");
    assert!(first["cluster"].as_str().unwrap().starts_with('s'));
    // It does not write over a file unasked, and the same seed draws the same.
    assert!(stderr(&run(folder, &args), 2).contains("--force"));
    let mut again = args.to_vec();
    again.push("--force");
    run(folder, &again);
    let second = fs_err::read_to_string(folder.join("drawn.jsonl")).unwrap();
    assert_eq!(drawn, second);
    let mut redacted = again.clone();
    redacted.extend(["--redact", "--json"]);
    let summary = value(&run(folder, &redacted), 0);
    assert_eq!(summary["n_items"], 50);
    assert_eq!(summary["personal_data"]["e-mail address"], 50);
    let text = fs_err::read_to_string(folder.join("drawn.jsonl")).unwrap();
    assert!(!text.contains("@acme-mail.com") && text.contains("[email]"));
    // Items ready for labelling are a golden set that lacks its answers.
    let lint = run(folder, &["golden", "lint", "drawn.jsonl", "--json"]);
    let findings = value(&lint, 2)["findings"].clone();
    assert_eq!(findings[0]["code"], "missing-expected");
}

#[test]
fn sample_writes_items_to_stdout_and_says_what_is_short() {
    let folder = here();
    let folder = folder.path();
    lines(
        folder,
        "log.jsonl",
        [
            json!({ "prompt": "one question" }),
            json!({ "prompt": "another, quite different matter" }),
            json!({ "nothing": 1 }),
        ],
    );
    let out = run(folder, &["golden", "sample", "log.jsonl", "--n", "10"]);
    assert_eq!(stdout(&out, 0).lines().count(), 2);
    let told = stderr(&out, 0);
    assert!(told.contains("fewer than the 10 asked for"), "{told}");
    assert!(told.contains("1 rows could not be used"), "{told}");
    let zero = run(folder, &["golden", "sample", "log.jsonl", "--n", "0"]);
    assert!(stderr(&zero, 2).contains("0 items"));
}

#[test]
fn split_is_stable_and_writes_files() {
    let folder = here();
    let folder = folder.path();
    let rows = |n: usize| {
        (0..n).map(
            |idx| json!({ "id": format!("i{idx}"), "input": format!("q {idx}"), "expected": "x" }),
        )
    };
    lines(folder, "a.jsonl", rows(100));
    lines(folder, "b.jsonl", rows(150));
    let split = |file: &str, more: &[&str]| {
        let mut args = vec!["golden", "split", file, "--json"];
        args.extend(more);
        value(&run(folder, &args), 0)
    };
    let (a, b) = (split("a.jsonl", &[]), split("b.jsonl", &[]));
    let dev = |split: &serde_json::Value| split["dev"].as_array().unwrap().clone();
    let (dev_a, dev_b) = (dev(&a), dev(&b));
    assert!((30..70).contains(&dev_a.len()));
    assert_eq!(dev_b[..dev_a.len()], dev_a);
    assert_ne!(dev(&split("a.jsonl", &["--salt", "other"])), dev_a);
    assert_eq!(dev(&split("a.jsonl", &["--holdout", "1"])).len(), 0);
    let args = ["golden", "split", "a.jsonl", "--out", "parts"];
    run(folder, &args);
    let count = |name: &str| {
        let text = fs_err::read_to_string(folder.join("parts").join(name)).unwrap();
        text.lines().count()
    };
    assert_eq!(count("dev.jsonl"), dev_a.len());
    assert_eq!(count("dev.jsonl") + count("holdout.jsonl"), 100);
    assert!(stderr(&run(folder, &args), 2).contains("--force"));
    let wrong = ["golden", "split", "a.jsonl", "--holdout", "7"];
    assert!(stderr(&run(folder, &wrong), 2).contains("between 0 and 1"));
    let text = stdout(&run(folder, &["golden", "split", "a.jsonl"]), 0);
    assert_eq!(text.lines().count(), 100);
    assert!(
        text.lines()
            .all(|line| line.starts_with("dev\t") || line.starts_with("holdout\t"))
    );
}
