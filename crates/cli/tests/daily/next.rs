//! The command named at the end works when it is typed, wherever one stands.

use fs_err as fs;

use crate::desk::{next, project, run, text, typed};

#[test]
fn next_commands_can_be_typed_from_elsewhere() {
    let (folder, _served) = project(60, &["a"]);
    let elsewhere = tempfile::tempdir().unwrap();
    // A path that a shell would take apart.
    let place = elsewhere.path().join("it's a project");
    fs::create_dir(&place).unwrap();
    for name in ["trilemma.toml", "golden.jsonl"] {
        fs::copy(folder.path().join(name), place.join(name)).unwrap();
    }
    let mut line =
        "trilemma check -p \"it's a project/trilemma.toml\" --as-of 2026-11-23".to_owned();
    for wanted in ["select", "report"] {
        let output = typed(elsewhere.path(), &line, &[0, 3]);
        line = next(&output);
        assert!(line.starts_with(&format!("trilemma {wanted}")), "{line}");
        assert!(line.contains("--as-of 2026-11-23"), "{line}");
    }
    typed(elsewhere.path(), &line, &[0]);
    assert!(elsewhere.path().join("report.html").exists(), "{line}");
}

#[test]
fn every_step_names_the_next_with_the_project() {
    let (folder, _served) = project(40, &["a"]);
    let file = folder.path().join("trilemma.toml").display().to_string();
    let steps: [(&[&str], &str); 8] = [
        (&["golden", "lint"], "check"),
        (&["golden", "split"], "golden split --out DIR"),
        (&["check"], "select"),
        (&["bench"], "decide"),
        (&["decide"], "report"),
        (&["report"], "report --out report.html"),
        (&["runs", "list"], "runs show"),
        (&["select"], "report --with-content --out report.html"),
    ];
    for (arguments, wanted) in steps {
        let said = next(&run(folder.path(), arguments, &[0, 3]));
        let start = format!("trilemma {wanted}");
        assert!(said.starts_with(&start), "{arguments:?}: {said}");
        assert!(
            said.ends_with(&format!(" -p {file}")),
            "{arguments:?}: {said}"
        );
    }
    let runs = run(folder.path(), &["runs", "list"], &[0]);
    let line = next(&runs);
    let shown = text(&typed(folder.path(), &line, &[0]).stdout);
    assert!(shown.contains("candidates a"), "{shown}");
}
