//! YAML, within bounds.
//!
//! In: text. Out: JSON. Aliases are followed as far as their expansion stays small, so that a few lines
//! cannot become gigabytes; keys that are no texts are refused.

use serde_json::Value;

/// Levels of lists and maps, at most.
#[cfg(feature = "yaml")]
const MAX_DEPTH: usize = 64;
/// Values, at most, aliases expanded.
#[cfg(feature = "yaml")]
const MAX_NODES: usize = 2_000_000;
/// Bytes of all texts, at most.
#[cfg(feature = "yaml")]
const MAX_TEXT_BYTES: usize = 128 << 20;

/// Reads one document.
///
/// # Errors
/// What is wrong, on one line, with its line and column.
#[cfg(feature = "yaml")]
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let budget = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        max_nodes: MAX_NODES,
        max_events: MAX_NODES * 2,
        max_total_scalar_bytes: MAX_TEXT_BYTES,
        max_documents: 1,
        max_aliases: 50_000,
    };
    let options = serde_saphyr::options! {
        budget: budget,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().trim().to_owned()
    })
}

/// Without YAML, what is JSON is read.
#[cfg(not(feature = "yaml"))]
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("this build reads no YAML, only JSON: {error}"))
}

#[cfg(all(test, feature = "yaml"))]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn aliases_and_merge_keys_are_followed() {
        let text = "base: &b {type: equals, value: 1}\nlist:\n  - *b\n  - <<: *b\n    value: yes\n";
        let value = parse(text).unwrap();
        assert_eq!(value["list"][0], json!({"type": "equals", "value": 1}));
        assert_eq!(value["list"][1]["type"], "equals");
    }

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, before) in ('b'..='k').zip('a'..) {
            let list = vec![format!("*{before}"); 10].join(", ");
            bomb.push_str(&format!("{name}: &{name} [{list}]\n"));
        }
        parse(&bomb).unwrap_err();
        let deep = "[".repeat(100_000);
        parse(&deep).unwrap_err();
        for text in ["a: [", "\u{0}", "a: b: c", "&a [*a]"] {
            let error = parse(text).unwrap_err();
            assert!(!error.contains('\n') && !error.is_empty(), "{error}");
        }
    }
}
