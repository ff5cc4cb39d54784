//! Reading the vectors.

use std::io::Write as _;
use std::path::PathBuf;

use rust_decimal::Decimal;
use serde_json::Value;

/// The folder of vectors, or `None` after saying that the test is skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "tests find recorded data through the environment"
)]
pub(crate) fn folder() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("TRILEMMA_TEST_DATA") else {
        std::io::stdout()
            .write_all(b"skipped: TRILEMMA_TEST_DATA is not set\n")
            .unwrap();
        return None;
    };
    Some(PathBuf::from(folder).join("cost/vectors"))
}

/// A file of the folder, or `None` after saying that the test is skipped.
pub(crate) fn load(path: &str) -> Option<Value> {
    let path = folder()?.join(path);
    Some(serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap())
}

/// A number of the file as the decimal that stands there; absent = `or`.
pub(crate) fn decimal(value: &Value, or: i64) -> Decimal {
    match value {
        Value::Number(number) => number.to_string().parse().unwrap(),
        Value::String(text) => text.parse().unwrap(),
        _ => Decimal::from(or),
    }
}

pub(crate) fn float(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

pub(crate) fn whole(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is no count"))
}

/// Compares to a relative tolerance.
#[track_caller]
pub(crate) fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1e-12),
        "{what}: {found} != {expected}"
    );
}
