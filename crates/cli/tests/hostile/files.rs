//! Golden sets and project files that are not what they should be.

use std::path::Path;
use std::process::Command;

use trilemma_sim::SimOptions;

use crate::output::{assert_calm, assert_code, expect, run, stderr};
use crate::support::{Served, is_slow_run, json as parsed, serve, trilemma, write_project};

fn with_golden(golden: &[u8]) -> (tempfile::TempDir, Served) {
    let served = serve(SimOptions::default());
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("golden.jsonl"), golden).unwrap();
    write_project(folder.path(), &served.url, &["m"], "");
    (folder, served)
}

#[test]
fn byte_order_mark_and_carriage_returns_change_nothing() {
    let lines = "{\"id\":\"a\",\"input\":\"x\",\"expected\":\"x\"}\n{\"id\":\"b\",\"input\":\"y\",\"expected\":\"no\"}\n";
    let mut golden = b"\xef\xbb\xbf".to_vec();
    golden.extend_from_slice(lines.replace('\n', "\r\n").as_bytes());
    let fingerprints: Vec<String> = [lines.as_bytes(), &golden]
        .iter()
        .map(|golden| {
            let (folder, _served) = with_golden(golden);
            let summary = parsed(&run(folder.path(), &["--json", "bench"]), &[0]);
            assert_eq!(summary["n_answered"], 2);
            let decision = parsed(&run(folder.path(), &["--json", "decide"]), &[0, 3]);
            assert_eq!(decision["candidates"][0]["counts"]["n_passed"], 1);
            let runs = parsed(&run(folder.path(), &["--json", "runs", "list"]), &[0]);
            runs[0]["golden"].to_string()
        })
        .collect();
    assert_eq!(fingerprints[0], fingerprints[1]);
}

/// `check`, `bench` and `select` must refuse with exit code 2 and all these words, and call nobody.
fn refused(golden: &[u8], words: &[&str]) {
    let (folder, served) = with_golden(golden);
    for arguments in [&["check"][..], &["select"], &["bench"], &["golden", "lint"]] {
        let output = run(folder.path(), arguments);
        assert_code(arguments, &output, 2);
        let said = stderr(&output) + &crate::output::stdout(&output);
        for word in words {
            assert!(
                said.contains(word),
                "{arguments:?} does not say {word:?}: {said:.2000}"
            );
        }
        assert!(said.contains("hint:"), "{arguments:?}: {said:.2000}");
        assert!(
            said.len() < 40_000,
            "{arguments:?} says {} bytes",
            said.len()
        );
    }
    assert_eq!(served.log.n_ended(), 0);
}

#[test]
fn golden_sets_that_make_no_sense_are_refused_with_every_place() {
    let item = |id: &str| format!("{{\"id\":\"{id}\",\"input\":\"x\",\"expected\":\"x\"}}\n");
    let twice = [item("a"), item("b"), item("a"), item("b")].concat();
    refused(twice.as_bytes(), &["golden.jsonl", "`a`", "`b`"]);
    refused(b"", &["golden.jsonl"]);
    refused(b"\xef\xbb\xbf\r\n\r\n", &["golden.jsonl"]);
    let junk: Vec<u8> = (0..=255u8).cycle().take(100_000).collect();
    refused(&junk, &["golden.jsonl", "is no text", "byte 1 "]);
    let deep = format!(
        "{}{{\"id\":\"d\",\"input\":\"x\",\"expected\":{}{}}}\n",
        item("a"),
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    refused(deep.as_bytes(), &["golden.jsonl", "line 2"]);
    let escapes = "{\"id\":\"\\u001b[31m\",\"input\":\"x\",\"expcted\":\"\u{9b}31m\",\"\u{202e}\":1}\n{\"id\": \u{1b}]0;x\u{7}\n";
    refused(escapes.as_bytes(), &["golden.jsonl", "line 2"]);
    let latin = b"{\"id\":\"a\",\"input\":\"caf\xe9\",\"expected\":\"x\"}\n";
    refused(latin, &["golden.jsonl", "line 1", "UTF-8"]);
}

#[test]
fn every_broken_line_is_counted_and_only_some_are_told() {
    let broken = "{\"id\": 1, \"inpt\": }\n".repeat(20_000);
    // A file of which no line is right is another file, which is one problem.
    refused(broken.as_bytes(), &["golden.jsonl", "1 problem", "line 1"]);
    let golden = format!("{{\"id\": \"a\", \"input\": \"x\"}}\n{broken}");
    refused(
        golden.as_bytes(),
        &["golden.jsonl", "20000 problems", "line 2", "line 3"],
    );
}

/// A golden set with one line of this many bytes, checked in an address space of 24 times the line,
/// the program and its threads beside.
fn huge_line(n_bytes: usize) {
    let golden = format!(
        "{{\"id\":\"a\",\"input\":\"x\",\"expected\":\"x\"}}\n{{\"id\":\"b\",\"input\":\"{}\",\"expected\":\"no\"}}\n",
        "y".repeat(n_bytes)
    );
    let (folder, _served) = with_golden(golden.as_bytes());
    let most_kib = n_bytes * 24 / 1024 + (1 << 20);
    let output = limited(folder.path(), &format!("ulimit -v {most_kib}"), &["check"]);
    assert_calm(&["check"], &output);
    assert_code(&["check"], &output, 0);
}

#[test]
fn a_line_of_some_megabytes_is_an_item_like_others() {
    huge_line(2 << 20);
}

#[test]
fn slow_a_line_of_64_mib_is_checked_in_bounded_memory() {
    if is_slow_run() {
        huge_line(64 << 20);
    } else {
        println!("skipped: TRILEMMA_SLOW_TESTS is not set");
    }
}

/// Runs the program under limits that a shell sets.
pub(crate) fn limited(folder: &Path, limit: &str, arguments: &[&str]) -> std::process::Output {
    let plain = trilemma(folder, arguments);
    let mut command = Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(format!("{limit}; exec \"$0\" \"$@\""))
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear()
        .env("SIM_KEY", "sk-simulated-0123456789");
    command.output().unwrap()
}

/// `check` of this project must end with exit code 2 and say all these words.
fn project_refused(project: &[u8], words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("trilemma.toml"), project).unwrap();
    let commands = [&["check"][..], &["select"], &["decide"], &["runs", "list"]];
    // All commands read the project alike; a large one is read once.
    let n_commands = if project.len() < 1_000_000 { 4 } else { 1 };
    for arguments in &commands[..n_commands] {
        let output = expect(folder.path(), arguments, 2);
        let said = stderr(&output);
        for word in words {
            assert!(
                said.contains(word),
                "{arguments:?} does not say {word:?}: {said:.2000}"
            );
        }
        assert!(
            said.len() < 200_000,
            "{arguments:?} says {} bytes",
            said.len()
        );
    }
    assert!(!folder.path().join(".trilemma").exists());
}

#[test]
fn project_files_that_make_no_sense_are_refused_with_every_problem() {
    let junk: Vec<u8> = (0..=255u8).rev().cycle().take(100_000).collect();
    project_refused(&junk, &["trilemma.toml"]);
    project_refused(b"", &["trilemma.toml", "task"]);
    project_refused(b"\0\0\0\0", &["trilemma.toml", "line 1"]);
    let deep = format!("a = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    project_refused(deep.as_bytes(), &["trilemma.toml"]);
    let tables = format!("[{}a]\nx = 1\n", "a.".repeat(50_000));
    project_refused(tables.as_bytes(), &["trilemma.toml"]);
    let inline = format!("a = {}1{}\n", "{ a = ".repeat(50_000), "}".repeat(50_000));
    project_refused(inline.as_bytes(), &["trilemma.toml"]);
}

#[test]
fn all_problems_of_a_project_come_at_once() {
    let project = b"[task]\nname = \"\\u001B[31m\"\nkind = \"clasification\"\ngoldn = \"\\u001B]0;x\\u0007\"\n\"\\u001B[2J\" = 1\n\
        [requirement]\n[bench]\nconcurency = 3\nrepeats = -1\n[[candidates]]\nmodel = \"nowhere\"\n\
        [[candidates]]\nid = \"\\u202E\"\nmodel = \"openai/gpt-4o-2024-08-06\"\nparams = { temperature = \"hot\" }\n";
    project_refused(
        project,
        &[
            "classification",
            "`golden`",
            "`requirements`",
            "`concurrency`",
            "bench.repeats",
            "nowhere",
            "temperature",
        ],
    );
}

/// A project of this many bytes, nearly every line of which is a problem.
fn refused_soon(n_bytes: usize) {
    let mut project =
        String::from("[task]\nname = \"t\"\nkind = \"other\"\ngolden = \"g.jsonl\"\n[bench]\n");
    let mut n = 0;
    while project.len() < n_bytes {
        project.push_str(&format!("unknown_key_number_{n} = \"{n}\"\n"));
        n += 1;
    }
    let mut digits = n.to_string();
    for at in (1..digits.len())
        .rev()
        .filter(|at| (digits.len() - at).is_multiple_of(3))
        .collect::<Vec<_>>()
    {
        digits.insert(at, ',');
    }
    let total = format!("{digits} problems");
    project_refused(
        project.as_bytes(),
        &["trilemma.toml", "unknown_key_number_0", &total],
    );
}

#[test]
fn a_large_project_of_problems_is_refused_soon() {
    // With time quadratic in its size this would take half a minute.
    refused_soon(2_000_000);
}

#[test]
fn slow_a_project_of_ten_megabytes_of_problems_is_refused_soon() {
    if is_slow_run() {
        refused_soon(10_000_000);
    } else {
        println!("skipped: TRILEMMA_SLOW_TESTS is not set");
    }
}

#[test]
fn catalogs_and_logs_that_make_no_sense_are_refused() {
    let (folder, served) = with_golden(b"{\"id\":\"a\",\"input\":\"x\",\"expected\":\"x\"}\n");
    let junk: Vec<u8> = (0..=255u8).cycle().take(50_000).collect();
    let deep = format!("a = {}", "[".repeat(100_000));
    let escapes =
        "\"\\u001B[31m\" = \"\\u001B]0;x\\u0007\"\n[[\"\\u202Emodels\"]]\nid = \"\\u009B\"\n";
    let file = folder.path().join("other");
    let name = file.to_str().unwrap();
    for content in [
        &junk[..],
        deep.as_bytes(),
        escapes.as_bytes(),
        b"models = 3",
    ] {
        fs_err::write(&file, content).unwrap();
        for arguments in [
            &["--catalog", name, "check"][..],
            &["--catalog", name, "catalog", "list"],
            &["catalog", "diff", name],
        ] {
            expect(folder.path(), arguments, 2);
        }
    }
    for content in [&junk[..], b"", b"{\"input\": \x1b}\n"] {
        fs_err::write(&file, content).unwrap();
        expect(folder.path(), &["golden", "sample", name, "--n", "5"], 2);
    }
    let log = format!(
        "{{\"input\":\"\\u001b[31m {} \u{9b}\u{202e}\"}}\n",
        "y".repeat(50)
    )
    .repeat(3);
    let log_file = folder.path().join("log.jsonl");
    fs_err::write(&log_file, log).unwrap();
    run(
        folder.path(),
        &["golden", "sample", log_file.to_str().unwrap(), "--n", "2"],
    );
    assert_eq!(served.log.n_ended(), 0);
}
