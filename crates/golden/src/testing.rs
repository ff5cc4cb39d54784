//! What the tests of this crate share: a maker of items, and the way to real data.

use std::path::PathBuf;

use trilemma_domain::{Expected, Input, Item};

/// An item with a text input and, unless empty, an expected text.
pub(crate) fn item(id: &str, input: &str, expected: &str) -> Item {
    Item {
        expected: (!expected.is_empty()).then(|| Expected::Text(expected.to_owned())),
        ..Item::new(id, Input::Text(input.to_owned()))
    }
}

/// A file of the real data; `None`, and a line that says so, where there is none.
#[expect(
    clippy::disallowed_methods,
    reason = "tests find their data by this variable"
)]
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TRILEMMA_TEST_DATA");
    if folder.is_none() {
        eprintln!("skipped: TRILEMMA_TEST_DATA is not set");
    }
    Some(PathBuf::from(folder?).join(name))
}
