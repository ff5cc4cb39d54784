//! An adaptive run calls fewer, goes on where it was, and is decided on for what it measured in full.

use crate::desk::{project, run, value};

#[test]
fn a_race_saves_calls_and_is_resumed_without_any() {
    let (folder, served) = project(200, &["a", "b", "c"]);
    let first = value(&run(
        folder.path(),
        &["bench", "--adaptive", "--json"],
        &[0],
    ));
    let calls = served.log.n_ended();
    assert_eq!(first["n_answered"], calls, "{first}");
    assert!((200..600).contains(&calls), "{calls} of 600");
    assert_eq!(first["race"]["mode"], "calibrated");
    assert_eq!(first["race"]["guarantee"]["kind"], "calibrated");
    assert_eq!(first["race"]["n_all"], 600);
    assert_eq!(first["n_open"], 0);

    // The race is derived again from the record: the same choice, and nobody is called.
    let again = value(&run(
        folder.path(),
        &["bench", "--adaptive", "--json"],
        &[0],
    ));
    assert_eq!(served.log.n_ended(), calls);
    assert_eq!(again["race"], first["race"]);

    // Only who was measured in full is decided on, and the decision says so.
    let decision = value(&run(folder.path(), &["decide", "--json"], &[0, 1, 3]));
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 1);
    let warnings = decision["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|one| one["code"] == "adaptive_run"));

    // A plain run is another one; what is known is replayed.
    run(folder.path(), &["bench"], &[0]);
    assert_eq!(served.log.n_ended(), 600);
    let decision = value(&run(folder.path(), &["decide", "--json"], &[0, 1, 3]));
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 3);
}

#[test]
fn a_certified_race_says_what_it_certifies() {
    let (folder, _served) = project(100, &["a", "b"]);
    let arguments = ["bench", "--adaptive=certified", "--json"];
    let summary = value(&run(folder.path(), &arguments, &[0]));
    let guarantee = &summary["race"]["guarantee"];
    assert_eq!(guarantee["kind"], "certified", "{summary}");
    assert_eq!(guarantee["population"]["finite"], 100);
}
