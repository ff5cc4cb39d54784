//! What is printed keeps to the width of the terminal, where one is known.

use crate::desk::{project, run, text, typed};

#[test]
fn plans_verdicts_and_differences_fit_80_columns() {
    let (folder, _served) = project(60, &["a-model-with-a-name", "b"]);
    run(folder.path(), &["bench"], &[0]);
    run(folder.path(), &["bench", "--fresh"], &[0]);
    for command in ["check", "decide", "runs diff", "golden lint"] {
        let output = typed(
            folder.path(),
            &format!("COLUMNS=80 trilemma {command}"),
            &[0, 3],
        );
        let shown = text(&output.stdout);
        let wide = shown.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{command}");
    }
}
