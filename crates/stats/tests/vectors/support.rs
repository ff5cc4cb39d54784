//! Reading the vectors and comparing with them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

/// Relative tolerance of closed formulas.
pub(crate) const CLOSED: f64 = 1e-9;
/// Relative tolerance of iterated ones, in both programs.
pub(crate) const ITERATED: f64 = 1e-7;

/// Reads one file of vectors; `None` (said aloud) without the data folder.
pub(crate) fn vectors(name: &str) -> Option<Value> {
    let Some(folder) = folder() else {
        println!("skipped: TRILEMMA_TEST_DATA is not set");
        return None;
    };
    let path = folder.join(format!("{name}.json"));
    let text = fs_err::read_to_string(path).expect("vectors are readable");
    Some(serde_json::from_str(&text).expect("vectors are JSON"))
}

/// Names of all files of vectors, without the manifest.
pub(crate) fn files() -> BTreeSet<String> {
    let entries = folder().map(|folder| fs_err::read_dir(folder).expect("vectors are listed"));
    entries
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("vectors are listed").file_name())
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".json")?.to_owned()))
        .filter(|name| !name.starts_with('_'))
        .collect()
}

fn folder() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests find their data through the environment"
    )]
    let root = std::env::var_os("TRILEMMA_TEST_DATA")?;
    Some(PathBuf::from(root).join("statistics/vectors"))
}

/// Compares with a tolerance relative to the expected value, absolute below 1.
pub(crate) fn close(got: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = number(expected);
    let allowed = tolerance * expected.abs().max(1e-3);
    assert!(
        (got - expected).abs() <= allowed,
        "{what}: {got}, expected {expected}"
    );
}

/// Compares both ends of an interval.
pub(crate) fn close_interval(got: (f64, f64), expected: &Value, tolerance: f64, what: &str) {
    close(got.0, &expected[0], tolerance, &format!("{what}, low"));
    close(got.1, &expected[1], tolerance, &format!("{what}, high"));
}

pub(crate) fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is not a number"))
}

pub(crate) fn count(value: &Value) -> usize {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is not a count")) as usize
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is not a list"))
}
