//! Runs in the formats of other tools, read back by our own importer.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on may panic"
)]

mod support;

use std::path::Path;

use serde_json::Value;
use support::{json, trilemma};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/tests/fixtures");
    folder.join(name).display().to_string()
}

fn import(folder: &Path, file: &str) -> Value {
    let arguments = [
        "--json",
        "--as-of",
        "2026-11-01",
        "import",
        file,
        "--bar",
        "0.3",
    ];
    json(
        &trilemma(folder, &arguments).output().unwrap(),
        &[0, 1, 3, 4],
    )
}

fn export(folder: &Path, format: &str, name: &str) -> String {
    let file = folder.join(name).display().to_string();
    let arguments = [
        "--as-of",
        "2026-11-01",
        "export",
        "--format",
        format,
        "--out",
        &file,
    ];
    let output = trilemma(folder, &arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    file
}

/// Passes, failures and errors by candidate.
fn counts(told: &Value) -> Vec<(String, Value)> {
    let candidates = told["decision"]["candidates"].as_array().unwrap().iter();
    let mut counts: Vec<(String, Value)> = candidates
        .map(|one| {
            (
                one["id"].as_str().unwrap().to_owned(),
                one["counts"].clone(),
            )
        })
        .collect();
    counts.sort_by(|a, b| a.0.cmp(&b.0));
    counts
}

#[test]
fn a_run_survives_the_way_through_promptfoos_shape_and_through_tables() {
    let formats = [
        ("promptfoo", "out.json"),
        ("csv", "out.csv"),
        ("parquet", "out.parquet"),
    ];
    for (format, name) in formats {
        let folder = tempfile::tempdir().unwrap();
        let first = import(folder.path(), &fixture("promptfoo.json"));
        let file = export(folder.path(), format, name);
        let other = tempfile::tempdir().unwrap();
        let second = import(other.path(), &file);
        assert_eq!(counts(&first), counts(&second), "{format}");
        let rates = |told: &Value| {
            let mut rates: Vec<(String, String)> = told["decision"]["candidates"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| (one["id"].to_string(), one["pass_rate"]["value"].to_string()))
                .collect();
            rates.sort();
            rates
        };
        assert_eq!(rates(&first), rates(&second), "{format}");
        // The sums that we write are the sums of the rows.
        let checks = second["checks"].as_array().unwrap();
        assert!(
            checks.iter().all(|check| check["agrees"] == true),
            "{checks:?}"
        );
        assert_eq!(checks.is_empty(), format != "promptfoo");
    }
}

#[test]
fn models_that_meet_the_requirements_become_a_list() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), &fixture("promptfoo.json"));
    let file = export(folder.path(), "litellm", "models.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    let expected = "  - model_name: \"openai:chat:gpt-4o-2024-08-06\"\n    litellm_params:\n      model: \"openai/gpt-4o-2024-08-06\"\n      api_key: \"os.environ/OPENAI_API_KEY\"\n";
    assert!(text.contains(expected), "{text}");
    // Below the bar of 0.9 nobody is recommended, and nothing is written.
    let project = folder.path().join("trilemma.toml");
    let changed = std::fs::read_to_string(&project)
        .unwrap()
        .replace("min = 0.3", "min = 0.999");
    std::fs::write(&project, changed).unwrap();
    let file = folder.path().join("none.yaml");
    let arguments = [
        "export",
        "--format",
        "litellm",
        "--out",
        &file.display().to_string(),
    ];
    let output = trilemma(folder.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!file.exists());
}
