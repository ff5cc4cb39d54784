//! A project on the desk: a golden set, candidates that echo, and the program.

use std::path::Path;
use std::process::{Command, Output};

use fs_err as fs;
use serde_json::Value;
use trilemma_sim::{Behaviour, Scenario, SimOptions};

use crate::support::{Served, serve, trilemma, write_golden, write_project};

/// A project over `n_items` items whose candidates are these; every one echoes.
pub(crate) fn project(n_items: usize, models: &[&str]) -> (tempfile::TempDir, Served) {
    let options = SimOptions {
        scenario: Scenario {
            defaults: Behaviour::default(),
            ..Scenario::default()
        },
        ..SimOptions::default()
    };
    project_on(options, n_items, models)
}

/// The same on endpoints of a certain behaviour.
pub(crate) fn project_on(
    options: SimOptions,
    n_items: usize,
    models: &[&str],
) -> (tempfile::TempDir, Served) {
    let served = serve(options);
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), n_items);
    write_project(folder.path(), &served.url, models, "concurrency = 20");
    (folder, served)
}

/// Adds text to the project file.
pub(crate) fn append(folder: &Path, text: &str) {
    let file = folder.join("trilemma.toml");
    let old = fs::read_to_string(&file).unwrap();
    fs::write(file, format!("{old}\n{text}\n")).unwrap();
}

/// Runs a command on the project; it must end with one of these codes.
pub(crate) fn run(folder: &Path, arguments: &[&str], exits: &[i32]) -> Output {
    checked(trilemma(folder, arguments), exits)
}

/// Runs a command line as a shell would, in a folder.
pub(crate) fn typed(folder: &Path, line: &str, exits: &[i32]) -> Output {
    let mut command = Command::new("/bin/sh");
    let program = Path::new(env!("CARGO_BIN_EXE_trilemma")).parent().unwrap();
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", program)
        .env("SIM_KEY", "sk-simulated-0123456789")
        .args(["-c", line]);
    checked(command, exits)
}

fn checked(mut command: Command, exits: &[i32]) -> Output {
    let output = command.output().unwrap();
    let code = output.status.code().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(exits.contains(&code), "{command:?}: {code}\n{out}\n{err}");
    assert!(!err.contains("panicked"), "{err}");
    output
}

/// What a command printed as JSON.
pub(crate) fn value(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The command that was named at the end.
pub(crate) fn next(output: &Output) -> String {
    let err = text(&output.stderr);
    let last = err.lines().last().unwrap_or_default();
    assert!(last.starts_with("Next: "), "{err}");
    last.trim_start_matches("Next: ").to_owned()
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
