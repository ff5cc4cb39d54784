//! Small makers of items for the tests of this crate.

use trilemma_domain::{Expected, Input, Item};

/// An item with a text input and, unless empty, an expected text.
pub(crate) fn item(id: &str, input: &str, expected: &str) -> Item {
    Item {
        expected: (!expected.is_empty()).then(|| Expected::Text(expected.to_owned())),
        ..Item::new(id, Input::Text(input.to_owned()))
    }
}
