//! What ranks candidates is said by the project, overridden by the call, and recorded.

use crate::desk::{append, project, run, text, value};

#[test]
fn the_project_says_what_ranks_and_the_call_may_differ() {
    let (folder, _served) = project(40, &["a", "b"]);
    run(folder.path(), &["bench"], &[0]);
    let ranked_by = |arguments: &[&str]| {
        let decision = value(&run(folder.path(), arguments, &[0, 3]));
        decision["preference"].as_str().unwrap().to_owned()
    };
    assert_eq!(ranked_by(&["decide", "--json"]), "cost_per_accepted");
    append(folder.path(), "[preference]\nrank_by = \"latency\"");
    assert_eq!(ranked_by(&["decide", "--json"]), "latency");
    let overridden = ["decide", "--json", "--prefer", "pass_rate"];
    assert_eq!(ranked_by(&overridden), "pass_rate");
    let shown = text(&run(folder.path(), &["decide"], &[0, 3]).stdout);
    assert!(
        shown
            .replace('\n', " ")
            .contains("Ranked by: lowest median response time"),
        "{shown}"
    );
}

#[test]
fn a_wrong_word_is_told() {
    let (folder, _served) = project(5, &["a"]);
    append(
        folder.path(),
        "[preference]\nrank_by = \"pass-rate\"\nby = 1",
    );
    let said = text(&run(folder.path(), &["check"], &[2]).stderr);
    assert!(said.contains("did you mean `pass_rate`?"), "{said}");
    assert!(said.contains("`preference.by`: unknown key"), "{said}");
}
