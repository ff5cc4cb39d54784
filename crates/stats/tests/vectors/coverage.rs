use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{list, vectors};

/// Every file of vectors is read by some test here; one that is added without a test fails.
#[test]
fn data_every_file_of_vectors_has_a_test() {
    let Some(manifest) = vectors("_manifest") else {
        return;
    };
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut text = String::new();
    for entry in fs_err::read_dir(sources).unwrap() {
        text.push_str(&fs_err::read_to_string(entry.unwrap().path()).unwrap());
    }
    let named = |file: &str| text.contains(&format!("vectors(\"{file}\")"));
    let files: BTreeSet<String> = crate::support::files();
    let listed: BTreeSet<String> = list(&manifest["files"])
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    assert!(listed.len() >= 20, "{listed:?}");
    assert_eq!(
        files, listed,
        "the manifest lists other files than there are"
    );
    let untested: Vec<&String> = files.iter().filter(|file| !named(file)).collect();
    assert!(untested.is_empty(), "no test reads {untested:?}");
}
