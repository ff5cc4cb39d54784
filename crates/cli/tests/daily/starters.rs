//! Items that `init` made up are told apart from a golden set, before a run and after it.

use fs_err as fs;

use crate::desk::{project, run, text, value};

#[test]
fn starter_items_are_told_until_they_are_replaced() {
    let (folder, _served) = project(4, &["a"]);
    let golden = folder.path().join("golden.jsonl");
    let own = fs::read_to_string(&golden).unwrap();
    let made_up =
        "{\"id\": \"s\", \"input\": \"x\", \"expected\": \"x\", \"tags\": [\"starter\"]}\n";
    fs::write(&golden, format!("{own}{made_up}")).unwrap();
    let said = text(&run(folder.path(), &["check"], &[0]).stdout);
    assert!(said.contains("1 of 5 items are made up"), "{said}");

    run(folder.path(), &["bench"], &[0]);
    let decision = value(&run(folder.path(), &["decide", "--json"], &[0, 3]));
    let codes: Vec<&str> = decision["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|warning| warning["code"].as_str())
        .collect();
    assert!(codes.contains(&"starter_items"), "{codes:?}");

    fs::write(&golden, own).unwrap();
    let said = text(&run(folder.path(), &["check"], &[0]).stdout);
    assert!(!said.contains("made up"), "{said}");
}
