//! What tests of commands that call nobody share: the program in a folder, and schemas.

#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "every test binary uses a part of this; a test that cannot go on may panic"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::Value;

/// The day that all these tests hold for.
pub(crate) const TODAY: &str = "2026-11-23";

/// Runs the program in a folder, with an empty environment, on a fixed day.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    run_wide(folder, arguments, None)
}

/// Runs the program as if the terminal had this many columns.
pub(crate) fn run_wide(folder: &Path, arguments: &[&str], columns: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilemma"));
    command.current_dir(folder).env_clear().args(arguments);
    if !arguments.contains(&"--as-of") {
        command.args(["--as-of", TODAY]);
    }
    if let Some(columns) = columns {
        command.env("COLUMNS", columns);
    }
    command.output().unwrap()
}

/// What it wrote to standard output; its exit code must be this one.
pub(crate) fn stdout(output: &Output, exit: i32) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(exit), "{out}\n{err}");
    assert!(!err.contains("panicked"), "{err}");
    out
}

/// What it wrote to standard error; its exit code must be this one.
pub(crate) fn stderr(output: &Output, exit: i32) -> String {
    stdout(output, exit);
    text(&output.stderr)
}

/// What it printed as JSON; its exit code must be this one.
pub(crate) fn value(output: &Output, exit: i32) -> Value {
    let out = stdout(output, exit);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

/// That nothing in a text can drive a terminal.
pub(crate) fn assert_printable(text: &str) {
    let bad = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(bad, None, "{text:?}");
}

/// That an instance fits a schema of the program.
pub(crate) fn assert_fits(schema: &str, instance: &Value) {
    let problems = misfits(schema, instance);
    assert!(problems.is_empty(), "{schema}: {problems:#?}\n{instance:#}");
}

/// What a schema of the program says against an instance.
pub(crate) fn misfits(schema: &str, instance: &Value) -> Vec<String> {
    validator(schema)
        .iter_errors(instance)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// The schema as the program prints it, read once.
fn validator(name: &str) -> Arc<Validator> {
    static KNOWN: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = known.entry(name.to_owned()).or_insert_with(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let schema = value(&run(here, &["schema", name]), 0);
        Arc::new(jsonschema::draft202012::new(&schema).unwrap())
    });
    validator.clone()
}

/// A TOML file as the JSON that it stands for.
pub(crate) fn toml_value(path: &Path) -> Value {
    let text = fs_err::read_to_string(path).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    serde_json::to_value(table).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with a project and an imported run; `more` is appended to the project.
pub(crate) fn imported(rows: &str, more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("rows.jsonl"), rows).unwrap();
    let done = run(folder.path(), &["import", "rows.jsonl", "--bar", "0.1"]);
    assert!(done.status.code().is_some_and(|code| code != 2), "{done:?}");
    append(folder.path(), more);
    folder
}

/// Adds to a folder's project.
pub(crate) fn append(folder: &Path, more: &str) {
    let path = folder.join("trilemma.toml");
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, format!("{text}\n{more}")).unwrap();
}
