//! Parts of a golden set are measured and decided apart, and every figure says which part it is of.

use std::collections::BTreeSet;

use crate::desk::{append, next, project, run, text, value};

#[test]
fn a_run_on_one_side_calls_nobody_for_the_other() {
    let (folder, served) = project(60, &["a"]);
    let sides = value(&run(folder.path(), &["golden", "split", "--json"], &[0]));
    let n_holdout = sides["holdout"].as_array().unwrap().len();
    assert!((1..60).contains(&n_holdout));

    let planned = run(folder.path(), &["check", "--split", "holdout"], &[0]);
    assert!(next(&planned).contains("select --split holdout"));
    run(folder.path(), &["bench", "--split", "holdout"], &[0]);
    assert_eq!(served.log.n_ended(), n_holdout as u64);

    let decision = value(&run(folder.path(), &["decide", "--json"], &[0, 3]));
    assert_eq!(decision["provenance"]["split"], "holdout");
    assert_eq!(decision["sample"]["n_items"], n_holdout);
    let shown = text(&run(folder.path(), &["decide"], &[0, 3]).stdout).replace('\n', " ");
    assert!(shown.contains("its part `holdout` only"), "{shown}");

    // Another side and the whole set are runs of their own; what is known is replayed.
    run(folder.path(), &["bench", "--split", "dev"], &[0]);
    assert_eq!(served.log.n_ended(), 60);
    run(folder.path(), &["bench"], &[0]);
    assert_eq!(served.log.n_ended(), 60);
    let whole = value(&run(folder.path(), &["decide", "--json"], &[0, 3]));
    assert!(whole["provenance"].get("split").is_none());
    assert_eq!(whole["sample"]["n_items"], 60);
}

#[test]
fn a_run_of_all_items_is_decided_on_either_side() {
    let (folder, _served) = project(60, &["a"]);
    append(folder.path(), "");
    run(folder.path(), &["bench"], &[0]);
    let sides = value(&run(folder.path(), &["golden", "split", "--json"], &[0]));
    let mut n_passed = 0;
    let mut disagreeing = BTreeSet::new();
    for side in ["dev", "holdout"] {
        let arguments = ["decide", "--json", "--split", side];
        let decision = value(&run(folder.path(), &arguments, &[0, 3]));
        let items = sides[side].as_array().unwrap();
        assert_eq!(decision["sample"]["n_items"], items.len());
        assert_eq!(decision["provenance"]["split"], side);
        let counts = &decision["candidates"][0]["counts"];
        assert_eq!(counts["n_answered"], items.len());
        // Of the items `i0`, `i7`, `i14` … another answer is expected.
        let right = items.iter().filter(|id| {
            let number: u64 = id
                .as_str()
                .unwrap()
                .trim_start_matches('i')
                .parse()
                .unwrap();
            !number.is_multiple_of(7)
        });
        assert_eq!(counts["n_passed"], right.count());
        n_passed += counts["n_passed"].as_u64().unwrap();
        disagreeing.insert(decision["provenance"]["golden"].to_string());
    }
    assert_eq!(n_passed, 60 - 9);
    // The report embeds the items of that side only.
    let out = folder.path().join("part.html");
    let place = out.to_str().unwrap();
    let arguments = ["report", "--split", "dev", "--with-content", "--out", place];
    run(folder.path(), &arguments, &[0]);
    let html = fs_err::read_to_string(&out).unwrap();
    for (side, is_there) in [("dev", true), ("holdout", false)] {
        let id = sides[side][0].as_str().unwrap();
        assert_eq!(html.contains(&format!("\"{id}\"")), is_there, "{side} {id}");
    }
}

#[test]
fn an_empty_side_and_a_side_that_was_not_measured_are_told() {
    let (folder, served) = project(10, &["a"]);
    run(folder.path(), &["bench", "--split", "dev"], &[0]);
    let other = run(folder.path(), &["decide", "--split", "holdout"], &[2]);
    let said = text(&other.stderr);
    assert!(
        said.contains("failed to find an item of `holdout` in run"),
        "{said}"
    );

    let file = folder.path().join("trilemma.toml");
    let old = fs_err::read_to_string(&file).unwrap();
    let new = old.replace("[task]\n", "[task]\nholdout_share = 0\n");
    fs_err::write(&file, new).unwrap();
    let n_before = served.log.n_ended();
    let empty = run(folder.path(), &["select", "--split", "holdout"], &[2]);
    let said = text(&empty.stderr);
    assert!(said.contains("all 10 are on the other side"), "{said}");
    assert_eq!(served.log.n_ended(), n_before);
}
