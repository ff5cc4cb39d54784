//! `demo` as a stranger runs it: decided, every kind of verdict, one refusal, one truncation, and
//! commands after it that know where they are. It waits for simulated models, so it is a slow test.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on may panic"
)]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use support::{is_slow_run, json};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilemma"));
    command.current_dir(folder).env_clear().args(arguments);
    command.output().unwrap()
}

fn counted(decision: &Value, what: &str) -> u64 {
    let candidates = decision["candidates"].as_array().unwrap();
    candidates
        .iter()
        .filter_map(|one| one["counts"][what].as_u64())
        .sum()
}

#[test]
fn slow_the_demo_decides_and_shows_every_outcome() {
    if !is_slow_run() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let demo = run(folder.path(), &["demo"]);
    let (out, err) = (
        String::from_utf8(demo.stdout).unwrap(),
        String::from_utf8(demo.stderr).unwrap(),
    );
    assert_eq!(demo.status.code(), Some(0), "{out}\n{err}");
    assert!(out.starts_with("SIMULATED: "), "{out}");
    for verdict in ["✓ meets", "✗ fails", "? undecided"] {
        assert!(out.contains(verdict), "{verdict}: {out}");
    }
    let html = fs_err::read_to_string(folder.path().join("trilemma-demo/trilemma-report.html"));
    assert!(html.unwrap().contains("imulated"));

    // The last line is a command that can be pasted as it stands.
    let next = err.lines().last().unwrap();
    let next = next.strip_prefix("Next: trilemma ").unwrap();
    let words: Vec<&str> = next.split(' ').collect();
    let reported = run(folder.path(), &words);
    assert_eq!(reported.status.code(), Some(0), "{next}");
    assert!(folder.path().join("report.html").exists(), "{next}");

    let place = words.iter().position(|word| *word == "-p").unwrap();
    let again = [
        "decide",
        "--json",
        "--as-of",
        "2026-11-23",
        "-p",
        words[place + 1],
    ];
    let decision = json(&run(folder.path(), &again), &[0]);
    assert_eq!(decision["simulated"], true);
    assert_eq!(counted(&decision, "n_failed"), 0);
    assert_eq!(counted(&decision, "n_refused"), 1);
    assert_eq!(counted(&decision, "n_truncated"), 1);
    assert_eq!(counted(&decision, "n_answered"), 915);
}
