//! Standard output that is closed early or has no room.

use fs_err::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Stdio;

use trilemma_sim::SimOptions;

use crate::output::expect;
use crate::support::{Served, serve, trilemma, write_golden, write_project};

const COMMANDS: [&[&str]; 10] = [
    &["--help"],
    &["check"],
    &["decide"],
    &["--json", "decide"],
    &["report", "--format", "html", "--with-content"],
    &["export"],
    &["runs", "list"],
    &["score"],
    &["catalog", "list"],
    &["completions", "bash"],
];

fn measured() -> (tempfile::TempDir, Served) {
    let served = serve(SimOptions::default());
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 100);
    write_project(folder.path(), &served.url, &["a", "b"], "");
    expect(folder.path(), &["bench"], 0);
    (folder, served)
}

/// Runs a command whose reader hangs up after the first line; gives exit code and what it said.
fn cut_short(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = trilemma(folder, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut reader = BufReader::with_capacity(16, child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    (child.wait().unwrap().code(), said)
}

#[test]
fn a_reader_that_hangs_up_is_no_error() {
    let (folder, _served) = measured();
    for arguments in COMMANDS {
        let whole = trilemma(folder.path(), arguments).output().unwrap();
        let (code, said) = cut_short(folder.path(), arguments);
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
        assert!(!said.contains("error"), "{arguments:?}: {said}");
        assert_eq!(code, whole.status.code(), "{arguments:?}: {said}");
    }
}

#[test]
fn data_that_find_no_room_are_an_error() {
    let (folder, _served) = measured();
    for arguments in &COMMANDS[1..] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = trilemma(folder.path(), arguments)
            .stdout(Stdio::from(full.into_file()))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("No space left"), "{arguments:?}: {said}");
    }
    for arguments in [&["export"][..], &["report"]] {
        let all = [arguments, &["--out", "/dev/full"]].concat();
        let output = expect(folder.path(), &all, 2);
        let said = crate::output::stderr(&output);
        assert!(said.contains("/dev/full"), "{said}");
        assert!(!said.contains("wrote"), "{said}");
    }
}
