//! Calls that all fail: the exit code says so, and so do words that help.

use fs_err as fs;

use crate::desk::{project, run, text};

#[test]
fn an_endpoint_that_is_not_there_is_told_in_its_own_words() {
    let (folder, _served) = project(5, &["a"]);
    let file = folder.path().join("trilemma.toml");
    let old = fs::read_to_string(&file).unwrap();
    let start = old.find("base_url = \"").unwrap();
    let end = start + old[start..].find('\n').unwrap();
    // Nobody listens on port 1.
    let gone = format!(
        "{}base_url = \"http://127.0.0.1:1/v1\"{}",
        &old[..start],
        &old[end..]
    );
    fs::write(&file, gone.replace("concurrency = 20", "max_attempts = 1")).unwrap();
    for command in ["bench", "select"] {
        let output = run(folder.path(), &[command], &[4]);
        let said = text(&output.stderr);
        assert!(said.contains("`a`: "), "{said}");
        assert!(said.contains("without an answer, such as "), "{said}");
        assert!(said.contains("refused"), "{said}");
    }
}

#[test]
fn one_item_and_one_candidate_are_enough_to_say_that_they_are_few() {
    let (folder, _served) = project(1, &["a"]);
    let golden = folder.path().join("golden.jsonl");
    fs::write(
        &golden,
        "{\"id\": \"ünï/😀 1\", \"input\": \"x\", \"expected\": \"x\"}\n",
    )
    .unwrap();
    let output = run(folder.path(), &["select"], &[0, 3]);
    let shown = text(&output.stdout);
    assert!(shown.contains("1 item is few"), "{shown}");
}
