//! Small makers of items for the tests of this crate.

use serde_json::Map;
use trilemma_domain::{Expected, Input, Item};

/// An item with a text input and, unless empty, an expected text.
pub(crate) fn item(id: &str, input: &str, expected: &str) -> Item {
    Item {
        id: id.into(),
        input: Input::Text(input.to_owned()),
        expected: (!expected.is_empty()).then(|| Expected::Text(expected.to_owned())),
        criteria: Vec::new(),
        tags: Vec::new(),
        cluster: None,
        difficulty: None,
        weight: 1.0,
        tools: Vec::new(),
        metadata: Map::new(),
    }
}
